"""Where blocks are put together for the wire, shared by all torrents of a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio

BATCH_BYTES: Final = 1024 * 1024
"""Bytes of blocks read from disk and given to the network together, at most. Measured: with 64 blocks at once a GiB
costs two thirds of the processor time it costs with 16."""
BATCH_BLOCKS: Final = 256
"""Blocks in a batch, at most: some ask for little ones."""
DISK_READS: Final = 4
"""Batches that disks are asked for at once, and so what is in memory of them: 4 MiB."""


class BlockBuffers:
    """One buffer for what is in the page cache, which is used up before anybody awaits, and a few for disks to fill."""

    def __init__(self, *, gap: int) -> None:
        """`gap`: bytes beside each block."""
        self._length = BATCH_BYTES + BATCH_BLOCKS * gap
        self._limiter = trio.CapacityLimiter(DISK_READS)
        self._spare: list[memoryview] = []
        self.at_once = memoryview(bytearray(self._length))
        """For use between two awaits."""

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[memoryview]:
        """A buffer for use across awaits; waits until one is free."""
        async with self._limiter:
            buffer = self._spare.pop() if self._spare else memoryview(bytearray(self._length))
            try:
                yield buffer
            finally:
                self._spare.append(buffer)
