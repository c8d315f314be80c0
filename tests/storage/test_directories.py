"""Directories kept open: so many at most, never closed under a user, found anew when that is asked for."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.descriptors import is_open
from torrent_peer.storage.directories import Directories
from torrent_peer.storage.names import Parts
from torrent_peer.storage.tree import Tree


class Opener:
    """Opens directories below a path and counts how often."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened: list[Parts] = []

    def __call__(self, parts: Parts) -> Callable[[], int]:
        def open_directory() -> int:
            self.opened.append(parts)
            path = self.root.joinpath(*parts)
            path.mkdir(parents=True, exist_ok=True)
            return os.open(path, os.O_RDONLY | os.O_DIRECTORY)

        return open_directory


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    return Opener(tmp_path)


def test_the_same_directory_is_opened_once(opener: Opener) -> None:
    last = Directories()
    fds = set()
    for _ in range(3):
        with last.lent(("a",), opener(("a",)), keep=True) as fd:
            fds.add(fd)
            assert os.path.samestat(os.fstat(fd), os.stat(opener.root / "a"))
    assert opener.opened == [("a",)]
    last.forget()
    assert not any(is_open(fd) for fd in fds)
    last.forget()


def test_another_directory_takes_the_place_of_the_one_not_used_for_longest(opener: Opener) -> None:
    kept = Directories(most=2)
    fds = {}
    for name in ("a", "b", "a", "c"):
        with kept.lent((name,), opener((name,)), keep=True) as fds[name]:
            pass
    assert opener.opened == [("a",), ("b",), ("c",)]
    assert {
        name for name, fd in fds.items() if is_open(fd) and os.path.samestat(os.fstat(fd), os.stat(opener.root / name))
    } == {"a", "c"}
    kept.forget()
    assert not any(map(is_open, fds.values()))


def test_with_room_for_one_each_takes_the_place_of_the_other(opener: Opener) -> None:
    last = Directories(most=1)
    with last.lent(("a",), opener(("a",)), keep=True) as a:
        pass
    assert is_open(a)
    with last.lent(("b",), opener(("b",)), keep=True) as b:
        assert not is_open(a)
    with last.lent(("b",), opener(("b",)), keep=True) as again:
        assert again == b
    last.forget()
    assert opener.opened == [("a",), ("b",)]


def test_what_is_not_to_be_kept_is_closed_and_leaves_what_is(opener: Opener) -> None:
    last = Directories()
    with last.lent(("a",), opener(("a",)), keep=True) as a:
        pass
    with last.lent(("b",), opener(("b",)), keep=False) as b:
        assert is_open(a)
    assert not is_open(b)
    with last.lent(("a",), opener(("a",)), keep=False):
        pass
    assert opener.opened == [("a",), ("b",)]
    last.forget()
    assert not is_open(a)


def test_it_is_not_closed_under_a_user(opener: Opener) -> None:
    last = Directories()
    with last.lent(("a",), opener(("a",)), keep=True) as first:
        with last.lent(("a",), opener(("a",)), keep=True) as second:
            assert first == second
            last.forget()
        assert is_open(first)
        with last.lent(("a",), opener(("a",)), keep=True) as anew:
            assert anew != first
    assert not is_open(first)
    last.forget()
    assert not is_open(anew)


def test_what_cannot_be_opened_leaves_what_was_kept(opener: Opener) -> None:
    last = Directories()
    with last.lent(("a",), opener(("a",)), keep=True) as a:
        pass

    def fail() -> int:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError), last.lent(("b",), fail, keep=True):
        pass
    assert is_open(a)
    last.forget()


def test_two_that_open_the_same_at_once_keep_one(opener: Opener) -> None:
    kept = Directories()

    def open_slowly() -> int:
        with kept.lent(("a",), opener(("a",)), keep=True):
            return opener(("a",))()

    with kept.lent(("a",), open_slowly, keep=True) as fd:
        assert is_open(fd)
    before = opener.opened.copy()
    with kept.lent(("a",), opener(("a",)), keep=True) as again:
        assert again == fd
    assert opener.opened == before
    kept.forget()
    assert not is_open(fd)


def test_nothing_is_below_a_directory_that_was_missed_until_one_is_made() -> None:
    directories = Directories()
    assert not directories.is_absent(("a", "b"))
    directories.missed(("a",), made=directories.made)
    assert directories.is_absent(("a",))
    assert directories.is_absent(("a", "b"))
    assert not directories.is_absent(("ab",))
    assert not directories.is_absent(())
    before = directories.made
    directories.has_made()
    assert not directories.is_absent(("a", "b"))
    directories.missed(("a",), made=before)  # it may be the one that was made
    assert not directories.is_absent(("a", "b"))
    directories.missed(("a",), made=directories.made)
    directories.forget()
    assert not directories.is_absent(("a", "b"))


def test_a_missing_directory_is_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(tmp_path / "out", create=True)
    looked: list[object] = []
    really = os.open

    def noting(path: str, *args: object, **options: object) -> int:
        looked.append(path)
        return really(path, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", noting)
    assert [tree.stat(("d", str(n)), stay=True) for n in range(5)] == [None] * 5
    assert looked == ["d"]
    (tmp_path / "out" / "d").mkdir()
    (tmp_path / "out" / "d" / "1").touch()
    assert tree.stat(("d", "1")) is not None
    tree.forget()
    assert tree.stat(("d", "1"), stay=True) is not None
    assert tree.stat(("e", "1"), stay=True) is None
    os.close(tree.open_file(("e", "1"), write=True, create=True))
    assert tree.stat(("e", "1"), stay=True) is not None
    tree.close()


def test_many_threads_share_them_and_nothing_stays_open(tmp_path: Path) -> None:
    """Each makes files all over four directories while another keeps having them found anew."""
    tree = Tree(tmp_path / "out", create=True)
    before = len(os.listdir("/proc/self/fd"))
    errors: list[BaseException] = []
    over = threading.Event()

    def work(number: int) -> None:
        try:
            for step in range(100):
                parts = ("d", str((number + step) // 3 % 4), f"{number}-{step}")
                os.close(tree.open_file(parts, write=True, create=True, stay=True))
                assert tree.stat(parts, stay=True) is not None
        except BaseException as error:
            errors.append(error)

    def disturb() -> None:
        while not over.wait(0.0005):
            tree.forget()

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    disturber = threading.Thread(target=disturb)
    for thread in (*threads, disturber):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    disturber.join()
    assert errors == []
    assert sum(path.is_file() for path in tree.root.rglob("*")) == 400
    tree.forget()
    assert len(os.listdir("/proc/self/fd")) == before
    tree.close()
