"""Writing around the page cache (`O_DIRECT`), which costs no copy."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fcntl import F_GETFL, F_SETFL, fcntl
from typing import Final

from attrs import field

from torrent_peer.core.values import define
from torrent_peer.storage.scatter import MOST_BUFFERS, take

ALIGNMENT: Final = 4096
"""Offset, length and address of such a write are multiples of this; some disks are content with 512."""
LEAST_LENGTH: Final = 256 * 1024
"""Bytes; for less a write of its own costs more than the copy."""

_DIRECT: Final[int | None] = getattr(os, "O_DIRECT", None)


class Around:
    """Writing around the page cache below one directory, as long as that can be done; any thread may."""

    def __init__(self) -> None:
        self.given_up = _DIRECT is None
        """It cannot be done here."""

    def suits(self, offset: int, data: Sequence[memoryview]) -> bool:
        """Whether a write of all this at `offset` in a file may go this way."""
        if self.given_up or offset % ALIGNMENT:
            return False
        lengths = [len(buffer) for buffer in data]
        return sum(lengths) >= LEAST_LENGTH and not any(length % ALIGNMENT for length in lengths)

    def open(self, open_file: Callable[[], int]) -> int:
        """The descriptor of `open_file` made one for such writes; raises OSError where the file system has none."""
        fd = open_file()
        try:
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | (_DIRECT or 0))
        except BaseException:
            os.close(fd)
            raise
        return fd

    def write(self, fd: int, offset: int, data: Iterable[memoryview]) -> int:
        """How many bytes were written, from the first; raises OSError."""
        rest, written = list(data), 0
        while rest and not written % ALIGNMENT:
            count = os.pwritev(fd, rest[:MOST_BUFFERS], offset + written)
            if not count:
                break
            take(rest, count)
            written += count
        return written


@define
class _Traffic:
    """The writers to one file, by their way: 0 into the cache, 1 around it."""

    writing: list[int] = field(factory=lambda: [0, 0])
    waiting: list[int] = field(factory=lambda: [0, 0])
    called: list[int] = field(factory=lambda: [0, 0])
    """How many may begin before anybody who wants to go the other way."""

    def enter(self, way: int, changed: threading.Condition) -> None:
        """Wait for this way's turn."""
        other = 1 - way
        self.waiting[way] += 1
        while self.writing[other] or self.called[other] or self._must_yield(way):
            changed.wait()
        self.waiting[way] -= 1
        self.writing[way] += 1
        self.called[way] = max(0, self.called[way] - 1)

    def leave(self, way: int, changed: threading.Condition) -> None:
        """The last one calls those who have waited for the other way, but nobody who comes after them."""
        self.writing[way] -= 1
        if not self.writing[way]:
            self.called[way], self.called[1 - way] = 0, self.waiting[1 - way]
            changed.notify_all()

    def _must_yield(self, way: int) -> bool:
        """Whether to let those end who go this way now, for others wait to go the other."""
        return bool(self.writing[way] and self.waiting[1 - way] and not self.called[way])

    @property
    def is_over(self) -> bool:
        return not any(self.writing) and not any(self.waiting)


class Ways:
    """Lets the writes to a file go into the page cache or around it, never some this way and some that at one moment.

    The kernel drops what the cache holds of a range before and after it is written around the cache. Where another
    write has made the same part of the cache dirty in between (parts are larger than what is written to them, where
    somebody read ahead), it cannot: what is read from the cache then is old, and the next flush fails.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._files: dict[int, _Traffic] = {}

    @contextmanager
    def taken(self, file: int, *, around: bool) -> Iterator[None]:
        """Wait until a write to the file may go this way; it may for the length of the block."""
        with self._changed:
            traffic = self._files.get(file)
            if traffic is None:
                traffic = self._files[file] = _Traffic()
            traffic.enter(around, self._changed)
        try:
            yield
        finally:
            with self._changed:
                traffic.leave(around, self._changed)
                if traffic.is_over:
                    del self._files[file]
