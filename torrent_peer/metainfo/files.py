"""The files a torrent's info dictionary lists (BEP 3), with padding (BEP 47) and names made safe."""

from pathlib import PurePosixPath
from typing import Final

from torrent_peer.core.values import frozen
from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.fields import Fields
from torrent_peer.metainfo.paths import safe_component, safe_paths
from torrent_peer.metainfo.text import decode_text, printable

MAX_SHOWN: Final = 120
"""Characters of a name shown in a warning."""
MAX_TOTAL_LENGTH: Final = 2**48
"""Bytes, 256 TiB; the limit of libtorrent. Offsets stay far from 64 bits."""


@frozen
class TorrentFile:
    """One file of a torrent's content."""

    index: int
    """Counted from 1 as people do, padding left out; 0 for padding."""
    path: PurePosixPath
    """Where it goes below the output directory, in the torrent's folder if it has one: safe on every system, and
    different from every other file's (padding aside)."""
    length: int
    """Bytes."""
    offset: int
    """Where it begins in the torrent's content, bytes."""
    padding: bool
    """Whether it is only there to fill a piece: zeros, never written to disk (BEP 47)."""
    original: str
    """The name the torrent gives it, made printable and otherwise unchanged."""

    @property
    def end(self) -> int:
        """Offset just behind the file in the torrent's content, bytes."""
        return self.offset + self.length


@frozen
class Listed:
    """A file as the torrent lists it: nothing judged but types and lengths."""

    raw: tuple[bytes, ...]
    """The path's components in the bytes of `path`."""
    names: tuple[str, ...]
    """The same as text, from `path.utf-8` if there is one; both are empty for padding and a single file."""
    length: int
    attributes: bytes

    @property
    def padding(self) -> bool:
        return b"p" in self.attributes

    @property
    def symlink(self) -> bool:
        return b"l" in self.attributes


def read_listed(info: Fields, codec: str | None) -> tuple[Listed, ...]:
    """What `info` lists, in order: the one file of a single-file torrent has no path. Raises TorrentError."""
    if info.get("files") is None:
        return (Listed(raw=(), names=(), length=_length(info), attributes=_attributes(info)),)
    if info.get("length") is not None:
        raise TorrentError("there are both `length` and `files`; it is not clear what the torrent holds", info.path)
    return tuple(_read_one(Fields.of(value, path), codec) for path, value in info.items("files"))


def place_files(listed: tuple[Listed, ...], name: str, warnings: list[str]) -> tuple[TorrentFile, ...]:
    """Lay the listed files end to end and give each a safe path below `name`; raises TorrentError.

    Symbolic links are left out, whatever length they claim: a link could make a later write land anywhere (BEP 47 sets
    no bounds for its target).
    """
    kept = [item for item in listed if not item.symlink]
    if len(kept) < len(listed):
        warnings.append(f"{len(listed) - len(kept)} symbolic links are left out; links are never made")
    real = iter(safe_paths((name, *item.names) for item in kept if not item.padding))
    files, offset, index = [], 0, 0
    for item in kept:
        original = printable("/".join(item.names) or name)
        if item.padding:
            path = PurePosixPath(safe_component(name), ".pad", str(item.length))
        else:
            path = next(real)
            index += 1
            _note_renaming(item, original, path, warnings)
        files.append(
            TorrentFile(
                index=0 if item.padding else index,
                path=path,
                length=item.length,
                offset=offset,
                padding=item.padding,
                original=original,
            )
        )
        offset += item.length
    if offset > MAX_TOTAL_LENGTH:
        raise TorrentError(f"the files have {offset} bytes; at most {MAX_TOTAL_LENGTH} (256 TiB) can be used")
    if index == 0 or not any(item.length for item in files if not item.padding):
        raise TorrentError("the torrent has no content (0 bytes): there is nothing to download")
    return tuple(files)


def _read_one(entry: Fields, codec: str | None) -> Listed:
    attributes = _attributes(entry)
    length = 0 if b"l" in attributes else _length(entry)
    if b"p" in attributes:  # its path says nothing and is never used
        return Listed(raw=(), names=(), length=length, attributes=attributes)
    raw = tuple(entry.strings("path"))
    if not raw:
        raise TorrentError("is empty; a file needs a name", entry.at("path"))
    names = tuple(decode_text(part, codec) for part in raw)
    better = entry.get("path.utf-8")
    if isinstance(better, list) and len(better) == len(raw):
        names = tuple(decode_text(part, codec) for part in entry.strings("path.utf-8"))
    return Listed(raw=raw, names=names, length=length, attributes=attributes)


def _length(entry: Fields) -> int:
    return entry.integer("length", least=0, most=MAX_TOTAL_LENGTH)


def _attributes(entry: Fields) -> bytes:
    return b"" if entry.get("attr") is None else entry.string("attr")


def _note_renaming(item: Listed, original: str, path: PurePosixPath, warnings: list[str]) -> None:
    """Tell the user when a file is not called what the torrent calls it; the torrent's own name is told elsewhere."""
    if item.names and path.parts[1:] != item.names:
        warnings.append(f'"{printable(original, most=MAX_SHOWN)}" is saved as "{"/".join(path.parts[1:])}"')
