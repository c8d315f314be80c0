"""`ResumeRecord`: what is known to be on disk, and its form in bytes; any damage makes it no record at all."""

import os
import struct
import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from torrent_peer.core.bencoding import RESUME, BencodeError, Encodable, Value, decode, encode
from torrent_peer.core.ids import InfoHash
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.core.values import frozen
from torrent_peer.metainfo.torrent import Torrent

VERSION: Final = 1
PART: Final = -1
"""Stands for the part file where a position in the torrent's list of files is expected."""
_ROW: Final = struct.Struct(">iQqQ")
"""Position, size, modification time, inode: a row per file, so that 100,000 files are one string, not 400,000 items."""


class Fingerprint(NamedTuple):
    """By which a file that was changed or replaced is told from the one we left."""

    size: int
    """Bytes."""
    mtime_ns: int
    """Time of the last modification, nanoseconds since 1970."""
    inode: int
    """Which file it is, on its file system."""

    @classmethod
    def of(cls, found: os.stat_result) -> "Fingerprint":
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


@frozen(kw_only=True)
class ResumeRecord:
    """One torrent's state at a moment; everything it claims was on disk before it was written."""

    info_hash: InfoHash
    verified: PieceSet
    """Pieces whose hash matched and whose bytes were flushed."""
    files: Mapping[int, Fingerprint]
    """The files that existed in their own place, by position in the torrent's list; `PART` is the part file."""
    wanted: frozenset[int] | None = None
    """The selection, as `TorrentFile.index` counts; `None`: every file."""
    clean: bool = False
    """Whether nothing was being written any more, so that what is not claimed is not there."""
    uploaded: int = 0
    """Bytes of payload sent, in all sessions."""
    downloaded: int = 0
    """Bytes of payload received, in all sessions."""

    def to_bytes(self) -> bytes:
        """A bencoded dictionary of the record and its CRC-32."""
        record: dict[bytes, Encodable] = {
            b"clean": int(self.clean),
            b"downloaded": self.downloaded,
            b"files": b"".join(_ROW.pack(file, *print_) for file, print_ in sorted(self.files.items())),
            b"info-hash": self.info_hash,
            b"uploaded": self.uploaded,
            b"verified": self.verified.to_bitfield(),
            b"version": VERSION,
        }
        if self.wanted is not None:
            record[b"wanted"] = sorted(self.wanted)
        data = encode(dict(sorted(record.items())))
        return encode({b"crc32": zlib.crc32(data), b"record": data})

    @classmethod
    def from_bytes(cls, data: bytes, torrent: Torrent) -> "ResumeRecord | None":
        """The record in `data`; `None` when it is damaged, of another version or another torrent's."""
        try:
            return cls._read(data, torrent)
        except (BencodeError, KeyError, TypeError, ValueError, struct.error):
            return None

    @classmethod
    def _read(cls, data: bytes, torrent: Torrent) -> "ResumeRecord":
        outer = _dictionary(decode(data, limits=RESUME))
        inner = _string(outer[b"record"])
        if zlib.crc32(inner) != outer[b"crc32"]:
            raise ValueError("the checksum does not match")
        record = _dictionary(decode(inner, limits=RESUME))
        if record[b"version"] != VERSION or record[b"info-hash"] != torrent.info_hash:
            raise ValueError("of another version or torrent")
        files = {row[0]: Fingerprint(*row[1:]) for row in _ROW.iter_unpack(_string(record[b"files"]))}
        if not all(PART <= position < len(torrent.files) for position in files):
            raise ValueError("a file the torrent does not have")
        wanted = record.get(b"wanted")
        return cls(
            info_hash=torrent.info_hash,
            verified=PieceSet.from_bitfield(_string(record[b"verified"]), torrent.geometry.piece_count),
            files=files,
            wanted=None if wanted is None else frozenset(_count(index) for index in _list(wanted)),
            clean=record[b"clean"] == 1,
            uploaded=_count(record[b"uploaded"]),
            downloaded=_count(record[b"downloaded"]),
        )


def _dictionary(value: Value) -> dict[bytes, Value]:
    if not isinstance(value, dict):
        raise TypeError("not a dictionary")
    return value


def _string(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not a string")
    return value


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _count(value: Value) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError("not a count")
    return value
