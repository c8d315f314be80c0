"""Room for a file, set aside before it is written."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrent_peer.storage import reserve as module
from torrent_peer.storage.reserve import RESERVED_FROM, reserve

LENGTH = RESERVED_FROM + 5000


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    found = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    os.pwrite(found, b"begun", 0)
    yield found
    os.close(found)


def failing(monkeypatch: pytest.MonkeyPatch, number: int, *, from_length: int = 0) -> list[int]:
    """A `fallocate` that fails for as much as `from_length`, having enlarged the file; the lengths it was asked for."""
    asked: list[int] = []

    def fallocate(fd: int, length: int) -> None:
        asked.append(length)
        os.ftruncate(fd, max(length, os.fstat(fd).st_size))
        if length >= from_length:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module, "native", lambda: fallocate)
    return asked


def test_the_file_has_its_length_and_its_blocks_and_is_a_hole_to_who_looks(fd: int) -> None:
    if not reserve(fd, LENGTH):  # a file system that cannot do it; then nothing has been done
        assert os.fstat(fd).st_size == 5
        pytest.skip("this file system cannot set blocks aside")
    found = os.fstat(fd)
    assert (found.st_size, found.st_blocks * 512 >= LENGTH) == (LENGTH, True)
    assert os.lseek(fd, 0, os.SEEK_HOLE) < RESERVED_FROM  # before it is read: what is in memory counts as data
    assert os.pread(fd, LENGTH, 0) == b"begun" + bytes(LENGTH - 5)
    assert reserve(fd, LENGTH)
    assert os.pread(fd, 5, 0) == b"begun"


def test_small_files_are_not_worth_it(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, errno.EIO)
    assert not reserve(fd, RESERVED_FROM - 1)
    assert (asked, os.fstat(fd).st_size) == ([], 5)


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL])
def test_who_cannot_leaves_the_file_as_it_was(fd: int, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    failing(monkeypatch, number)
    assert not reserve(fd, LENGTH)
    assert os.fstat(fd).st_size == 5


def test_without_the_call_nothing_is_done(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "native", lambda: None)
    assert not reserve(fd, LENGTH)
    assert os.fstat(fd).st_size == 5


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO])
def test_what_fails_leaves_the_file_as_it_was_and_says_why(
    fd: int, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    failing(monkeypatch, number, from_length=LENGTH)
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        reserve(fd, LENGTH)
    assert (caught.value.errno, os.fstat(fd).st_size) == (number, 5)


def test_a_disk_that_is_too_small_is_not_filled_to_find_out(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = failing(monkeypatch, errno.EIO, from_length=2)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        reserve(fd, 1 << 60)
    assert (asked, os.fstat(fd).st_size) == ([1], 5)
