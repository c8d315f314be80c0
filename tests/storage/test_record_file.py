import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrent_peer.core.ids import InfoHash
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.names import HiddenNames
from torrent_peer.storage.record_file import RecordFile, read_record
from torrent_peer.storage.tree import Tree

NAMES = HiddenNames.of("x", InfoHash(bytes(20)))


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path, create=True)
    yield tree
    tree.close()


def listing(tree: Tree) -> list[str]:
    return sorted(path.name for path in tree.root.iterdir())


def test_what_is_put_in_the_record_is_read_from_it(tree: Tree) -> None:
    file = RecordFile(tree, NAMES)
    assert file.read() == b""
    file.replace(b"one")
    file.replace(b"two")
    assert file.read() == b"two"
    assert read_record(tree, NAMES) == b"two"
    file.close()
    file.close()
    assert listing(tree) == [NAMES.record]
    again = RecordFile(tree, NAMES)
    assert again.read() == b"two"
    again.close()


def test_a_record_never_written_leaves_nothing_behind(tree: Tree) -> None:
    file = RecordFile(tree, NAMES)
    assert listing(tree) == [NAMES.record]
    file.close()
    assert listing(tree) == []
    assert read_record(tree, NAMES) == b""


def test_a_second_user_is_refused_before_and_after_the_record_is_replaced(tree: Tree) -> None:
    file = RecordFile(tree, NAMES)
    for _ in range(3):
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(StorageError) as error:
            RecordFile(tree, NAMES)
        path = tree.root / NAMES.record
        assert error.value.kind is Kind.LOCKED
        assert str(error.value) == (
            f"another process has this torrent open (it locked {path}); wait for it or end it first"
        )
        assert len(os.listdir("/proc/self/fd")) == before
        file.replace(b"data")
    file.remove()
    file.close()
    assert listing(tree) == []
    RecordFile(tree, NAMES).close()


def test_another_process_is_refused(tree: Tree) -> None:
    file = RecordFile(tree, NAMES)
    file.replace(b"data")
    script = (
        "import sys, pathlib\n"
        "from torrent_peer.core.ids import InfoHash\n"
        "from torrent_peer.storage.names import HiddenNames\n"
        "from torrent_peer.storage.record_file import RecordFile\n"
        "from torrent_peer.storage.tree import Tree\n"
        "RecordFile(Tree(pathlib.Path(sys.argv[1]), create=True), HiddenNames.of('x', InfoHash(bytes(20))))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, tree.root], capture_output=True, text=True, check=False)
    assert "StorageError: another process has this torrent open" in ended.stderr
    file.close()
    assert subprocess.run([sys.executable, "-c", script, tree.root], check=False).returncode == 0


def test_whoever_locked_a_record_that_was_replaced_meanwhile_tries_the_new_one(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = fcntl.flock
    locked = []

    def lock(fd: int, how: int) -> None:
        really(fd, how)
        locked.append(fd)
        if len(locked) == 1:  # between opening and locking, the former holder replaced it and went
            (tree.root / "other").write_bytes(b"newer")
            os.rename(tree.root / "other", tree.root / NAMES.record)

    monkeypatch.setattr(fcntl, "flock", lock)
    file = RecordFile(tree, NAMES)
    assert len(locked) == 2
    assert file.read() == b"newer"
    file.close()


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_when_the_new_record_cannot_be_written_the_old_one_is_unharmed(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file = RecordFile(tree, NAMES)
    file.replace(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="full"):
            file.replace(b"new")
    assert listing(tree) == [NAMES.record]
    assert read_record(tree, NAMES) == b"old"
    with pytest.raises(StorageError):
        RecordFile(tree, NAMES)
    file.replace(b"new")
    assert read_record(tree, NAMES) == b"new"
    file.close()


def test_short_writes_are_carried_on(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: really(fd, data[:3]))
    file = RecordFile(tree, NAMES)
    file.replace(b"0123456789")
    assert file.read() == b"0123456789"
    file.close()


def test_the_record_is_flushed_before_it_takes_the_old_ones_place(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    sync, rename = os.fsync, os.rename

    def note_sync(fd: int) -> None:
        order.append("fsync " + Path(os.readlink(f"/proc/self/fd/{fd}")).name)
        sync(fd)

    def note_rename(old: str, new: str, **where: int) -> None:
        order.append(f"rename {old} {new}")
        rename(old, new, **where)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "rename", note_rename)
    file = RecordFile(tree, NAMES)
    file.replace(b"x")
    file.close()
    assert order == [f"fsync {NAMES.new}", f"rename {NAMES.new} {NAMES.record}", f"fsync {tree.root.name}"]


def test_links_in_our_files_places_are_not_followed(tree: Tree) -> None:
    (tree.root / "victim").write_bytes(b"precious")
    (tree.root / NAMES.record).symlink_to("victim")
    for call in (lambda: RecordFile(tree, NAMES), lambda: read_record(tree, NAMES)):
        with pytest.raises(StorageError) as error:
            call()
        assert error.value.kind is Kind.CONFLICT
    (tree.root / NAMES.record).unlink()
    (tree.root / NAMES.new).symlink_to("victim")
    file = RecordFile(tree, NAMES)
    file.replace(b"record")
    file.close()
    assert (tree.root / "victim").read_bytes() == b"precious"
    assert listing(tree) == [NAMES.record, "victim"]


def test_a_record_put_there_by_somebody_else_is_not_removed(tree: Tree) -> None:
    file = RecordFile(tree, NAMES)
    (tree.root / NAMES.record).unlink()
    (tree.root / NAMES.record).write_bytes(b"theirs")
    file.remove()
    file.close()
    assert read_record(tree, NAMES) == b"theirs"


def test_a_record_too_large_to_be_one_is_not_read(tree: Tree) -> None:
    with (tree.root / NAMES.record).open("wb") as huge:
        huge.truncate(2**40)
    assert read_record(tree, NAMES) == b""


@pytest.mark.parametrize(("number", "fatal"), [(errno.ENOLCK, False), (errno.EOPNOTSUPP, False), (errno.EIO, True)])
def test_where_files_cannot_be_locked_we_go_on_without(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, number: int, fatal: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    before = len(os.listdir("/proc/self/fd"))
    if fatal:
        with pytest.raises(OSError, match="Input/output"):
            RecordFile(tree, NAMES)
    else:
        file = RecordFile(tree, NAMES)
        file.replace(b"x")
        file.close()
    assert len(os.listdir("/proc/self/fd")) == before
