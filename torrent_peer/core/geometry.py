"""How a torrent's bytes are cut into pieces and blocks."""

from collections.abc import Iterator

from attrs import field

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.values import frozen


@frozen
class Geometry:
    """Length of the content and of a piece; everything else about pieces and blocks follows (BEP 3).

    Raises ValueError when a length is not positive (an empty torrent has no pieces to exchange).
    """

    total_length: int
    """Bytes of content, padding files included."""
    piece_length: int
    """Bytes in every piece but the last."""
    piece_count: int = field(init=False)
    """Pieces, the short last one included."""
    last_piece_length: int = field(init=False)
    """Bytes in the last piece."""

    def __attrs_post_init__(self) -> None:
        if self.total_length <= 0 or self.piece_length <= 0:
            raise ValueError(f"lengths must be positive: {self.total_length} bytes in pieces of {self.piece_length}")
        count = -(-self.total_length // self.piece_length)
        object.__setattr__(self, "piece_count", count)
        object.__setattr__(self, "last_piece_length", self.total_length - (count - 1) * self.piece_length)

    def piece_size(self, piece: int) -> int:
        """Bytes in `piece`; raises IndexError outside 0…piece_count-1."""
        if 0 <= piece < self.piece_count - 1:
            return self.piece_length
        if piece == self.piece_count - 1:
            return self.last_piece_length
        raise IndexError(f"piece {piece} of {self.piece_count}")

    def piece_offset(self, piece: int) -> int:
        """Offset of `piece` in the torrent's content, bytes."""
        return piece * self.piece_length

    def block_count(self, piece: int) -> int:
        """Blocks of 16 KiB in `piece`, the short last one included."""
        return -(-self.piece_size(piece) // BLOCK_LENGTH)

    def block(self, piece: int, number: int) -> Block:
        """The block `number` (from 0) of `piece` on the 16 KiB grid; raises IndexError outside it."""
        size = self.piece_size(piece)
        begin = number * BLOCK_LENGTH
        if not 0 <= begin < size:
            raise IndexError(f"block {number} of piece {piece}")
        return Block(piece, begin, min(BLOCK_LENGTH, size - begin))

    def blocks(self, piece: int) -> Iterator[Block]:
        """The blocks of `piece` in order."""
        return (self.block(piece, number) for number in range(self.block_count(piece)))

    def contains(self, block: Block) -> bool:
        """Whether `block` is non-empty and lies inside its piece; exact, whatever the integers."""
        return (
            0 <= block.piece < self.piece_count
            and block.begin >= 0
            and block.length > 0
            and block.begin + block.length <= self.piece_size(block.piece)
        )
