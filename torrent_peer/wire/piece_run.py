"""Blocks as they come: many `piece` messages in a row, for blocks in a row."""

from collections.abc import Iterator

from torrent_peer.core.block import BlockRow
from torrent_peer.core.values import define
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.messages import Piece


@define
class PieceRun:
    """`Piece` messages that came one behind the other, for blocks that lie one behind the other in one piece.

    A download consists of little else, so whatever can be done once for all of them is not done for each. Iterating
    gives the messages one by one.
    """

    row: BlockRow
    """What was sent."""
    data: memoryview
    """The messages as they came, prefixes included: a view that is good until the connection is given more bytes."""

    def copy_to(self, buffer: memoryview) -> None:
        """Put the blocks in their places in `buffer`, which is the whole piece."""
        _, at, length, _ = self.row
        source = self.data
        for start in range(PIECE_HEADER_LENGTH, len(source), PIECE_HEADER_LENGTH + length):
            buffer[at : at + length] = source[start : start + length]
            at += length

    def __iter__(self) -> Iterator[Piece]:
        start = PIECE_HEADER_LENGTH
        for block in self.row.blocks:
            yield Piece(block, self.data[start : start + block.length])
            start += PIECE_HEADER_LENGTH + block.length
