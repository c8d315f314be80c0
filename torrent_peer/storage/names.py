"""Which names may be used below the output directory, and what our own files there are called."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import frozen
from torrent_peer.storage.errors import Kind, StorageError

NAME_LIMIT: Final = 255
"""Bytes in a file name; NAME_MAX of Linux file systems."""
RECORD_SUFFIX: Final = ".torrent-peer"
PART_SUFFIX: Final = ".torrent-peer.part"
NEW_SUFFIX: Final = ".torrent-peer.new"
_OURS: Final = re.compile(r"\..*\.torrent-peer(\.part|\.new)?", re.DOTALL)

Parts = tuple[str, ...]
"""A path below the output directory, component by component."""


@frozen
class HiddenNames:
    """The names of our own files beside the data of one torrent."""

    record: str
    """The resume record."""
    part: str
    """Bytes of files nobody wants that share a piece with one that is wanted."""
    new: str
    """A record being written."""

    @classmethod
    def of(cls, name: str, info_hash: InfoHash) -> "HiddenNames":
        """For data called `name`; a long name is cut and told apart by the info-hash."""
        room = NAME_LIMIT - 1 - len(PART_SUFFIX)
        raw = name.encode("utf-8", "surrogateescape")
        if len(raw) > room:
            tail = f"~{info_hash.hex()[:16]}"
            name = raw[: room - len(tail)].decode("utf-8", "ignore") + tail
        return cls(f".{name}{RECORD_SUFFIX}", f".{name}{PART_SUFFIX}", f".{name}{NEW_SUFFIX}")


def safe_parts(parts: Sequence[str], root: Path) -> Parts:
    """`parts` as they are if they can only name something below `root`; raises StorageError(CONFLICT).

    The torrent's reader has judged its names already. This is the second door: the names are judged again where they
    become paths. A torrent may not name our own files either: it could forge another torrent's record.
    """
    refused = not parts or any(part in ("", ".", "..") or "/" in part or "\0" in part for part in parts)
    if refused or _OURS.fullmatch(parts[0]):
        shown = "/".join(parts)
        raise StorageError(Kind.CONFLICT, root, f"refusing to use {shown!r} as a file name below {root}")
    return tuple(parts)
