"""Small torrents with their content, and a pool of descriptors."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest
from attrs import frozen

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.store import Store

PIECE = 64
"""Bytes in a piece of the samples: small, so that pieces, files and the lines between them all differ."""
TREE = {"a.bin": 150, "sub/b.bin": 10, "sub/empty": 0, "sub/deep/c.bin": 300, "d.bin": 64}
"""Names and lengths; pieces 0-1 are of a alone, 2 of a, b and c, 3-6 of c, 7 of c and d, 8 of d."""


@frozen
class Sample:
    """A torrent and what belongs in its files."""

    torrent: Torrent
    files: Mapping[str, bytes]
    """Content by path below the output directory."""
    raw: bytes
    """The .torrent file."""

    @property
    def data(self) -> bytes:
        """All of the content, padding included."""
        return b"".join(
            bytes(file.length) if file.padding else self.files[str(file.path)] for file in self.torrent.files
        )

    def piece(self, number: int) -> bytes:
        start = self.torrent.geometry.piece_offset(number)
        return self.data[start : start + self.torrent.geometry.piece_size(number)]

    def fill(self, store: Store, pieces: Iterable[int] | None = None) -> PieceSet:
        """Write these pieces (without: all wanted); what was written."""
        chosen = list(store.wanted_pieces() if pieces is None else pieces)
        for number in chosen:
            store.write_piece(number, self.piece(number))
        return PieceSet(self.torrent.geometry.piece_count, chosen)


@pytest.fixture
def make_sample() -> Callable[..., Any]:
    """Makes a `Sample` from names and lengths (or bytes); a single length makes a single-file torrent."""

    def make(
        files: Mapping[str, int | bytes] | int | bytes = TREE,
        *,
        piece_length: int = PIECE,
        padding: bool = False,
        name: str = "sample",
        seed: int = 1,
    ) -> Sample:
        dice = random.Random(seed)

        def content(wish: int | bytes) -> bytes:
            return dice.randbytes(wish) if isinstance(wish, int) else wish

        if isinstance(files, Mapping):
            inside = {path: content(wish) for path, wish in files.items()}
            raw = create_torrent(name, inside, piece_length=piece_length, padding=padding)
            placed = {f"{name}/{path}": data for path, data in inside.items()}
        else:
            placed = {name: content(files)}
            raw = create_torrent(name, placed[name], piece_length=piece_length)
        return Sample(parse_torrent(raw), placed, raw)

    return make


@pytest.fixture
def sample(make_sample: Callable[..., Any]) -> Any:
    """The tree above, without padding."""
    return make_sample()


@pytest.fixture
def pool() -> Iterator[FilePool]:
    with FilePool(8) as pool:
        yield pool
