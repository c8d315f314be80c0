import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.store import Store


@pytest.fixture
def full(sample: Any, tmp_path: Path, pool: FilePool) -> Any:
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        sample.fill(store)
        yield store


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_right_pieces_are_found_right(full: Store, threads: int) -> None:
    assert check_pieces(full, full.wanted_pieces(), threads=threads).is_full
    assert list(check_pieces(full, PieceSet(9, [1, 2, 8]), threads=threads)) == [1, 2, 8]
    assert list(check_pieces(full, PieceSet(9), threads=threads)) == []


def test_one_wrong_byte_spoils_its_piece_alone(full: Store, sample: Any) -> None:
    for piece in range(9):
        data = sample.piece(piece)
        full.write(piece, len(data) - 1, bytes([data[-1] ^ 1]))
        assert list(check_pieces(full, full.wanted_pieces())) == [other for other in range(9) if other != piece]
        full.write_piece(piece, data)


def test_pieces_of_absent_and_short_files_are_not_right(
    full: Store, sample: Any, tmp_path: Path, pool: FilePool
) -> None:
    os.truncate(tmp_path / "sample/sub/deep/c.bin", 100)
    (tmp_path / "sample/a.bin").unlink()
    with Store.open(sample.torrent, tmp_path, pool=pool, read_only=True) as store:
        assert list(check_pieces(store, full.wanted_pieces())) == [3, 8]


def test_a_file_that_goes_away_on_the_way_spoils_only_its_pieces(
    full: Store, tmp_path: Path, pool: FilePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(full.files), "extents", lambda *_: dict.fromkeys(range(5), (10**9, 10**9)))
    (tmp_path / "sample/a.bin").unlink()
    pool.close()
    assert list(check_pieces(full, full.wanted_pieces())) == [3, 4, 5, 6, 7, 8]


def test_a_bad_sector_spoils_its_piece_and_no_more(full: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.preadv

    def read(fd: int, buffers: list[memoryview], offset: int) -> int:
        if os.readlink(f"/proc/self/fd/{fd}").endswith("c.bin") and offset <= 200 < offset + sum(map(len, buffers)):
            raise OSError(errno.EIO, "bad sector")
        return really(fd, buffers, offset)

    monkeypatch.setattr(os, "preadv", read)
    assert list(check_pieces(full, full.wanted_pieces())) == [0, 1, 2, 3, 4, 6, 7, 8]


@pytest.mark.parametrize("threads", [1, 2])
def test_what_would_spoil_everything_is_an_error(full: Store, monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    def read(*_: object) -> int:
        raise OSError(errno.EACCES, "no")

    monkeypatch.setattr(os, "preadv", read)
    with pytest.raises(StorageError) as error:
        check_pieces(full, full.wanted_pieces(), threads=threads)
    assert error.value.kind is Kind.PERMISSION
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("torrent_peer check")]


def test_progress_is_told_in_order_up_to_the_end(make_sample: Any, tmp_path: Path, pool: FilePool) -> None:
    sample = make_sample({"a": 3 * 2**20, "b": 10, "c": 5}, piece_length=2**18)
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        sample.fill(store, range(12))
        told: list[tuple[int, int]] = []
        good = check_pieces(store, store.wanted_pieces(), progress=lambda *now: told.append(now))
        assert list(good) == list(range(12))
        assert told[0] == (1, 13)  # the last is known to be missing without a look
        assert told[-1] == (13, 13)
        assert told == sorted(told)


def test_a_check_can_be_cancelled(make_sample: Any, tmp_path: Path, pool: FilePool) -> None:
    sample = make_sample(2**20, piece_length=2**20 // 16)
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        sample.fill(store)
        assert not check_pieces(store, store.wanted_pieces(), cancelled=lambda: True)
        assert check_pieces(store, store.wanted_pieces(), cancelled=lambda: False).is_full


def test_an_error_of_the_callers_own_reaches_it(full: Store) -> None:
    def progress(checked: int, total: int) -> None:
        if checked:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check_pieces(full, full.wanted_pieces(), progress=progress)


def test_holes_are_not_read_but_zeros_count(
    make_sample: Any, tmp_path: Path, pool: FilePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = 2**20
    content = bytes(3 * big) + b"x" * big + bytes(big + 5)
    sample = make_sample({"a": content, "b": b"tail"}, piece_length=2**16)
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        sample.fill(store, [48, 49])  # of 16 pieces with data; everything else stays a hole
        count = sample.torrent.geometry.piece_count
        seen: list[int] = []
        really = Store.read_pieces

        def read(self: Store, pieces: range, buffer: memoryview) -> None:
            seen.extend(pieces)
            really(self, pieces, buffer)

        monkeypatch.setattr(Store, "read_pieces", read)
        good = check_pieces(store, store.wanted_pieces())
        assert list(good) == [*range(50), *range(64, count - 1)]
        if len(seen) == count:
            pytest.skip("this file system knows no holes")
        assert set(seen) <= {48, 49, count - 1}


def test_large_pieces_are_read_in_parts(
    make_sample: Any, tmp_path: Path, pool: FilePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = make_sample({"a": 5 * 2**20, "b": 2**20}, piece_length=4 * 2**20)
    most: list[int] = []
    really = os.preadv

    def read(fd: int, buffers: list[memoryview], offset: int) -> int:
        most.append(sum(map(len, buffers)))
        return really(fd, buffers, offset)

    monkeypatch.setattr(os, "preadv", read)
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        sample.fill(store)
        assert check_pieces(store, store.wanted_pieces()).is_full
    assert max(most) == 2**20


def test_a_piece_of_zeros_larger_than_the_buffer_is_known_without_reading(
    make_sample: Any, tmp_path: Path, pool: FilePool
) -> None:
    sample = make_sample(bytes(5 * 2**20 + 1), piece_length=3 * 2**20)
    with Store.open(sample.torrent, tmp_path, pool=pool) as store:
        store.files.make(0)
        assert check_pieces(store, store.wanted_pieces()).is_full


def test_what_was_found_right_is_flushed_before_it_is_claimed(
    sample: Any, tmp_path: Path, pool: FilePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(sample.torrent, tmp_path, pool=pool, wanted=frozenset({2})) as store:
        store.save(sample.fill(store))
    flushed: list[str] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: flushed.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name))
    with Store.open(sample.torrent, tmp_path, pool=pool, wanted=frozenset({2})) as store:
        store.save(check_pieces(store, store.stored_pieces()))
    assert sorted(flushed) == [".sample.torrent-peer.part", "b.bin"]
