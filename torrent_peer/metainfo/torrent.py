"""`Torrent`: a .torrent file, read and judged.

Whatever the file says was written by a stranger: its size, types, lengths and counts are checked here, its names are
made safe (`paths.py`), its texts printable. What is merely odd is noted in `warnings`.
"""

import hashlib
from typing import Final

from attrs import field

from torrent_peer.core.bencoding import TORRENT, BencodeError, Scan, scan
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import frozen
from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.fields import Fields, kind_of
from torrent_peer.metainfo.files import MAX_SHOWN, TorrentFile, place_files, read_listed
from torrent_peer.metainfo.hybrid import disagreement, is_v2
from torrent_peer.metainfo.paths import safe_component
from torrent_peer.metainfo.text import codec_for, decode_text, printable
from torrent_peer.metainfo.urls import read_trackers, read_web_seeds

__all__ = ["Torrent", "TorrentError", "TorrentFile", "parse_torrent"]

PIECE_HASH_LENGTH: Final = 20
"""Bytes; BEP 3 (SHA-1)."""
MAX_PIECE_LENGTH: Final = 512 * 1024 * 1024
"""Bytes; the limit of libtorrent."""
MAX_PIECES: Final = 2**21
"""The limit of libtorrent: a bitfield of 256 KiB."""
MAX_WARNINGS: Final = 50
"""Warnings kept; a hostile torrent could cause a million."""
_WHAT_WORKS: Final = "only v1 and hybrid torrents can be downloaded for now"
_MAX_TEXT: Final = 4096
"""Characters kept of a comment and the like."""


@frozen(eq=False)
class Torrent:
    """Everything a .torrent file says, fit for use. `parse_torrent` makes it."""

    info_hash: InfoHash
    """SHA-1 of the info dictionary's bytes as they stand in the file."""
    name: str
    """The single file's name or the common folder's, made safe."""
    geometry: Geometry
    piece_hashes: bytes = field(repr=False)
    """20 bytes for each piece."""
    files: tuple[TorrentFile, ...] = field(repr=False)
    """In the order of the content, padding included."""
    is_single_file: bool
    """Whether the content is one file without a folder around it."""
    private: bool
    """Peers may come from the torrent's trackers only (BEP 27)."""
    trackers: tuple[tuple[str, ...], ...]
    """Tiers of announce addresses, as the file has them (BEP 12)."""
    web_seeds: tuple[str, ...]
    """Addresses of HTTP servers that have the content (BEP 19)."""
    comment: str | None
    created_by: str | None
    creation_date: int | None
    """Seconds since 1970, UTC."""
    source: str | None
    """The `source` of the info dictionary, by which private trackers tell their torrents apart."""
    is_hybrid: bool
    """Whether the file describes the content the way of BEP 52, too."""
    warnings: tuple[str, ...]
    """What is odd about the file, one line each."""
    raw: bytes = field(repr=False)
    """The whole .torrent file."""
    info_span: tuple[int, int]
    """Where the info dictionary lies in `raw`."""

    @property
    def info(self) -> bytes:
        """The info dictionary, bencoded as in the file: what BEP 9 sends."""
        return self.raw[slice(*self.info_span)]

    @property
    def content_length(self) -> int:
        """Bytes of content without padding: what the user gets."""
        return sum(file.length for file in self.files if not file.padding)

    def piece_hash(self, piece: int) -> bytes:
        """The SHA-1 of `piece`; raises IndexError outside 0…piece_count-1."""
        if not 0 <= piece < self.geometry.piece_count:
            raise IndexError(f"piece {piece} of {self.geometry.piece_count}")
        return self.piece_hashes[piece * PIECE_HASH_LENGTH : (piece + 1) * PIECE_HASH_LENGTH]


def parse_torrent(data: bytes) -> Torrent:
    """Read a .torrent file; raises TorrentError with one line for the user, whatever the bytes are."""
    warnings: list[str] = []
    found = _scanned(data, warnings)
    torrent = _top(found)
    info = torrent.dictionary("info")
    codec = _codec(torrent)

    _refuse_v2_only(info)
    piece_length = info.integer("piece length", least=1, most=MAX_PIECE_LENGTH)
    listed = read_listed(info, codec)
    name = _name(info, codec, warnings)
    files = place_files(listed, name, warnings)
    geometry = Geometry(files[-1].end, piece_length)
    hashes = _piece_hashes(info, geometry)
    is_hybrid = is_v2(info)
    if is_hybrid and (difference := disagreement(info, listed, piece_length=piece_length)):
        warnings.append(f"the v1 and v2 halves of this hybrid torrent do not agree: {difference}; the v1 half is used")
    start, end = found.spans[b"info"]
    return Torrent(
        info_hash=InfoHash(hashlib.sha1(data[start:end]).digest()),
        name=safe_component(name),
        geometry=geometry,
        piece_hashes=hashes,
        files=files,
        is_single_file=info.get("files") is None,
        private=_is_private(info),
        trackers=read_trackers(torrent, warnings),
        web_seeds=read_web_seeds(torrent, warnings),
        comment=_text(torrent, "comment", codec, warnings),
        created_by=_text(torrent, "created by", codec, warnings),
        creation_date=_date(torrent, warnings),
        source=_text(info, "source", codec, warnings),
        is_hybrid=is_hybrid,
        warnings=_limited(warnings),
        raw=bytes(data),
        info_span=(start, end),
    )


def _scanned(data: bytes, warnings: list[str]) -> Scan:
    """Scan the file; a newline behind it, which editors and old clients leave there, is only worth a warning."""
    try:
        found = scan(data, limits=TORRENT)
    except BencodeError as error:
        looks = data[:64].lstrip().lower()
        if looks.startswith((b"<", b"magnet:")):
            what = "a web page" if looks.startswith(b"<") else "a magnet link"
            raise TorrentError(f"this is not a torrent file, it looks like {what}") from error
        raise TorrentError(f"this is not a torrent file, or a damaged one: {error}") from error
    if behind := len(data) - found.end:
        if data[found.end :].strip(b"\r\n\t \0"):
            raise TorrentError(f"there are {behind} more bytes behind the torrent's end at byte {found.end}")
        warnings.append("there is a blank or newline behind the torrent's end")
    warnings.extend(found.notes)
    return found


def _top(found: Scan) -> Fields:
    try:
        value = found.decode()
    except BencodeError as error:
        raise TorrentError(f"this torrent file cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise TorrentError(f"this is not a torrent file: it holds {kind_of(value)}, not a dictionary")
    return Fields(value)


def _refuse_v2_only(info: Fields) -> None:
    """BEP 52 wants the version judged first, so that a newer torrent is not called a broken one."""
    if not is_v2(info) or info.get("pieces") is not None:
        return
    version = info.get("meta version")
    if isinstance(version, int) and version > 2:
        raise TorrentError(f"this is a torrent of version {version}; {_WHAT_WORKS}")
    raise TorrentError(f"this is a v2-only torrent (BEP 52); {_WHAT_WORKS}")


def _codec(torrent: Fields) -> str | None:
    encoding = torrent.get("encoding")
    return codec_for(encoding) if isinstance(encoding, bytes) else None


def _name(info: Fields, codec: str | None, warnings: list[str]) -> str:
    """The torrent's name as text, not yet made safe."""
    name = decode_text(info.string("name.utf-8" if info.get("name.utf-8") is not None else "name"), codec)
    if safe_component(name) != name:
        warnings.append(f'"{printable(name, most=MAX_SHOWN)}" is saved as "{safe_component(name)}"')
    return name


def _is_private(info: Fields) -> bool:
    """Whether `private` is there and not 0; a value of another type is refused, for a guess could expose the user."""
    return info.get("private") is not None and info.integer("private", least=-(2**63), most=2**63) != 0


def _piece_hashes(info: Fields, geometry: Geometry) -> bytes:
    hashes = info.string("pieces")
    if geometry.piece_count > MAX_PIECES:
        raise TorrentError(f"there are {geometry.piece_count} pieces; at most {MAX_PIECES} can be used", "info.pieces")
    if len(hashes) != geometry.piece_count * PIECE_HASH_LENGTH:
        raise TorrentError(
            f"has {len(hashes)} bytes, but {geometry.total_length} bytes of content in pieces of "
            f"{geometry.piece_length} need {geometry.piece_count} hashes of {PIECE_HASH_LENGTH} bytes",
            "info.pieces",
        )
    return hashes


def _text(fields: Fields, key: str, codec: str | None, warnings: list[str]) -> str | None:
    """A text that is only for display."""
    better = fields.get(f"{key}.utf-8")
    value = better if isinstance(better, bytes) else fields.get(key)
    if value is None:
        return None
    if not isinstance(value, bytes):
        warnings.append(f"{fields.at(key)} should be a string, but is {kind_of(value)}; it is left out")
        return None
    return printable(decode_text(value, codec), most=_MAX_TEXT)


def _date(torrent: Fields, warnings: list[str]) -> int | None:
    value = torrent.get("creation date")
    if value is None or (isinstance(value, int) and 0 <= value < 2**40):
        return value
    warnings.append("creation date is no time of this age; it is left out")
    return None


def _limited(warnings: list[str]) -> tuple[str, ...]:
    different = tuple(dict.fromkeys(warnings))
    if len(different) <= MAX_WARNINGS:
        return different
    return (*different[:MAX_WARNINGS], f"and {len(different) - MAX_WARNINGS} more warnings")
