"""Blocks received straight into their pieces, without a copy in between.

Who asked for blocks can guess what comes next: the answers, in the order asked. So the data of each can be received to
where it belongs, and the headers apart from it. They are judged like any other before anybody hears of a block; what
came otherwise than guessed is put together again, and read the ordinary way.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from torrent_peer.core.block import Block, BlockRow
from torrent_peer.wire import hot
from torrent_peer.wire.codec import FULL_PIECE_LENGTH, PIECE_HEADER_LENGTH, piece_header, piece_headers
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.state import Direction

MOST_BLOCKS: Final = 128
"""Blocks received at once; measured: 32 cost a twelfth more time."""
LEAST_BLOCKS: Final = 8
"""For fewer it is not worth while to prepare anything."""

Place = Callable[[BlockRow], Sequence[memoryview] | None]
"""Where the data of each of these blocks belongs; `None` if it belongs nowhere any more."""


class Landing:
    """Where the parts of one read go. One serves all connections of a thread: it is judged before anybody awaits."""

    __slots__ = ("_begun", "_blocks", "_expected", "_headers", "_rows", "_slots", "buffers", "missed")

    def __init__(self) -> None:
        self._headers = memoryview(bytearray(MOST_BLOCKS * PIECE_HEADER_LENGTH))
        ends = range(PIECE_HEADER_LENGTH, len(self._headers) + 1, PIECE_HEADER_LENGTH)
        self._slots = [self._headers[end - PIECE_HEADER_LENGTH : end] for end in ends]
        self._begun = 0
        self._expected = b""
        self._blocks: list[Block] = []
        self._rows: list[BlockRow] = []
        self.buffers: list[memoryview] = []
        """What to receive into, one after the other: headers and data in turns."""
        self.missed = False
        """Whether something else came last time than was guessed."""

    def aim(self, framer: Framer, way: Direction, place: Place, *, most: int) -> bool:
        """Prepare for the answers that should come next, `most` at most; whether there is anything to prepare for.

        Changes nothing but what is at the places, which nobody has any use for yet.
        """
        geometry, begun = way.state.geometry, framer.begun
        blocks = list(islice(way.receiver.requests.live, min(most, MOST_BLOCKS)))
        if len(blocks) < LEAST_BLOCKS or framer.missing is None or geometry is None:
            return False
        if begun and begun[:PIECE_HEADER_LENGTH] != piece_header(blocks[0]):
            return False
        rows: list[BlockRow] = []
        data: list[memoryview] = []
        while len(data) < len(blocks):
            row = hot.first_row(blocks, len(data), geometry)
            if row is None or (views := place(row)) is None:
                break
            rows.append(row)
            data += views
        if len(data) < LEAST_BLOCKS:
            return False
        buffers = self._slots[: len(data)] + data
        buffers[::2], buffers[1::2] = buffers[: len(data)], data
        if begun:
            self._slots[0][:] = begun[:PIECE_HEADER_LENGTH]
            size = len(begun) - PIECE_HEADER_LENGTH
            data[0][:size] = begun[PIECE_HEADER_LENGTH:]
            buffers[:2] = [data[0][size:]]
        self._begun, self._blocks, self._rows, self.buffers = len(begun), blocks[: len(data)], rows, buffers
        self._expected = b"".join([piece_headers(row) for row in rows])
        return True

    def judge(self, framer: Framer, way: Direction, length: int) -> tuple[list[BlockRow], bytes]:
        """So many bytes were received: take the blocks that came as guessed, and lie where they belong now.

        Returns them, and the bytes behind them, to be fed to `framer`. What is taken is what `hot.take_pieces` takes.
        """
        whole = (self._begun + length) // FULL_PIECE_LENGTH
        count = hot.take_whole(way, self._blocks[: self._as_guessed(whole)])
        self.missed, taken = count < whole, 0
        if count:
            taken = count * FULL_PIECE_LENGTH - self._begun
            framer.pass_by(taken)
        rest, at = length - taken, 2 * count - (1 if self._begun and count else 0)
        parts = self.buffers[at : at + 2 * (rest // FULL_PIECE_LENGTH) + 3]
        return _first(self._rows, count), b"".join(parts)[:rest]

    def _as_guessed(self, whole: int) -> int:
        """How many of so many headers are what was expected, before the first that is not."""
        found = bytes(self._headers[: whole * PIECE_HEADER_LENGTH])
        if self._expected.startswith(found):
            return whole
        same = next(at for at, (one, other) in enumerate(zip(found, self._expected, strict=False)) if one != other)
        return same // PIECE_HEADER_LENGTH


def _first(rows: Sequence[BlockRow], count: int) -> list[BlockRow]:
    """The first `count` blocks of `rows`."""
    found = []
    for row in rows:
        if count <= 0:
            break
        found.append(row if row.n_blocks <= count else row._replace(n_blocks=count))
        count -= row.n_blocks
    return found
