"""Blocks received straight into their pieces, without a copy in between.

Who asked for blocks can guess what comes next: the answers, in the order asked. So the data of each can be received to
where it belongs, and the headers apart from it. They are judged like any other before anybody hears of a block. Blocks
that came in another order are moved to their places; anything else is put together again, and read the ordinary way.
"""

import struct
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.wire import hot
from torrent_peer.wire.codec import FULL_PIECE_LENGTH, PIECE_HEADER_LENGTH, piece_header, piece_headers
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.state import Direction

MOST_BLOCKS: Final = 128
"""Blocks received at once; measured: 32 cost a twelfth more time."""
LEAST_BLOCKS: Final = 8
"""For fewer it is not worth while to prepare anything."""
_iterate_headers: Final = struct.Struct(">5sII").iter_unpack
"""(length and id, piece, begin)."""

Place = Callable[[BlockRow], Sequence[memoryview] | None]
"""Where the data of each of these blocks belongs; `None` if it belongs nowhere any more."""


class Landing:
    """Where the parts of one read go. One serves all connections of a thread: it is judged before anybody awaits."""

    __slots__ = (
        "_begun",
        "_blocks",
        "_data",
        "_expected",
        "_headers",
        "_place",
        "_rows",
        "_slots",
        "buffers",
        "missed",
    )

    def __init__(self) -> None:
        self._headers = memoryview(bytearray(MOST_BLOCKS * PIECE_HEADER_LENGTH))
        ends = range(PIECE_HEADER_LENGTH, len(self._headers) + 1, PIECE_HEADER_LENGTH)
        self._slots = [self._headers[end - PIECE_HEADER_LENGTH : end] for end in ends]
        self._begun = 0
        self._expected = b""
        self._blocks: list[Block] = []
        self._rows: list[BlockRow] = []
        self._data: list[memoryview] = []
        self._place: Place = _nowhere
        self.buffers: list[memoryview] = []
        """What to receive into, one after the other: headers and data in turns."""
        self.missed = False
        """Whether something else came last time than blocks that were asked for."""

    def aim(self, framer: Framer, way: Direction, place: Place, *, most: int) -> bool:
        """Prepare for the answers that should come next, `most` at most; whether there is anything to prepare for.

        Changes nothing but what is at the places, which nobody has any use for yet.
        """
        geometry, begun = way.state.geometry, framer.begun
        blocks = list(islice(way.receiver.requests.live, min(most, MOST_BLOCKS)))
        if len(blocks) < LEAST_BLOCKS or framer.missing is None or geometry is None:
            return False
        if begun and not _put_first(blocks, begun, way):
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
        self._data, self._place = data, place
        return True

    def judge(self, framer: Framer, way: Direction, length: int) -> tuple[list[BlockRow], bytes]:
        """So many bytes were received: take the blocks that came, up to the first thing that is no block asked for.

        They lie where they belong now. Returns them, and the bytes behind them, to be fed to `framer`. What is taken is
        what `hot.take_pieces` takes.
        """
        whole = (self._begun + length) // FULL_PIECE_LENGTH
        found = bytes(self._headers[: whole * PIECE_HEADER_LENGTH])
        guessed = self._expected.startswith(found)
        came, moves = (self._blocks[:whole], []) if guessed else self._read(found, way)
        count = hot.take_whole(way, came)
        self.missed, taken = count < whole, 0
        if count:
            taken = count * FULL_PIECE_LENGTH - self._begun
            framer.pass_by(taken)
        rest, at = length - taken, 2 * count - (1 if self._begun and count else 0)
        parts = self.buffers[at : at + 2 * (rest // FULL_PIECE_LENGTH) + 3]
        behind = b"".join(parts)[:rest]
        # What is not taken is safe now: it may have been received to where a block belongs that was.
        moved = [(to, bytes(self._data[number])) for number, to in moves if number < count]
        for to, data in moved:
            to[:] = data
        self._place = _nowhere
        return _first(self._rows, count) if guessed else _rows(came[:count]), behind

    def _read(self, headers: bytes, way: Direction) -> tuple[list[Block], list[tuple[int, memoryview]]]:
        """The different blocks with these headers that are asked for; by their numbers, where to move those to that
        did not come in their turn. Up to the first header of anything else.
        """
        live = way.receiver.requests.live
        came: dict[Block, None] = {}
        moves: list[tuple[int, memoryview]] = []
        for number, (prefix, piece, begin) in enumerate(_iterate_headers(headers)):
            block = Block(piece, begin, BLOCK_LENGTH)
            if prefix != hot.FULL_PREFIX or block in came or live.get(block) != 1:
                break
            if block != self._blocks[number]:
                places = self._place(BlockRow(piece, begin, BLOCK_LENGTH, 1))
                if places is None:
                    break
                moves.append((number, places[0]))
            came[block] = None
        return list(came), moves


def _put_first(blocks: list[Block], begun: bytes | bytearray, way: Direction) -> bool:
    """Let the block come first that has begun with these bytes; False if that is not what they are, or not yet."""
    if len(begun) < PIECE_HEADER_LENGTH:
        return False
    if begun[:PIECE_HEADER_LENGTH] == piece_header(blocks[0]):
        return True
    ((prefix, piece, begin),) = _iterate_headers(begun[:PIECE_HEADER_LENGTH])
    block = Block(piece, begin, BLOCK_LENGTH)
    if prefix != hot.FULL_PREFIX or way.receiver.requests.live.get(block) != 1:
        return False
    if block in blocks:
        blocks.remove(block)
    else:
        blocks.pop()
    blocks.insert(0, block)
    return True


def _nowhere(row: BlockRow) -> None:
    """The place for what nobody has prepared for."""


def _rows(blocks: Sequence[Block]) -> list[BlockRow]:
    """The same, those in a row together."""
    rows: list[BlockRow] = []
    for piece, begin, length in blocks:
        last = rows[-1] if rows else None
        if last is not None and (piece, begin) == (last.piece, last.begin + last.n_blocks * length):
            rows[-1] = last._replace(n_blocks=last.n_blocks + 1)
        else:
            rows.append(BlockRow(piece, begin, length, 1))
    return rows


def _first(rows: Sequence[BlockRow], count: int) -> list[BlockRow]:
    """The first `count` blocks of `rows`."""
    found = []
    for row in rows:
        if count <= 0:
            break
        found.append(row if row.n_blocks <= count else row._replace(n_blocks=count))
        count -= row.n_blocks
    return found
