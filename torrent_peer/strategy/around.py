"""When pieces are written around the page cache: when they come faster than they can be copied into it."""

from typing import Final

BEHIND: Final = 1024 * 1024
"""Bytes waiting for the disk threads from which on it is done."""
SLOWEST: Final = 32 * 1024 * 1024
"""Bytes a second one writer must reach, while the others write, too. Disks that have to seek do not: the kernel, which
collects what is written and sorts it, is the better way there."""
TRIAL: Final = 32 * 1024 * 1024
"""Bytes after which that is looked at, each time."""


class AroundCache:
    """Which pieces of one download go around the page cache.

    To copy a piece into memory that has to be found first costs more than all else that is done with it but hashing.
    But who wants it next has to wait for the disk, so while there is time pieces are left to the kernel.
    """

    def __init__(self) -> None:
        self.too_slow = False
        """It was tried, and is not worth while here."""
        self._behind = False
        self._bytes = 0
        self._seconds = 0.0

    def wanted(self, waiting: int) -> bool:
        """Whether to do it with a piece handed to the disk threads while so many bytes wait for them.

        Once begun it goes on until nothing waits, for to change the way costs time (`storage.around.Ways`).
        """
        self._behind = waiting >= (1 if self._behind else BEHIND)
        return self._behind and not self.too_slow

    def took(self, length: int, seconds: float) -> None:
        """One writer has written so much this way."""
        self._bytes += length
        self._seconds += seconds
        if self._bytes >= TRIAL:
            self.too_slow = self.too_slow or self._bytes < self._seconds * SLOWEST
            self._bytes, self._seconds = 0, 0.0
