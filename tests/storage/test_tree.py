import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.tree import Tree

ADVICE = "move it out of the way or choose another directory"


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path / "out", create=True)
    yield tree
    tree.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_the_directory_is_made_when_asked_for(tmp_path: Path) -> None:
    Tree(tmp_path / "a" / "b", create=True).close()
    assert (tmp_path / "a" / "b").is_dir()
    with pytest.raises(StorageError) as error:
        Tree(tmp_path / "c", create=False)
    assert error.value.kind is Kind.MISSING
    (tmp_path / "file").touch()
    with pytest.raises(StorageError) as error:
        Tree(tmp_path / "file", create=True)
    assert error.value.kind is Kind.CONFLICT


def test_a_file_is_made_with_its_directories_and_opened_again(tree: Tree) -> None:
    fd = tree.open_file(("a", "b", "f"), write=True, create=True)
    os.write(fd, b"x")
    os.close(fd)
    assert (tree.root / "a" / "b" / "f").read_bytes() == b"x"
    fd = tree.open_file(("a", "b", "f"), write=True, create=True)
    assert not os.get_inheritable(fd)
    assert os.read(fd, 9) == b"x"
    os.close(fd)
    found = tree.stat(("a", "b", "f"))
    assert found is not None
    assert found.st_size == 1


def test_a_directory_that_is_kept_and_gone_is_made_anew(tree: Tree) -> None:
    os.close(tree.open_file(("a", "b", "f"), write=True, create=True, stay=True))
    before = descriptors()
    shutil.rmtree(tree.root / "a")
    assert tree.stat(("a", "b", "f")) is None
    os.close(tree.open_file(("a", "b", "g"), write=True, create=True, stay=True))
    assert (tree.root / "a" / "b" / "g").is_file()
    assert descriptors() == before
    shutil.rmtree(tree.root / "a")
    with pytest.raises(FileNotFoundError):
        tree.open_file(("a", "b", "g"), write=True, stay=True)
    assert descriptors() == before - 1


def test_a_directory_that_is_kept_stays_the_one_it_was_until_it_is_forgotten(tree: Tree) -> None:
    os.close(tree.open_file(("a", "f"), write=True, create=True, stay=True))
    (tree.root / "a").rename(tree.root / "moved")
    (tree.root / "a").symlink_to("/")
    os.close(tree.open_file(("a", "g"), write=True, create=True, stay=True))
    assert (tree.root / "moved" / "g").is_file()
    tree.forget()
    with pytest.raises(StorageError, match="symbolic link"):
        tree.open_file(("a", "h"), write=True, create=True, stay=True)


def test_without_leave_to_create_nothing_is_made(tree: Tree) -> None:
    with pytest.raises(FileNotFoundError):
        tree.open_file(("a", "f"), write=True)
    with pytest.raises(FileNotFoundError):
        tree.open_file(("f",), write=False)
    assert tree.stat(("a", "f")) is None
    assert tree.stat(("f",)) is None
    assert list(tree.root.iterdir()) == []


def put_link(path: Path) -> None:
    path.symlink_to("/dev/null")


def put_dangling_link(path: Path) -> None:
    path.symlink_to("../outside")


def put_directory(path: Path) -> None:
    path.mkdir()


def put_fifo(path: Path) -> None:
    os.mkfifo(path)


def put_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


LINK = "a symbolic link, which is never followed"


@pytest.mark.parametrize(
    ("put", "what"),
    [
        (put_link, LINK),
        (put_dangling_link, LINK),
        (put_directory, "a directory"),
        (put_fifo, "a named pipe"),
        (put_socket, "a socket"),
    ],
)
def test_what_is_no_file_is_never_opened(tree: Tree, put: Callable[[Path], None], what: str) -> None:
    put(tree.root / "f")
    before = descriptors()
    for call in (
        lambda: tree.open_file(("f",), write=True, create=True),
        lambda: tree.open_file(("f",), write=False),
        lambda: tree.stat(("f",)),
    ):
        with pytest.raises(StorageError) as error:
            call()
        assert error.value.kind is Kind.CONFLICT
        assert str(error.value) == f"cannot use {tree.root}/f: it is {what}; {ADVICE}"
    assert descriptors() == before
    assert not (tree.root.parent / "outside").exists()


def test_a_device_is_never_opened(tree: Tree) -> None:
    try:
        os.mknod(tree.root / "f", 0o600 | 0o020000, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    with pytest.raises(StorageError) as error:
        tree.open_file(("f",), write=True)
    assert str(error.value) == f"cannot use {tree.root}/f: it is a device; {ADVICE}"


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("to", ["directory outside", "directory inside", "nothing"])
def test_a_link_planted_for_a_directory_is_never_followed(tree: Tree, depth: int, to: str) -> None:
    parts = ("a", "b", "c", "f")
    targets = {
        "directory outside": tree.root.parent / "elsewhere",
        "directory inside": tree.root / "real",
        "nothing": tree.root.parent / "none",
    }
    target = targets[to]
    if to != "nothing":
        target.mkdir()
    planted = tree.root.joinpath(*parts[: depth + 1])
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.symlink_to(target)
    before = descriptors()
    for call in (lambda: tree.open_file(parts, write=True, create=True), lambda: tree.stat(parts)):
        with pytest.raises(StorageError) as error:
            call()
        assert str(error.value) == f"cannot use {planted}: it is {LINK}; {ADVICE}"
    assert descriptors() == before
    assert not target.exists() or list(target.iterdir()) == []


def test_a_file_in_a_directorys_place_is_named(tree: Tree) -> None:
    (tree.root / "a").touch()
    with pytest.raises(StorageError) as error:
        tree.open_file(("a", "f"), write=True, create=True)
    assert str(error.value) == f"cannot use {tree.root}/a: it is a file instead of a directory; {ADVICE}"


def test_the_root_itself_may_be_a_link_the_user_chose(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    tree = Tree(tmp_path / "link", create=True)
    os.close(tree.open_file(("d", "f"), write=True, create=True))
    tree.close()
    assert (tmp_path / "real" / "d" / "f").exists()


def test_a_root_renamed_on_the_way_stays_ours(tree: Tree) -> None:
    tree.root.rename(tree.root.parent / "moved")
    tree.root.symlink_to("/nonexistent")
    os.close(tree.open_file(("f",), write=True, create=True))
    assert (tree.root.parent / "moved" / "f").exists()


def put_file(path: Path) -> None:
    path.write_bytes(b"theirs")


def test_what_is_there_already_is_taken_as_it_is_even_if_it_came_just_before_we_made_it(tree: Tree) -> None:
    put_file(tree.root / "f")
    fd = tree.open_file(("f",), write=True, create=True)
    assert os.read(fd, 9) == b"theirs"
    os.close(fd)


def test_a_pipe_swapped_in_after_looking_is_not_used(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    put_fifo(tree.root / "f")
    monkeypatch.setattr(Tree, "_stat_in", lambda *_: object())
    before = descriptors()
    with pytest.raises(StorageError) as error:
        tree.open_file(("f",), write=False)
    assert str(error.value) == f"cannot use {tree.root}/f: it is not a regular file; {ADVICE}"
    assert descriptors() == before


def test_files_are_renamed_and_removed(tree: Tree) -> None:
    (tree.root / "old").write_bytes(b"new words")
    (tree.root / "f").write_bytes(b"old words")
    tree.rename(("old",), ("f",))
    assert (tree.root / "f").read_bytes() == b"new words"
    tree.unlink(("f",))
    tree.unlink(("f",))
    tree.unlink(("no", "f"))
    assert list(tree.root.iterdir()) == []


def test_directories_are_flushed_wherever_they_are(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda fd: flushed.append(os.readlink(f"/proc/self/fd/{fd}")))
    (tree.root / "a" / "b").mkdir(parents=True)
    for parts in ((), ("a",), ("a", "b")):
        tree.sync_directory(parts)
    assert flushed == [str(tree.root), f"{tree.root}/a", f"{tree.root}/a/b"]


def test_a_closed_tree_says_so(tmp_path: Path) -> None:
    before = descriptors()
    tree = Tree(tmp_path, create=True)
    tree.close()
    tree.close()
    assert descriptors() == before
    with pytest.raises(ValueError) as error:
        tree.stat(("f",))
    assert str(error.value) == "the tree is closed"
