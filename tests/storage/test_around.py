"""Writing around the page cache, and that such writes and others never meet in one file."""

import errno
import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fcntl import F_GETFL, fcntl
from pathlib import Path

import pytest

from torrent_peer.storage import around as module
from torrent_peer.storage.around import ALIGNMENT, LEAST_LENGTH, Around, Ways
from torrent_peer.storage.buffers import PieceBuffers
from torrent_peer.storage.files import DataFiles
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.scatter import take
from torrent_peer.storage.tree import Tree

PIECE = LEAST_LENGTH
LENGTH = 40 * PIECE + 1000


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    tree = Tree(tmp_path, create=True)
    yield tree
    tree.close()


@pytest.fixture
def files(tree: Tree, pool: FilePool) -> DataFiles:
    return DataFiles(tree, pool, {0: ("data",), 1: ("other",)}, {0: LENGTH, 1: LENGTH}, overwrite=False)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each write so far: did it go around the page cache?"""
    found: list[bool] = []
    write = os.pwritev

    def noting(fd: int, data: list[memoryview], offset: int) -> int:
        count = write(fd, data, offset)
        found.append(bool(fcntl(fd, F_GETFL) & os.O_DIRECT))
        return count

    monkeypatch.setattr(os, "pwritev", noting)
    return found


def filled(seed: int, length: int = PIECE) -> memoryview:
    buffer = PieceBuffers(length, keep=0).take().data
    buffer[:] = random.Random(seed).randbytes(length)
    return buffer


def need_direct(directory: Path) -> None:
    fd = os.open(directory / "probe", os.O_WRONLY | os.O_CREAT)
    try:
        os.close(Around().open(lambda: os.dup(fd)))
    except OSError as error:
        pytest.skip(f"this file system has no O_DIRECT: {error}")
    finally:
        os.close(fd)


def test_what_is_written_around_the_cache_is_what_is_read(tree: Tree, files: DataFiles, ways: list[bool]) -> None:
    need_direct(tree.root)
    files.write(0, 0, filled(0), around=True)  # makes the file
    files.write(0, 8 * PIECE, filled(8), around=True)
    files.write(0, 3 * PIECE, filled(3))
    assert ways == [False, True, False]
    for piece in (0, 3, 8):
        assert files.read(0, piece * PIECE, PIECE) == filled(piece)
    files.sync()
    files.confirm([0])
    assert (tree.root / "data").stat().st_size == LENGTH


def test_what_does_not_fit_goes_the_other_way(tree: Tree, files: DataFiles, ways: list[bool]) -> None:
    need_direct(tree.root)
    files.make(0)
    files.write(0, 100, filled(1), around=True)
    files.write(0, 0, filled(1)[: PIECE - 1], around=True)
    files.write(0, 40 * PIECE, filled(1)[:1000], around=True)
    assert ways == [False] * 3
    assert files.read(0, 40 * PIECE, 1000) == filled(1)[:1000]
    files.write(0, PIECE, filled(2), around=True)  # and it is still tried
    assert ways == [False] * 3 + [True]


def test_a_buffer_that_is_not_where_it_should_be_is_written_all_the_same(files: DataFiles) -> None:
    files.make(0)
    data = filled(1, PIECE + ALIGNMENT)[1 : PIECE + 1]
    files.write(0, PIECE, data, around=True)
    assert files.read(0, PIECE, PIECE) == data


def test_a_file_system_that_cannot_do_it_is_asked_once(
    files: DataFiles, ways: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refusing(fd: int, command: int, *flags: int) -> int:
        if flags:
            asked.append(fd)
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return fcntl(fd, command)

    monkeypatch.setattr(module, "fcntl", refusing)
    files.make(0)
    for piece in range(3):
        files.write(0, piece * PIECE, filled(piece), around=True)
    assert (len(asked), ways) == (1, [False] * 3)
    assert b"".join(files.read(0, piece * PIECE, PIECE) for piece in range(3)) == b"".join(map(filled, range(3)))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(asked[0])  # nothing is left open


@pytest.mark.parametrize("first", [0, 1000, 2 * ALIGNMENT, PIECE - 1])
def test_a_write_that_stops_half_way_is_gone_on_with(
    files: DataFiles, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    files.make(0)
    write = os.pwritev
    counts = [first]

    def short(fd: int, data: list[memoryview], offset: int) -> int:
        return write(fd, take(list(data), counts.pop()) if counts else data, offset)

    monkeypatch.setattr(os, "pwritev", short)
    monkeypatch.setattr(module, "_DIRECT", 0)  # so that the test can write odd lengths
    files.write(0, PIECE, filled(7), filled(8), around=True)
    assert files.read(0, PIECE, 2 * PIECE) == bytes(filled(7)) + bytes(filled(8))
    assert files.read(0, 0, PIECE) == files.read(0, 3 * PIECE, PIECE) == bytes(PIECE)


def test_an_error_on_the_way_around_is_told_by_the_other_or_not_at_all(
    files: DataFiles, ways: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    files.make(0)

    def failing(self: Around, fd: int, offset: int, data: list[memoryview]) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Around, "write", failing)
    files.write(0, 0, filled(1), around=True)
    assert files.read(0, 0, PIECE) == filled(1)
    assert ways == [False]


def test_a_system_without_it_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DIRECT", None)
    assert not Around().suits(0, [filled(0)])


@pytest.mark.parametrize(
    ("offset", "lengths", "suits"),
    [
        (0, [PIECE], True),
        (ALIGNMENT, [ALIGNMENT] * (PIECE // ALIGNMENT), True),  # small ones together are enough
        (0, [ALIGNMENT] * (PIECE // ALIGNMENT - 1), False),
        (100, [PIECE], False),
        (0, [PIECE, 100], False),
        (0, [PIECE - 100, 100], False),
        (0, [], False),
    ],
)
def test_it_is_for_long_stretches_in_whole_pages(offset: int, lengths: list[int], suits: bool) -> None:
    if not Around().given_up:
        assert Around().suits(offset, [memoryview(bytes(length)) for length in lengths]) is suits


def test_a_file_that_was_removed_is_made_anew(tree: Tree, files: DataFiles) -> None:
    for seed in (1, 2):
        files.make(1)
        files.write(1, PIECE, filled(seed), around=True)
        assert files.read(1, PIECE, PIECE) == filled(seed)
        files.remove(1)
        assert not (tree.root / "other").exists()


def test_writes_of_both_ways_never_meet_in_a_file() -> None:
    ways, lock = Ways(), threading.Lock()
    inside = {(file, around): 0 for file in (0, 1) for around in (False, True)}
    most = dict.fromkeys(inside, 0)
    met = []
    pause = threading.Event()

    def use(number: int) -> None:
        chance = random.Random(number)
        for _ in range(100):
            file, around = chance.randrange(2), chance.random() < 0.5
            with ways.taken(file, around=around):
                with lock:
                    inside[file, around] += 1
                    most[file, around] = max(most[file, around], inside[file, around])
                    if inside[file, not around]:
                        met.append((number, file))
                pause.wait(chance.random() / 2000)
                with lock:
                    inside[file, around] -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(use, range(8)))
    assert met == []
    assert min(most.values()) > 1  # but those of one way do
    assert set(inside.values()) == {0}


def test_nobody_waits_for_ever_behind_the_others() -> None:
    """Others keep a file busy without a gap: whoever wants the other way still gets his turn."""
    ways, stop, busy = Ways(), threading.Event(), threading.Barrier(4)

    def hog() -> None:
        busy.wait(10)
        while not stop.is_set():
            with ways.taken(0, around=True):
                stop.wait(0.001)

    with ThreadPoolExecutor(4) as threads:
        hogs = [threads.submit(hog) for _ in range(3)]
        busy.wait(10)
        turn = threading.Event()

        def wait() -> None:
            for _ in range(20):
                with ways.taken(0, around=False):
                    pass
            turn.set()

        threads.submit(wait)
        came = turn.wait(20)
        stop.set()
        for one in hogs:
            one.result(20)
    assert came


def test_many_threads_write_both_ways_while_others_read(files: DataFiles) -> None:
    """What was written is what is read, at once and in the end, whatever was read ahead in between."""
    pieces = list(range(40))
    random.Random(1).shuffle(pieces)
    files.make(0)
    done: list[int] = []
    stop = threading.Event()

    def write(piece: int) -> None:
        files.write(0, piece * PIECE, filled(piece), around=piece % 4 != 0)
        assert files.read(0, piece * PIECE, PIECE) == filled(piece)
        done.append(piece)

    def read() -> None:
        chance = random.Random(2)
        while not stop.is_set():
            if done:
                piece = chance.choice(done)
                assert files.read(0, piece * PIECE, PIECE) == filled(piece)

    with ThreadPoolExecutor(6) as threads:
        readers = [threads.submit(read) for _ in range(2)]
        try:
            list(threads.map(write, pieces))
        finally:
            stop.set()
        for reader in readers:
            reader.result()
    files.sync()
    assert [files.read(0, piece * PIECE, PIECE) == filled(piece) for piece in range(40)] == [True] * 40
