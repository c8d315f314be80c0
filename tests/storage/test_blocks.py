import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from torrent_peer.core.block import Block
from torrent_peer.storage import files
from torrent_peer.storage.blocks import read_blocks, read_cached_blocks
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.store import Store

GAP = 13


@pytest.fixture(params=[False, True], ids=["plain", "padded"])
def full(request: pytest.FixtureRequest, make_sample: Callable[..., Any], tmp_path: Path, pool: FilePool) -> Any:
    """A sample and its store, everything written."""
    sample = make_sample(padding=request.param)
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        sample.fill(store)
        yield sample, store


def some_blocks(sample: Any, dice: Random, count: int) -> Iterator[Block]:
    """Stretches of any length anywhere, many of them one behind the other."""
    geometry, piece, end = sample.torrent.geometry, 0, 0
    for _ in range(count):
        if dice.random() < 0.3 or end >= geometry.piece_size(piece):
            piece = dice.randrange(geometry.piece_count)
            end = dice.randrange(geometry.piece_size(piece))
        length = dice.randint(1, geometry.piece_size(piece) - end)
        yield Block(piece, end, length)
        end += length


@pytest.mark.parametrize("seed", range(20))
def test_every_block_lies_behind_its_gap(full: Any, seed: int) -> None:
    sample, store = full
    blocks = list(some_blocks(sample, Random(seed), 30))
    size = sum(GAP + block.length for block in blocks)
    buffer = bytearray(b"~" * (size + 5))
    read_blocks(store, blocks, memoryview(buffer), gap=GAP)
    wanted = b"".join(
        b"~" * GAP + sample.piece(block.piece)[block.begin : block.begin + block.length] for block in blocks
    )
    assert buffer == wanted + b"~" * 5
    cached = bytearray(b"~" * (size + 5))
    if read_cached_blocks(store, blocks, memoryview(cached), gap=GAP):  # not every file system can tell
        assert cached == buffer


def test_blocks_one_behind_the_other_are_one_read(full: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, store = full
    reads: list[int] = []
    preadv = os.preadv

    def count(fd: int, buffers: list[memoryview], offset: int) -> int:
        reads.append(len(buffers))
        return preadv(fd, buffers, offset)

    monkeypatch.setattr(os, "preadv", count)
    blocks = [Block(0, begin, 8) for begin in range(0, 64, 8)]
    read_blocks(store, blocks, memoryview(bytearray(len(blocks) * (8 + GAP))), gap=GAP)
    assert reads == [8]


def test_what_is_not_open_or_not_in_memory_is_not_waited_for(full: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, store = full
    blocks, buffer = [Block(0, 0, 10)], memoryview(bytearray(10))
    store.files.close()
    assert not read_cached_blocks(store, blocks, buffer, gap=0)
    read_blocks(store, blocks, buffer, gap=0)

    def not_now(*args: object) -> int:
        raise BlockingIOError("not in memory")

    monkeypatch.setattr(os, "preadv", not_now)
    assert not read_cached_blocks(store, blocks, buffer, gap=0)
    monkeypatch.setattr(os, "preadv", lambda fd, buffers, offset, flags: 9)
    assert not read_cached_blocks(store, blocks, buffer, gap=0)
    monkeypatch.setattr(os, "preadv", lambda fd, buffers, offset, flags: 10)
    assert read_cached_blocks(store, blocks, buffer, gap=0)
    monkeypatch.setattr(files, "NOT_WAITING", None)
    assert not read_cached_blocks(store, blocks, buffer, gap=0)


def test_a_file_that_was_cut_is_missing(full: Any) -> None:
    sample, store = full
    path = store.root / sample.torrent.files[0].path
    os.truncate(path, 3)
    blocks, buffer = [Block(0, 0, 10)], memoryview(bytearray(10))
    assert not read_cached_blocks(store, blocks, buffer, gap=0)
    with pytest.raises(StorageError) as error:
        read_blocks(store, blocks, buffer, gap=0)
    assert error.value.kind is Kind.MISSING


def test_a_block_outside_its_piece_is_an_error(full: Any) -> None:
    _, store = full
    with pytest.raises(IndexError):
        read_blocks(store, [Block(0, 60, 10)], memoryview(bytearray(10)), gap=0)
