"""The torrent that every client is asked to seed: several files, a short last piece, an odd last block."""

import hashlib
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libtorrent as lt
from attrs import frozen

NAME = "interop sample"
PIECE_LENGTH = 64 * 1024
FILES = {
    "first.bin": 1_500_000,
    "nested/deep/second.bin": 777_777,
    "nested/note.txt": 33,
    "third.bin": 1_000_003,
}


@frozen
class Sample:
    """Content on disk and the info dictionary that describes it (bencoded), made by nothing of torrent_peer."""

    root: Path
    """The directory that holds the torrent's own folder."""
    info: bytes
    digests: dict[str, str]
    """SHA-256 of each file, by its path inside the torrent's folder."""
    total_length: int
    """Bytes of content."""

    @property
    def info_hash(self) -> bytes:
        """SHA-1 of the info dictionary."""
        return hashlib.sha1(self.info).digest()

    @property
    def blocks(self) -> int:
        """Blocks of 16 KiB, the last one shorter."""
        return -(-self.total_length // 16_384)

    def write_torrent(self, path: Path, *, announce: str) -> Path:
        """Write a .torrent with this one tracker."""
        announce_text = announce.encode()
        path.write_bytes(b"d8:announce%d:%s4:info%se" % (len(announce_text), announce_text, self.info))
        return path

    def copy_to(self, root: Path) -> Path:
        """Copy the content below `root`, for a client that may write to what it seeds; returns `root`."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return root


def make_sample(root: Path, *, files: Mapping[str, int] = FILES, piece_length: int = PIECE_LENGTH) -> Sample:
    """Write the content below `root`, the same on every run; `files`: path → bytes."""
    dice = random.Random(20)
    content = bytearray()
    digests: dict[str, str] = {}
    for name, length in files.items():
        data = dice.randbytes(length)
        path = root / NAME / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        content += data
        digests[name] = hashlib.sha256(data).hexdigest()
    hashes = b"".join(
        hashlib.sha1(content[begin : begin + piece_length]).digest() for begin in range(0, len(content), piece_length)
    )
    info: dict[bytes, Any] = {
        b"files": [{b"length": length, b"path": name.encode().split(b"/")} for name, length in files.items()],
        b"name": NAME.encode(),
        b"piece length": piece_length,
        b"pieces": hashes,
    }
    return Sample(root=root, info=bytes(lt.bencode(info)), digests=digests, total_length=len(content))


def digests_below(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder`, by its relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
