"""What is transferred: random files and the .torrent that describes them, and whether what came is the same."""

import filecmp
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from bench.processes import BenchError
from bench.units import MIB, size_text

NAME: Final = "bench"
"""What the torrent calls its only file, or the directory of its files."""


@frozen(kw_only=True)
class Content:
    """Files on disk, made by nothing of torrent_peer, and their torrent."""

    root: Path
    """The directory that holds the torrent's own file or directory."""
    torrent: Path
    hashes: Path
    """The SHA-1s of the pieces, one after the other."""
    info_hash: bytes
    length: int
    piece_length: int
    files: int

    def describe(self) -> str:
        """ "2 GiB in pieces of 1 MiB"."""
        files = "" if self.files == 1 else f", {self.files:,} files"
        return f"{size_text(self.length)} in pieces of {size_text(self.piece_length)}{files}"

    def compare(self, folder: Path) -> None:
        """Raise BenchError unless what lies below `folder` is this, byte for byte."""
        for path in _files_below(self.root):
            relative = path.relative_to(self.root)
            try:
                same = filecmp.cmp(path, folder / relative, shallow=False)
            except OSError as error:
                raise BenchError(f"{relative} is not there: {error}") from error
            if not same:
                raise BenchError(f"{relative} is not what was seeded")


def make_content(
    directory: Path, *, length: int, piece_length: int, files: int = 1, announce: str | None = None
) -> Content:
    """Random content of `length` bytes below `directory`, in so many files of equal length."""
    root = directory / "seeded"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    each = length // files
    names = [f"{number // 100:03}/{number:05}.bin" for number in range(files)] if files > 1 else []
    pieces = bytearray()
    hasher, left = hashlib.sha1(), piece_length
    for path in [root / NAME / name for name in names] or [root / NAME]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for begin in range(0, each, MIB):
                data = memoryview(os.urandom(min(MIB, each - begin)))
                file.write(data)
                while data:
                    part, data = data[:left], data[left:]
                    hasher.update(part)
                    left -= len(part)
                    if not left:
                        pieces += hasher.digest()
                        hasher, left = hashlib.sha1(), piece_length
    if left < piece_length:
        pieces += hasher.digest()
    info: dict[str, Any] = {"name": NAME, "piece length": piece_length, "pieces": bytes(pieces)}
    if names:
        info["files"] = [{"length": each, "path": name.split("/")} for name in names]
    else:
        info["length"] = each
    torrent, hashes = directory / "bench.torrent", directory / "bench.hashes"
    torrent.write_bytes(bencoded({**({"announce": announce} if announce else {}), "info": info}))
    hashes.write_bytes(pieces)
    return Content(
        root=root,
        torrent=torrent,
        hashes=hashes,
        info_hash=hashlib.sha1(bencoded(info)).digest(),
        length=each * files,
        piece_length=piece_length,
        files=files,
    )


def bencoded(value: Any) -> bytes:  # noqa: ANN401  # whatever bencoding knows
    """`value` in bencoding; the bench does not use the code it measures."""
    match value:
        case int():
            return b"i%de" % value
        case str():
            return bencoded(value.encode())
        case bytes():
            return b"%d:%s" % (len(value), value)
        case list():
            return b"l" + b"".join(map(bencoded, value)) + b"e"
        case _:
            return b"d" + b"".join(bencoded(key) + bencoded(value[key]) for key in sorted(value)) + b"e"


def empty(folder: Path) -> Path:
    """Make `folder` an empty directory, and let nothing of the last run be written back during the next."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.sync()
    return folder


def _files_below(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file())
