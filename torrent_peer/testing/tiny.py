"""Small torrents with their content, the same on every machine and every run.

torrent, content = tiny_torrent(100_000, piece_length=32 * 1024)
place_content(torrent, content, seed_directory)  # now a session finds it complete there
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent

TINY_SIZE: Final = 100_000
"""Bytes: some pieces, the last one short, its last block shorter still."""
TINY_PIECE_LENGTH: Final = 32 * 1024
"""Bytes: two blocks."""


def tiny_torrent(
    size: int = TINY_SIZE,
    piece_length: int = TINY_PIECE_LENGTH,
    *,
    files: Mapping[str, int] | None = None,
    padding: bool = False,
    seed: int = 0,
    name: str = "tiny",
    private: bool = False,
    trackers: Sequence[Sequence[str]] = (),
) -> tuple[Torrent, bytes]:
    """A torrent and its content, files laid end to end (padding included) as BEP 3 counts pieces.

    One file called `name` of `size` bytes; or, with `files`, a folder `name` with files of these lengths by path
    (`{"a.txt": 10, "more/b.bin": 70_000}`), each begun on a piece with `padding`; `size` does not count then. Another
    `seed` gives other bytes. Raises TorrentError for what no torrent can hold.
    """
    dice = random.Random(seed)
    made = dice.randbytes(size) if files is None else {path: dice.randbytes(length) for path, length in files.items()}
    torrent = parse_torrent(
        create_torrent(name, made, piece_length=piece_length, padding=padding, private=private, trackers=trackers)
    )
    if isinstance(made, bytes):
        return torrent, made
    real = iter(made.values())
    return torrent, b"".join(bytes(file.length) if file.padding else next(real) for file in torrent.files)


def place_content(torrent: Torrent, content: bytes, directory: Path) -> Path:
    """Write the torrent's files below `directory`, where a session looks for them; returns `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    for file in torrent.files:
        if not file.padding:
            path = directory / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content[file.offset : file.offset + file.length])
    return directory


def read_content(torrent: Torrent, directory: Path) -> bytes:
    """What the torrent's files below `directory` hold, laid end to end. Raises OSError when one is not there."""
    return b"".join(
        bytes(file.length) if file.padding else (directory / file.path).read_bytes() for file in torrent.files
    )
