"""Several buffers as one stretch of a file: read, written, cut, cleared."""

import os
from collections.abc import Iterable, Sequence
from typing import Final

MOST_BUFFERS: Final = 1024
"""Buffers one call takes; IOV_MAX of Linux."""


def write_all(fd: int, buffers: Iterable[memoryview], offset: int) -> None:
    """Write them one after the other, from `offset` on; raises OSError, some of it may be written then."""
    rest = [buffer for buffer in buffers if buffer]
    while rest:
        written = os.pwritev(fd, rest[:MOST_BUFFERS], offset)
        take(rest, written)
        offset += written


def read_all(fd: int, buffers: Iterable[memoryview], offset: int) -> bool:
    """Fill them one after the other with what is at `offset`; False if the file ends before. Raises OSError."""
    rest = [buffer for buffer in buffers if buffer]
    while rest:
        count = os.preadv(fd, rest[:MOST_BUFFERS], offset)
        if not count:
            return False
        take(rest, count)
        offset += count
    return True


def take(buffers: list[memoryview], length: int) -> list[memoryview]:
    """Cut the first `length` bytes off the buffers."""
    taken = []
    while length:
        first = buffers.pop(0)
        if len(first) > length:
            buffers.insert(0, first[length:])
            first = first[:length]
        taken.append(first)
        length -= len(first)
    return taken


def clear(buffers: Iterable[memoryview]) -> None:
    """Fill them with zeros."""
    for buffer in buffers:
        buffer[:] = bytes(len(buffer))


def is_zero(buffers: Sequence[bytes | memoryview]) -> bool:
    """Whether there is nothing but zeros in them."""
    return all(bytes(buffer).count(0) == len(buffer) for buffer in buffers)
