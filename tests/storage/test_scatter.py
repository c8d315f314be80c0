"""Buffers that together are one stretch of a file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from torrent_peer.storage.scatter import MOST_BUFFERS, clear, is_zero, read_all, take, write_all


def views(*parts: bytes) -> list[memoryview]:
    return [memoryview(bytearray(part)) for part in parts]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


@pytest.mark.parametrize(
    ("length", "taken", "left"),
    [
        (0, [], [b"abc", b"", b"defg"]),
        (2, [b"ab"], [b"c", b"", b"defg"]),
        (3, [b"abc"], [b"", b"defg"]),
        (5, [b"abc", b"", b"de"], [b"fg"]),
        (7, [b"abc", b"", b"defg"], []),
    ],
)
def test_what_is_taken_is_cut_off(length: int, taken: list[bytes], left: list[bytes]) -> None:
    buffers = views(b"abc", b"", b"defg")
    assert list(map(bytes, take(buffers, length))) == taken
    assert list(map(bytes, buffers)) == left


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_all_is_written_and_read_however_little_a_call_takes(
    file: int, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    pwritev, preadv = os.pwritev, os.preadv
    monkeypatch.setattr(os, "pwritev", lambda fd, data, at: pwritev(fd, take(list(data), min(step, _size(data))), at))
    monkeypatch.setattr(os, "preadv", lambda fd, data, at: preadv(fd, take(list(data), min(step, _size(data))), at))
    write_all(file, views(b"abc", b"", b"defg", b"h"), 2)
    assert os.pread(file, 100, 0) == b"\0\0abcdefgh"
    into = views(bytes(2), bytes(0), bytes(5))
    assert read_all(file, into, 3)
    assert list(map(bytes, into)) == [b"bc", b"", b"defgh"]
    assert not read_all(file, into, 4)


def _size(data: list[memoryview]) -> int:
    return sum(map(len, data))


def test_more_buffers_than_the_system_takes_at_once(file: int) -> None:
    count = 2 * MOST_BUFFERS + 1
    write_all(file, views(*[b"%04d" % number for number in range(count)]), 0)
    into = views(*[bytes(4)] * count)
    assert read_all(file, into, 0)
    assert [int(bytes(view)) for view in into] == list(range(count))


def test_zeros_are_told_from_anything_else() -> None:
    buffers = views(bytes(5), b"", b"\0\1")
    assert is_zero(buffers[:2])
    assert not is_zero(buffers)
    clear(buffers)
    assert is_zero(buffers)
