import errno
import os
import threading
from collections.abc import Callable
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from attrs import evolve

from torrent_peer.core.block import Block
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.record_file import RecordFile
from torrent_peer.storage.store import Store

RECORD = ".sample.torrent-peer"
PART = ".sample.torrent-peer.part"
A, B, EMPTY, C, D = 1, 2, 3, 4, 5
"""Numbers of the sample's files."""


@pytest.fixture
def open_store(tmp_path: Path, pool: FilePool, sample: Any) -> Callable[..., Store]:
    def open_it(*wanted: int, torrent: Any = sample.torrent, **options: Any) -> Store:
        return Store.open(torrent, tmp_path, pool=pool, wanted=frozenset(wanted) if wanted else None, **options)

    return open_it


def listing(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


def test_all_pieces_written_make_the_files(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    with open_store() as store:
        assert listing(tmp_path) == [RECORD]
        assert sample.fill(store).is_full
        store.finish()
        store.save(store.wanted_pieces(), clean=True)
    assert listing(tmp_path) == sorted([RECORD, *sample.files])
    for path, content in sample.files.items():
        assert (tmp_path / path).read_bytes() == content


@pytest.mark.parametrize("wanted", [(), (A, C)])
@pytest.mark.parametrize("step", [2, 3, 100])
def test_pieces_written_together_are_each_in_their_place(
    sample: Any, open_store: Callable[..., Store], wanted: tuple[int, ...], step: int
) -> None:
    with open_store(*wanted) as store:
        pieces = list(store.wanted_pieces())
        rows = [list(row) for _, row in groupby(enumerate(pieces), lambda entry: entry[1] - entry[0])]
        for row in rows:
            for at in range(0, len(row), step):
                part = [piece for _, piece in row[at : at + step]]
                store.write_pieces(part[0], [sample.piece(piece) for piece in part])
        for piece in pieces:
            assert store.read(Block(piece, 0, len(sample.piece(piece)))) == sample.piece(piece)


@pytest.mark.parametrize(("first", "lengths"), [(0, [64, 63]), (0, [65]), (8, [64]), (1, [64, 64, 1])])
def test_what_is_no_whole_piece_is_not_taken_for_one(
    open_store: Callable[..., Store], first: int, lengths: list[int]
) -> None:
    with open_store() as store, pytest.raises(ValueError, match=f"^{len(lengths)} pieces from {first} on are not"):
        store.write_pieces(first, list(map(bytes, lengths)))


def test_what_is_written_is_read_in_any_cut(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        for piece in store.wanted_pieces():
            data = sample.piece(piece)
            store.write(piece, 10, data[10:])
            store.write(piece, 0, bytearray(data[:10]))
        for piece in store.wanted_pieces():
            data = sample.piece(piece)
            for begin in range(0, len(data), 7):
                for length in (1, 13, 64):
                    expected = data[begin : begin + length]
                    assert store.read(Block(piece, begin, len(expected))) == expected
                    buffers = [bytearray(1), bytearray(0), bytearray(len(expected) - 1)]
                    store.read_into(piece, begin, *[memoryview(buffer) for buffer in buffers])
                    assert b"".join(buffers) == expected
            for size in (1, 10, 64, 1000):
                assert store.piece_digest(piece, bytearray(size)) == sample.torrent.piece_hash(piece)
        for first, count in ((0, 9), (2, 3), (7, 2), (8, 1)):
            expected = b"".join(sample.piece(piece) for piece in range(first, first + count))
            buffer = bytearray(len(expected))
            store.read_pieces(range(first, first + count), memoryview(buffer))
            assert buffer == expected


def test_padding_is_never_on_disk_and_reads_as_zeros(
    make_sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    sample = make_sample(padding=True)
    with open_store(torrent=sample.torrent) as store:
        sample.fill(store)
        assert check_pieces(store, store.wanted_pieces()).is_full
        store.finish()
        everything = bytearray(len(sample.data))
        store.read_pieces(range(sample.torrent.geometry.piece_count), memoryview(everything))
        assert everything == sample.data
        assert store.read(Block(2, 20, 10)) == sample.piece(2)[20:22] + bytes(8)
        into = [bytearray(b"x" * 5), bytearray(b"x" * 5)]
        store.read_into(2, 20, *[memoryview(buffer) for buffer in into])
        assert b"".join(into) == sample.piece(2)[20:22] + bytes(8)
    assert listing(tmp_path) == sorted([RECORD, *sample.files])


def test_padding_that_is_not_zero_cannot_be_stored(make_sample: Any, open_store: Callable[..., Store]) -> None:
    sample = make_sample(padding=True)
    with open_store(torrent=sample.torrent) as store, pytest.raises(StorageError) as error:
        store.write_piece(2, sample.piece(2)[:-1] + b"x")
    assert error.value.kind is Kind.CONFLICT
    assert str(error.value) == (
        "cannot store piece 2 of sample: its padding is not zero; "
        "the torrent is faulty, download its other files with --select"
    )


def test_a_single_file_lies_directly_in_the_directory(
    make_sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    sample = make_sample(1000, name="one file")
    with open_store(torrent=sample.torrent) as store:
        sample.fill(store)
        store.save(store.wanted_pieces())
    assert listing(tmp_path) == [".one file.torrent-peer", "one file"]
    assert (tmp_path / "one file").read_bytes() == sample.data


def test_two_first_writes_at_once_claim_the_files_once(
    sample: Any, open_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[bytes] = []
    really = RecordFile.replace
    other: list[threading.Thread] = []

    def replace(self: RecordFile, data: bytes) -> None:
        if not other:
            other.append(threading.Thread(target=sample.fill, args=(store, [1])))
            other[0].start()
            other[0].join(0.05)  # it waits for us
        saved.append(data)
        really(self, data)

    monkeypatch.setattr(RecordFile, "replace", replace)
    with open_store() as store:
        sample.fill(store, [0])
        other[0].join()
        assert list(check_pieces(store, store.wanted_pieces())) == [0, 1]
    assert len(saved) == 1


def test_a_wanted_number_no_file_has_is_refused(open_store: Callable[..., Store], tmp_path: Path) -> None:
    for wrong in (0, 6):
        with pytest.raises(ValueError) as error:
            open_store(1, wrong)
        assert str(error.value) == f"the torrent has no file {wrong}"
    assert listing(tmp_path) == []


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "..", ".sample.torrent-peer", ".x.torrent-peer.part", "a/\0"]
)
@pytest.mark.parametrize("position", [0, 1])
def test_a_path_that_leads_out_is_refused_whatever_the_torrents_reader_thought(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path, path: str, position: int
) -> None:
    files = list(sample.torrent.files)
    files[position] = evolve(files[position], path=PurePosixPath(path))
    with pytest.raises(StorageError) as error:
        open_store(torrent=evolve(sample.torrent, files=tuple(files)))
    assert error.value.kind is Kind.CONFLICT
    assert str(error.value).startswith("refusing to use ")
    assert listing(tmp_path) == []


@pytest.mark.parametrize("where", ["sample", "sample/sub", "sample/sub/deep", "sample/sub/deep/c.bin"])
def test_a_link_planted_in_the_tree_is_never_followed(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path, where: str
) -> None:
    outside = tmp_path.parent / (tmp_path.name + "-outside")
    outside.mkdir()
    with open_store() as store:
        (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / where).symlink_to(outside)
        with pytest.raises(StorageError) as error:
            store.write_piece(3, sample.piece(3))
        assert error.value.kind is Kind.CONFLICT
        assert str(error.value).startswith(f"cannot use {tmp_path / where}: it is a symbolic link, which is never")
        with pytest.raises(StorageError):
            store.read(Block(3, 0, 1))
    with pytest.raises(StorageError):
        open_store()
    assert list(outside.iterdir()) == []


def test_a_directory_in_a_files_place_is_found_before_anything_is_written(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    (tmp_path / "sample/a.bin").mkdir(parents=True)
    with pytest.raises(StorageError) as error:
        open_store()
    assert str(error.value) == (
        f"cannot use {tmp_path}/sample/a.bin: it is a directory; move it out of the way or choose another directory"
    )
    assert listing(tmp_path) == []
    open_store(B).close()  # who does not want the file does not mind


def test_only_one_store_at_a_time(open_store: Callable[..., Store], sample: Any) -> None:
    with open_store() as store:
        with pytest.raises(StorageError) as error:
            open_store()
        assert error.value.kind is Kind.LOCKED
        sample.fill(store, [0])
        store.save(PieceSet(9, [0]))
        with pytest.raises(StorageError):
            open_store()
        with open_store(read_only=True) as reader:  # looking is allowed
            assert reader.record is not None
            assert list(reader.record.verified) == [0]
    open_store().close()


def test_a_read_only_store_writes_nothing(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    with open_store(read_only=True) as store:
        assert not check_pieces(store, store.wanted_pieces())
        none = PieceSet(9)
        calls: list[Callable[[], None]] = [
            lambda: store.write_piece(0, sample.piece(0)),
            lambda: store.save(none),
            store.forget,
            store.finish,
        ]
        for call in calls:
            with pytest.raises(ValueError) as error:
                call()
            assert str(error.value) == "the store is open for reading only"
    assert listing(tmp_path) == []
    with pytest.raises(StorageError) as no_directory:
        Store.open(sample.torrent, tmp_path / "none", pool=FilePool(), read_only=True)
    assert no_directory.value.kind is Kind.MISSING


def test_reading_only_finds_what_the_part_file_holds(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store(B) as store:
        store.save(sample.fill(store))
    with open_store(read_only=True) as store:
        assert list(check_pieces(store, store.wanted_pieces())) == [2]


def test_finish_notices_a_file_that_went_away(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path, pool: FilePool
) -> None:
    with open_store() as store:
        sample.fill(store)
        store.save(store.wanted_pieces())
        (tmp_path / "sample/d.bin").unlink()
        with pytest.raises(StorageError) as error:
            store.finish()
    assert error.value.kind is Kind.MISSING
    assert error.value.path == tmp_path / "sample/d.bin"


def test_what_the_record_claims_excludes_files_that_went_away(
    sample: Any, open_store: Callable[..., Store], tmp_path: Path
) -> None:
    with open_store(B, D) as store:
        done = sample.fill(store)
        (tmp_path / "sample/d.bin").unlink()
        store.save(done)
    with open_store(B, D) as store:
        assert store.record is not None
        assert list(store.record.verified) == [2]
        sample.fill(store, [7, 8])
        (tmp_path / PART).unlink()
        store.save(PieceSet(9, [2, 7, 8]))
    with open_store(B, D) as store:
        assert store.record is not None
        assert list(store.record.verified) == [8]


def test_forgetting_leaves_the_data_alone(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    with open_store(B) as store:
        store.save(sample.fill(store))
        store.forget()
    assert listing(tmp_path) == ["sample/sub/b.bin"]


def test_totals_are_kept(sample: Any, open_store: Callable[..., Store]) -> None:
    with open_store() as store:
        store.save(PieceSet(9), uploaded=5, downloaded=7)
    with open_store() as store:
        assert store.record is not None
        assert (store.record.uploaded, store.record.downloaded) == (5, 7)


@pytest.mark.parametrize(("call", "doing"), [("rename", "save"), ("unlink", "remove"), ("open", "open")])
def test_trouble_with_the_record_is_said(
    open_store: Callable[..., Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, doing: str
) -> None:
    really = os.open

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "no")

    def fail_below(path: str, flags: int, *mode: int, dir_fd: int | None = None) -> int:
        if dir_fd is not None:
            fail()
        return really(path, flags, *mode)

    with open_store() as store:
        store.save(PieceSet(9))
        attempts: dict[str, Callable[[], object]] = {"save": lambda: store.save(PieceSet(9)), "remove": store.forget}
        if call == "open":
            store.close()
            attempts["open"] = open_store
        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail_below if call == "open" else fail)
            with pytest.raises(StorageError) as error:
                attempts[doing]()
    assert error.value.kind is Kind.READ_ONLY
    assert str(error.value) == f"cannot {doing} {tmp_path / RECORD}: Read-only file system; choose another directory"


def test_sync_flushes_and_close_may_be_repeated(sample: Any, open_store: Callable[..., Store], tmp_path: Path) -> None:
    store = open_store()
    assert store.root == tmp_path
    sample.fill(store)
    store.sync()
    assert store.existing().keys() == {A, B, C, D}
    store.close()
    store.close()
