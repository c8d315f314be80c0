"""Names a torrent gives its files, made into paths that are safe on every system and always the same.

The rule, component by component:

1. separators, characters Windows forbids (`< > : " / \\ | ? *`), control characters, line separators and marks that
   turn the writing direction become `_` (as in Transmission 4; `a:b` would be a hidden stream on NTFS);
2. dots and blanks at the end are dropped (Windows drops them); what is empty then (`..`, `.`, nothing at all) is `_`;
3. a device name (`CON`, `nul.txt`, `LPT1 .x`) gets a `_` in front;
4. more than 255 bytes of UTF-8 are cut in front of the extension.

Then file by file, in the torrent's order: a name already taken in its folder gets `.1`, `.2` … in front of its
extension (as in libtorrent). Names are the same if they are canonically equivalent or differ only in case, as on macOS
and Windows; folders that are the same are one folder; a file and a folder are never the same.

These are pure functions: the system they run on does not matter, the disk is not looked at.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

from attrs import Factory

from torrent_peer.core.values import define
from torrent_peer.metainfo.errors import TorrentError

MAX_COMPONENT: Final = 255
"""Bytes of UTF-8 in one name: NAME_MAX of every common file system."""
MAX_DEPTH: Final = 64
"""Folders inside each other; nobody needs more, and PATH_MAX allows few of any length."""
MAX_PATH: Final = 2048
"""Bytes of UTF-8 in a whole path: half of PATH_MAX, the rest is for where the user puts it."""
_NUMBERED: Final = 240
"""Bytes of a name that gets a number; the rest is for the number."""
_ENDS: Final = 1024
"""Characters at either end of a name that can leave a trace in 255 bytes."""
_MAX_EXTENSION: Final = 32
"""Bytes; what follows a dot and is longer is no extension."""

_FORBIDDEN: Final = re.compile(
    '[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]'
)
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE
)


def safe_component(name: str) -> str:
    """`name` as the name of one file or folder; the rule is above. Never empty, never `.` or `..`."""
    if len(name) > 2 * _ENDS:  # a name of megabytes: only its ends matter
        name = name[:_ENDS] + name[-_ENDS:]
    return _safe(name)


@lru_cache(maxsize=1024)  # folders come again and again
def _safe(name: str) -> str:
    name = _shortened(_FORBIDDEN.sub("_", name).rstrip(". "), MAX_COMPONENT) or "_"
    return _shortened("_" + name, MAX_COMPONENT) if _DEVICE.match(name) else name


def same_name(name: str) -> str:
    """What names have in common that some file system takes for the same (Unicode's canonical caseless match)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


@define
class _Folder:
    """Names given out inside one folder."""

    taken: set[str] = Factory(set)
    folders: dict[str, tuple[str, "_Folder"]] = Factory(dict)
    numbers: dict[str, int] = Factory(dict)
    """The last number given to each name, so that a million equal names cost a million steps."""

    def file(self, name: str) -> str:
        """A name for a file, `name` itself if nobody has it."""
        chosen, same = name, same_name(name)
        if same in self.taken:
            stem, dot, extension = _split(_shortened(name, _NUMBERED))
            family = same_name(stem + dot + extension)
            while same in self.taken:
                number = self.numbers[family] = self.numbers.get(family, 0) + 1
                chosen = safe_component(f"{stem}.{number}{dot}{extension}")
                same = same_name(chosen)
        self.taken.add(same)
        return chosen

    def folder(self, name: str) -> tuple[str, "_Folder"]:
        """The folder called `name`, or called like it, and how it is spelt."""
        same = same_name(name)
        if same not in self.folders:
            self.folders[same] = (self.file(name), _Folder())
        return self.folders[same]


def safe_paths(paths: Iterable[tuple[str, ...]]) -> list[PurePosixPath]:
    """A relative path for each of `paths` (components as the torrent has them), all different, in the same order.

    Raises TorrentError for a path of no components, or one too deep or too long for a disk.
    """
    root = _Folder()
    safe = []
    for components in paths:
        if not 0 < len(components) <= MAX_DEPTH:
            raise TorrentError(f"a file's path has {len(components)} components; 1 to {MAX_DEPTH} can be used")
        folder, names = root, []
        for component in components[:-1]:
            name, folder = folder.folder(safe_component(component))
            names.append(name)
        names.append(folder.file(safe_component(components[-1])))
        path = "/".join(names)
        if len(path.encode()) > MAX_PATH:
            raise TorrentError(f"a file's path is {len(path.encode())} bytes long; at most {MAX_PATH} can be used")
        safe.append(PurePosixPath(path))
    return safe


def _split(name: str) -> tuple[str, str, str]:
    """Stem, dot and extension; a dot in front makes a hidden file, not an extension."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_EXTENSION:
        return name, "", ""
    return stem, dot, extension


def _shortened(name: str, most: int) -> str:
    """`name` in at most `most` bytes of UTF-8, its extension kept."""
    if len(name.encode()) <= most:
        return name
    stem, dot, extension = _split(name)
    kept = stem.encode()[: most - len((dot + extension).encode())].decode(errors="ignore")
    return kept.rstrip(". ") + dot + extension
