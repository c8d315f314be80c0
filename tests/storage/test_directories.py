"""The directory worked in last: one at most, never closed under a user, found anew when that is asked for."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.storage.descriptors import is_open
from torrent_peer.storage.directories import LastDirectory
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
    last = LastDirectory()
    fds = set()
    for _ in range(3):
        with last.lent(("a",), opener(("a",)), keep=True) as fd:
            fds.add(fd)
            assert os.path.samestat(os.fstat(fd), os.stat(opener.root / "a"))
    assert opener.opened == [("a",)]
    last.forget()
    assert not any(is_open(fd) for fd in fds)
    last.forget()


def test_another_directory_takes_its_place(opener: Opener) -> None:
    last = LastDirectory()
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
    last = LastDirectory()
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
    last = LastDirectory()
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
    last = LastDirectory()
    with last.lent(("a",), opener(("a",)), keep=True) as a:
        pass

    def fail() -> int:
        raise FileNotFoundError

    with pytest.raises(FileNotFoundError), last.lent(("b",), fail, keep=True):
        pass
    assert is_open(a)
    last.forget()


def test_many_threads_share_it_and_nothing_stays_open(tmp_path: Path) -> None:
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
