"""What is flushed, and what is known of files afterwards."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.files import MANY, DataFiles
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


def disappear(path: Path) -> None:
    path.unlink()


def be_replaced(path: Path) -> None:
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").rename(path)


def be_cut(path: Path) -> None:
    os.truncate(path, 10)


@pytest.mark.parametrize("happens", [disappear, be_replaced, be_cut])
def test_nothing_is_claimed_of_a_file_swapped_while_it_was_open(
    files: DataFiles, tree: Tree, happens: Callable[[Path], None]
) -> None:
    files.write(0, 0, view(b"x" * 100))
    happens(tree.root / "a")
    files.sync()
    assert 0 not in files.known
    with pytest.raises(StorageError) as error:
        files.confirm([0])
    path = tree.root / "a"
    assert (
        str(error.value) == f"{path} is gone or not what was written; run the same command again to check what is left"
    )


def put_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("happens", [disappear, be_replaced, be_cut, put_link])
@pytest.mark.parametrize("still_open", [True, False])
def test_a_file_that_is_gone_does_not_keep_the_others_from_being_flushed(
    files: DataFiles, tree: Tree, pool: FilePool, happens: Callable[[Path], None], still_open: bool
) -> None:
    files.write(0, 0, view(b"x" * 100))
    files.write(1, 0, view(b"x" * 100))
    if not still_open:
        pool.close()
    happens(tree.root / "a")
    files.sync()
    assert files.known.keys() == {1}
    with pytest.raises(StorageError):
        files.confirm([0])


def test_a_fingerprint_is_taken_anew_only_of_files_we_wrote(files: DataFiles, tree: Tree) -> None:
    for name in ("a", "free"):
        (tree.root / name).write_bytes(bytes(100))
    files.look(PARTS)
    before = files.known
    assert before.keys() == {0, 2}
    files.write(0, 0, view(b"x"))
    os.utime(tree.root / "free", ns=(1, 1))
    files.sync()
    assert files.known[2] == before[2]  # so the next start sees that it has changed
    assert files.known[0].mtime_ns == (tree.root / "a").stat().st_mtime_ns


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []

    def note(fd: int) -> None:
        done.append(os.readlink(f"/proc/self/fd/{fd}").rpartition("/out")[2])

    monkeypatch.setattr(os, "fdatasync", note)
    monkeypatch.setattr(os, "fsync", note)
    return done


def test_what_was_written_is_flushed_once_with_the_names_that_lead_to_it(
    files: DataFiles, flushed: list[str], pool: FilePool
) -> None:
    files.write(1, 0, view(b"x"))
    files.write(1, 1, view(b"x"))
    pool.close()  # the descriptor it was written through need not be open any more
    files.sync()
    assert flushed == ["/d/b", "", "/d"]
    files.sync()
    assert flushed == ["/d/b", "", "/d"]
    files.write(1, 2, view(b"x"))
    files.expect_flush([1])
    files.sync()
    assert flushed == ["/d/b", "", "/d", "/d/b"]


@pytest.fixture
def many(tree: Tree, pool: FilePool) -> DataFiles:
    """As many files as are flushed together, written and closed."""
    count = MANY + 1
    parts = {number: (f"d{number % 3}", f"f{number}") for number in range(count)}
    files = DataFiles(tree, pool, parts, dict.fromkeys(range(count), 10), overwrite=False)
    for number in range(count):
        files.write(number, 0, view(b"x" * 10))
    return files


def test_many_files_are_flushed_with_all_their_file_system(
    many: DataFiles, tree: Tree, flushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def flush_all(fd: int) -> bool:
        asked.append(fd)
        return True

    monkeypatch.setattr("torrent_peer.storage.tree.flush_file_system", flush_all)
    many.sync()
    assert len(asked) == 1
    assert flushed == ["", "/d0", "/d1", "/d2"]
    assert many.known.keys() == set(range(MANY + 1))
    many.write(0, 0, view(b"y"))
    many.sync()
    assert flushed[4:] == ["/d0/f0"]
    assert len(asked) == 1


def cannot(fd: int) -> bool:
    return False


def find_an_error(fd: int) -> bool:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("answer", [cannot, find_an_error])
def test_where_that_cannot_be_relied_on_each_is_flushed_by_itself(
    many: DataFiles, flushed: list[str], monkeypatch: pytest.MonkeyPatch, answer: Callable[[int], bool]
) -> None:
    monkeypatch.setattr("torrent_peer.storage.tree.flush_file_system", answer)
    many.sync()
    assert sorted(flushed) == sorted(["", "/d0", "/d1", "/d2", *(f"/d{n % 3}/f{n}" for n in range(MANY + 1))])
    assert many.known.keys() == set(range(MANY + 1))


def test_what_lies_on_another_file_system_is_flushed_by_itself(
    many: DataFiles, tree: Tree, flushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torrent_peer.storage.tree.flush_file_system", lambda fd: True)
    tree.device += 1
    many.sync()
    assert len(flushed) == MANY + 5


@pytest.mark.parametrize("happens", [disappear, be_replaced, put_link])
def test_of_many_files_the_one_that_is_gone_is_not_claimed(
    many: DataFiles, tree: Tree, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path], None]
) -> None:
    monkeypatch.setattr("torrent_peer.storage.tree.flush_file_system", lambda fd: True)
    happens(tree.root / "d1" / "f1")
    many.sync()
    assert many.known.keys() == set(range(MANY + 1)) - {1}


def test_what_was_only_read_is_flushed_when_asked_for(files: DataFiles, tree: Tree, flushed: list[str]) -> None:
    (tree.root / "a").write_bytes(bytes(100))
    files.look([0])
    before = files.known
    files.expect_flush([0])
    files.sync()
    assert flushed == ["/a"]
    assert files.known == before


def test_a_file_that_could_not_be_flushed_is_never_claimed_again(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch, tree: Tree
) -> None:
    files.write(0, 0, view(b"x"))
    files.write(1, 0, view(b"x"))
    (tree.root / "free").touch()
    files.expect_flush([2])

    def fail(fd: int) -> None:
        raise OSError(errno.EIO, "io")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(StorageError) as error:
            files.sync()
    assert error.value.kind is Kind.IO
    assert str(error.value).startswith(f"cannot flush {tree.root}/a: Input/output error; ")
    files.sync()
    assert files.known.keys() == {1}
    assert files.read(0, 0, 1) == b"x"


def test_no_descriptor_to_flush_with_is_no_reason_to_doubt_the_disk(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch, pool: FilePool
) -> None:
    files.write(0, 0, view(b"x"))
    pool.close()
    pool.patience = 0.01

    def fail(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "none")

    with monkeypatch.context() as patch:
        patch.setattr(Tree, "open_file", fail)
        with pytest.raises(StorageError, match="Too many open files"):
            files.sync()
    files.sync()
    assert files.known.keys() == {0}


def test_a_file_that_could_not_be_made_does_not_hinder_the_others(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no")

    files.write(0, 0, view(b"x"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", fail)
        with pytest.raises(StorageError, match="No space left"):
            files.write(1, 0, view(b"x"))
    files.sync()
    assert files.known.keys() == {0}
