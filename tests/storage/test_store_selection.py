"""Stores of which not every file is wanted, or where something lies already."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from torrent_peer.core.block import Block
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.resume import plan_resume, recall
from torrent_peer.storage.store import Store

RECORD = ".sample.torrent-peer"
PART = ".sample.torrent-peer.part"
A, B, EMPTY, C, D = 1, 2, 3, 4, 5


@pytest.fixture
def open_store(tmp_path: Path, pool: FilePool, sample: Any) -> Callable[..., Store]:
    def open_it(*wanted: int, torrent: Any = sample.torrent, **options: Any) -> Store:
        return Store.open(torrent, tmp_path, pool=pool, wanted=frozenset(wanted) if wanted else None, **options)

    return open_it


def listing(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def test_the_neighbours_of_a_wanted_file_are_never_created(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store(B) as store:
        assert list(store.wanted_pieces()) == list(store.stored_pieces()) == [2]
        sample.fill(store)
        assert check_pieces(store, store.stored_pieces()) == PieceSet(9, [2])
        store.finish()
        store.save(store.wanted_pieces(), clean=True)
    assert listing(tmp_path) == [RECORD, PART, "sample/sub/b.bin"]
    assert (tmp_path / "sample/sub/b.bin").read_bytes() == sample.files["sample/sub/b.bin"]


def test_a_piece_nobody_wants_has_no_place(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store(B) as store:
        for call in (lambda: store.write_piece(0, sample.piece(0)), lambda: store.read(Block(0, 0, 1))):
            with pytest.raises(ValueError) as error:
                call()
            assert str(error.value) == "piece 0 is of no wanted file and has no place on disk"


def test_a_neighbour_wanted_later_gets_what_was_kept_of_it(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store(B, D) as store:
        store.save(sample.fill(store), clean=True)
    with open_store(B, C, D) as store:
        assert listing(tmp_path) == [RECORD, PART, "sample/d.bin", "sample/sub/b.bin", "sample/sub/deep/c.bin"]
        recalled = recall(store)
        assert recalled is not None
        assert list(recalled.pieces) == [2, 7, 8]
        assert recalled.reason == "resume record, 1 file changed since and rechecked"
        sample.fill(store, [3, 4, 5, 6])
        store.save(PieceSet(9, range(2, 9)), clean=True)
    with open_store() as store:
        recalled = recall(store)
        assert recalled is not None
        assert list(recalled.pieces) == list(range(2, 9))
        sample.fill(store, [0, 1])
        store.finish()
        store.save(store.wanted_pieces(), clean=True)
    assert listing(tmp_path) == sorted([RECORD, *sample.files])


def test_holes_in_the_part_file_are_not_moved(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    with open_store(B, D) as store:
        store.save(sample.fill(store, [7]), clean=True)
    with open_store(A, B, C, D) as store:
        assert not (tmp_path / "sample/a.bin").exists()
        assert store.read(Block(7, 0, 12)) == sample.piece(7)[:12]


def test_a_crash_while_content_is_moved_in_costs_no_false_claim(
    sample: Any, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(B, D) as store:
        store.save(sample.fill(store), clean=True)
    really = os.pwritev
    written: list[int] = []

    def crash(fd: int, data: list[memoryview], offset: int) -> int:
        if written:
            raise KeyboardInterrupt
        written.append(really(fd, data, offset))
        return written[0]

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwritev", crash)
        with pytest.raises(KeyboardInterrupt):
            open_store(B, C, D)
    with open_store(B, C, D) as store:
        recalled = recall(store)
        assert recalled is not None
        assert list(recalled.pieces) == [2, 8]
        store.refuse_foreign(recalled.pieces)


def test_a_file_no_longer_wanted_stays_where_it_is(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store(A, B) as store:
        store.save(sample.fill(store), clean=True)
    with open_store(B) as store:
        assert list(store.wanted_pieces()) == [2]
        assert list(store.stored_pieces()) == [0, 1, 2]
        recalled = recall(store)
        assert recalled is not None
        assert list(recalled.pieces) == [0, 1, 2]
        assert store.existing() == {A: 150, B: 10}
        store.save(recalled.pieces, clean=True)
    with open_store(A) as store:
        assert list(plan_resume(store.record, store).trusted) == [0, 1, 2]


def test_a_file_that_was_wanted_and_never_begun_needs_no_place(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store(A, C) as store:
        sample.fill(store, [0])
        store.save(PieceSet(9, [0]))
    with open_store(A) as store:
        assert list(store.stored_pieces()) == [0, 1, 2]
        sample.fill(store, [1, 2])
    assert listing(tmp_path) == [RECORD, PART, "sample/a.bin"]


def test_empty_files_are_made_at_the_end_and_only_if_wanted(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store(EMPTY) as store:
        assert not store.wanted_pieces()
        store.finish()
        store.save(store.wanted_pieces(), clean=True)
    assert listing(tmp_path) == [RECORD, "sample/sub/empty"]
    with open_store(B) as store:
        sample.fill(store)
        store.finish()
    assert (tmp_path / "sample/sub/empty").stat().st_size == 0


def test_a_longer_file_is_refused_or_cut(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    path = tmp_path / "sample/d.bin"
    path.parent.mkdir()
    path.write_bytes(sample.files["sample/d.bin"] + b"more")
    with pytest.raises(StorageError) as error:
        open_store()
    assert error.value.kind is Kind.EXISTS
    assert str(error.value) == (
        f"{path} already exists and has 68 bytes, 4 more than in the torrent; "
        "move it away, or overwrite it with --overwrite"
    )
    with open_store(read_only=True) as store:
        assert list(check_pieces(store, store.wanted_pieces())) == [8]
        assert store.existing() == {D: 68}
    assert path.stat().st_size == 68
    with open_store(overwrite=True) as store:
        sample.fill(store, set(range(9)) - {8})
        store.finish()
    assert path.read_bytes() == sample.files["sample/d.bin"]


def test_a_file_that_is_no_part_of_the_download_is_not_written_over(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    for name in ("a.bin", "d.bin"):
        (tmp_path / "sample").mkdir(exist_ok=True)
        (tmp_path / "sample" / name).write_bytes(sample.files[f"sample/{name}"])
    mine = tmp_path / "sample/d.bin"
    mine.write_bytes(b"my thesis")
    with open_store() as store:
        recalled = recall(store)
        assert recalled is not None
        assert list(recalled.pieces) == [0, 1]
        with pytest.raises(StorageError) as error:
            store.refuse_foreign(recalled.pieces)
    assert error.value.kind is Kind.EXISTS
    assert str(error.value) == (
        f"{mine} already exists and holds nothing of this torrent; "
        "move it away, choose another directory, or overwrite it with --overwrite"
    )
    assert mine.read_bytes() == b"my thesis"
    assert not (tmp_path / RECORD).exists()
    with open_store(overwrite=True) as store:
        store.refuse_foreign(recalled.pieces)
    with open_store(A) as store:
        store.refuse_foreign(recalled.pieces)
        store.save(recalled.pieces)
    with open_store() as store, pytest.raises(StorageError):  # a record for A is no leave to overwrite D
        store.refuse_foreign(recalled.pieces)


def test_files_begun_by_a_run_that_was_killed_are_ours(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store(C) as store:
        store.write(3, 0, b"not a whole piece")
    with open_store(C) as store:
        recalled = recall(store)
        assert recalled is not None
        assert not recalled.pieces
        store.refuse_foreign(recalled.pieces)
    with open_store(A, C) as store:
        store.write(0, 0, b"not a whole piece")
    with open_store() as store:
        store.refuse_foreign(PieceSet(9))
