import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.files import DataFiles
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.tree import Tree

PARTS = {0: ("a",), 1: ("d", "b"), 2: ("free",)}

LENGTHS = {0: 100, 1: 5000}


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path / "out", create=True)
    yield tree
    tree.close()


@pytest.fixture
def files(tree: Tree, pool: FilePool) -> DataFiles:
    return DataFiles(tree, pool, PARTS, LENGTHS, overwrite=False)


def view(data: bytes) -> memoryview:
    return memoryview(data)


def test_a_file_is_made_when_first_written_and_is_a_hole_of_full_length(files: DataFiles, tree: Tree) -> None:
    files.look(LENGTHS)
    assert list(tree.root.iterdir()) == []
    files.write(1, 4096, view(b"x" * 10))
    assert not (tree.root / "a").exists()
    data = (tree.root / "d" / "b").read_bytes()
    assert data == bytes(4096) + b"x" * 10 + bytes(5000 - 4106)
    assert files.read(1, 4094, 4) == b"\0\0xx"
    files.write(2, 7, view(b"y"))
    assert (tree.root / "free").read_bytes() == bytes(7) + b"y"


def test_reading_never_makes_a_file(files: DataFiles, tree: Tree) -> None:
    for call in (lambda: files.read(1, 0, 1), lambda: files.read_into(1, 0, [memoryview(bytearray(1))])):
        with pytest.raises(StorageError) as error:
            call()
        path = tree.root / "d" / "b"
        assert error.value.kind is Kind.MISSING
        assert str(error.value) == f"{path} is not there; run the same command again to check what is left"
    assert list(tree.root.iterdir()) == []


def test_buffers_are_filled_one_after_the_other(files: DataFiles) -> None:
    files.write(0, 0, view(bytes(range(100))))
    buffers = [bytearray(3), bytearray(0), bytearray(50), bytearray(7)]
    files.read_into(0, 10, [memoryview(buffer) for buffer in buffers])
    assert b"".join(buffers) == bytes(range(10, 70))


def test_more_buffers_than_one_call_takes_are_filled(files: DataFiles) -> None:
    files.write(1, 0, view(bytes(range(200)) * 25))
    buffers = [bytearray(1) for _ in range(3000)]
    files.read_into(1, 5, [memoryview(buffer) for buffer in buffers])
    assert b"".join(buffers) == (bytes(range(200)) * 25)[5:3005]


def test_short_reads_and_writes_are_carried_on(files: DataFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    pwritev, pread, preadv = os.pwritev, os.pread, os.preadv
    monkeypatch.setattr(os, "pwritev", lambda fd, data, at: pwritev(fd, [data[0][:7]], at))
    monkeypatch.setattr(os, "pread", lambda fd, length, at: pread(fd, min(length, 5), at))
    monkeypatch.setattr(os, "preadv", lambda fd, into, at: preadv(fd, [into[0][:3]], at))
    files.write(0, 0, view(bytes(range(50))), view(b""), view(bytes(range(50, 100))))
    assert files.read(0, 1, 98) == bytes(range(1, 99))
    buffer = bytearray(20)
    files.read_into(0, 4, [memoryview(buffer)[:9], memoryview(buffer)[9:]])
    assert buffer == bytes(range(4, 24))


@pytest.mark.parametrize("length", [0, 40])
def test_the_end_of_a_file_cut_short_is_missing(files: DataFiles, tree: Tree, length: int) -> None:
    (tree.root / "a").write_bytes(bytes(length))
    with pytest.raises(StorageError) as error:
        files.read(0, 30, 20)
    path = tree.root / "a"
    assert str(error.value) == f"{path} is shorter than it should be; run the same command again to check what is left"
    assert error.value.kind is Kind.MISSING


def test_a_file_cut_short_before_we_came_gets_its_length(files: DataFiles, tree: Tree) -> None:
    (tree.root / "a").write_bytes(b"abc")
    files.look(LENGTHS)
    files.write(0, 50, view(b"x"))
    assert (tree.root / "a").read_bytes() == b"abc" + bytes(47) + b"x" + bytes(49)


def test_a_longer_file_is_not_cut_without_leave(tree: Tree, pool: FilePool) -> None:
    (tree.root / "a").write_bytes(b"x" * 101)
    files = DataFiles(tree, pool, PARTS, LENGTHS, overwrite=False)
    with pytest.raises(StorageError) as error:
        files.write(0, 0, view(b"y"))
    assert error.value.kind is Kind.EXISTS
    path = tree.root / "a"
    assert str(error.value) == (
        f"{path} already exists and has 101 bytes, 1 more than in the torrent; "
        "move it away, or overwrite it with --overwrite"
    )
    assert path.read_bytes() == b"x" * 101
    files = DataFiles(tree, pool, PARTS, LENGTHS, overwrite=True)
    files.write(0, 0, view(b"y"))
    assert path.read_bytes() == b"y" + b"x" * 99


def disappear(path: Path) -> None:
    path.unlink()


def be_replaced(path: Path) -> None:
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").rename(path)


def be_cut(path: Path) -> None:
    os.truncate(path, 10)


@pytest.mark.parametrize(
    ("happens", "message"),
    [
        (disappear, "has disappeared"),
        (be_replaced, "was replaced or cut by another program"),
        (be_cut, "was replaced or cut by another program"),
    ],
)
@pytest.mark.parametrize("made_by", ["us", "before"])
def test_a_file_changed_behind_our_back_is_missing_not_made_anew(
    files: DataFiles, tree: Tree, pool: FilePool, happens: Callable[[Path], None], message: str, made_by: str
) -> None:
    path = tree.root / "a"
    if made_by == "us":
        files.write(0, 0, view(b"x" * 50))
    else:
        path.write_bytes(b"x" * 100)
        files.look(LENGTHS)
    files.sync()
    pool.close()
    happens(path)
    after = path.exists() and path.stat().st_size
    for call in (lambda: files.write(0, 60, view(b"y")), lambda: files.read(0, 0, 1), lambda: files.make(0)):
        with pytest.raises(StorageError) as error:
            call()
        assert error.value.kind is Kind.MISSING
        assert str(error.value) == f"{path} {message}; run the same command again to check what is left"
    assert (path.exists() and path.stat().st_size) == after
    files.sync()
    assert 0 not in files.known


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, Kind.FULL), (errno.EIO, Kind.IO), (errno.EROFS, Kind.READ_ONLY)]
)
def test_what_the_disk_refuses_is_said(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch, tree: Tree, number: int, kind: Kind
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "no")

    files.make(0)
    buffer = [memoryview(bytearray(1))]
    calls: dict[str, tuple[str, Callable[[], Any]]] = {
        "pwritev": ("write", lambda: files.write(0, 0, view(b"x"))),
        "pread": ("read", lambda: files.read(0, 0, 1)),
        "preadv": ("read", lambda: files.read_into(0, 0, buffer)),
        "lseek": ("read", lambda: files.data_ranges(0)),
        "ftruncate": ("create", lambda: files.make(1)),
    }
    for name, (doing, call) in calls.items():
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(StorageError) as error:
                call()
        assert error.value.kind is kind
        assert str(error.value).startswith(f"cannot {doing} {tree.root}/")
    with monkeypatch.context() as patch:
        patch.setattr(Tree, "stat", fail)
        with pytest.raises(StorageError) as error:
            files.look([0])
    assert str(error.value).startswith(f"cannot use {tree.root}/a: ")


def test_a_file_whose_length_was_refused_gets_it_the_next_time(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch, tree: Tree
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EFBIG, "no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(StorageError, match="ulimit -f"):
            files.write(0, 0, view(b"x"))
    files.write(0, 0, view(b"x"))
    assert (tree.root / "a").stat().st_size == 100


def test_data_is_told_from_holes(files: DataFiles) -> None:
    block = 4096
    big = 64 * block
    files.make(2)
    assert files.data_ranges(2) == []
    files.write(2, 8 * block, view(b"x" * block))
    files.write(2, big, view(b"x"))
    ranges = files.data_ranges(2)
    covered = {at for start, end in ranges for at in range(start, end, block)}
    assert {8 * block, big} <= covered
    if len(ranges) == 1:
        pytest.skip("this file system knows no holes")
    assert ranges == [(8 * block, 9 * block), (big, big + 1)]


def test_a_file_system_that_knows_no_holes_has_data_everywhere(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.make(0)

    def refuse(*_: object) -> int:
        raise OSError(errno.EINVAL, "what?")

    monkeypatch.setattr(os, "lseek", refuse)
    assert files.data_ranges(0) == [(0, 100)]


def test_extents_are_those_of_this_moment(files: DataFiles, tree: Tree) -> None:
    files.look(LENGTHS)
    assert files.extents(LENGTHS) == {}
    (tree.root / "a").write_bytes(bytes(10))
    assert files.extents(LENGTHS)[0][0] == 10
    assert files.known == {}


def test_confirming_cuts_what_is_too_long_only_with_leave(tree: Tree, pool: FilePool) -> None:
    (tree.root / "a").write_bytes(b"x" * 120)
    for overwrite in (False, True):
        files = DataFiles(tree, pool, PARTS, LENGTHS, overwrite=overwrite)
        files.look([0])
        if overwrite:
            files.confirm([0])
        else:
            with pytest.raises(StorageError):
                files.confirm([0])
    assert (tree.root / "a").read_bytes() == b"x" * 100


def test_a_removed_file_may_be_made_again(files: DataFiles, tree: Tree) -> None:
    files.write(0, 0, view(b"x"))
    files.sync()
    files.remove(0)
    files.remove(0)
    assert not (tree.root / "a").exists()
    assert files.known == {}
    files.write(0, 0, view(b"y"))
    assert files.read(0, 0, 2) == b"y\0"


def test_threads_make_a_file_once_and_lose_nothing(files: DataFiles) -> None:
    def write(start: int) -> None:
        for at in range(start, 5000, 8):
            files.write(1, at, view(bytes([at % 251])))

    threads = [threading.Thread(target=write, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert files.read(1, 0, 5000) == bytes(at % 251 for at in range(5000))
