"""Memory for pieces on their way to the disk, used again and again."""

import mmap
from typing import NamedTuple

from torrent_peer.core.block import BLOCK_LENGTH


class PieceBuffer(NamedTuple):
    """Room for one piece, at an address from which it can be written around the page cache."""

    data: memoryview
    """All of it."""
    blocks: list[memoryview]
    """The same, block by block: cut once, and not for every block that comes."""


class PieceBuffers:
    """Buffers of one length, of which some that were given back are kept."""

    def __init__(self, length: int, *, keep: int) -> None:
        """`length`: bytes of each; `keep`: bytes kept at most, but one buffer at least."""
        self._length = length
        self._most = max(1, keep // length)
        self._spare: list[PieceBuffer] = []

    def take(self) -> PieceBuffer:
        """A buffer, with whatever was left in it."""
        if self._spare:
            return self._spare.pop()
        # Whole pages of their own: aligned, touched only where something is received, and given back at once.
        data = memoryview(mmap.mmap(-1, self._length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        return PieceBuffer(data, [data[at : at + BLOCK_LENGTH] for at in range(0, self._length, BLOCK_LENGTH)])

    def give_back(self, buffer: PieceBuffer) -> None:
        """Nobody uses it any more."""
        if len(self._spare) < self._most:
            self._spare.append(buffer)

    def drop(self) -> None:
        """Keep none."""
        self._spare.clear()
