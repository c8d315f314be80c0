"""`Block`: the unit of request, one value instead of three loose integers; and many of them in a row."""

from typing import Final, NamedTuple

BLOCK_LENGTH: Final = 16 * 1024
"""Bytes in a full block. BEP 3: "All current implementations use 2^14 (16 kiB)"."""


class Block(NamedTuple):
    """A stretch of one piece, as `request`, `piece`, `cancel` and `reject` name it (BEP 3).

    A named tuple, not an attrs class: blocks are the keys of every ledger on the receive path, and a tuple is hashed
    and compared in C; a plain `(piece, begin, length)` finds the same entry.
    """

    piece: int
    """Index of the piece, from 0."""
    begin: int
    """Offset inside the piece, in bytes."""
    length: int
    """Bytes."""

    @property
    def end(self) -> int:
        """Offset inside the piece just behind the block."""
        return self.begin + self.length

    def __str__(self) -> str:
        return f"piece {self.piece} [{self.begin}:{self.begin + self.length}]"


class BlockRow(NamedTuple):
    """Blocks of one length that lie one behind the other in one piece."""

    piece: int
    """Index of the piece."""
    begin: int
    """Offset of the first inside the piece, in bytes."""
    length: int
    """Bytes of each block."""
    n_blocks: int
    """How many there are."""

    @property
    def blocks(self) -> list[Block]:
        """The blocks one by one."""
        piece, begin, length, count = self
        return [Block(piece, begin + number * length, length) for number in range(count)]
