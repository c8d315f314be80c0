"""The receive and the sending path of blocks: what is plainly legal is found so, and applied, in one step.

`piece` and `request` come by the hundred thousand. What this module lets pass breaks none of their rules; what it does
not let pass is not therefore illegal, but is held against the rules one by one. Tests hold the two against each other.
"""

import struct
from collections.abc import Sequence
from itertools import repeat
from typing import Final, cast

from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.core.geometry import Geometry
from torrent_peer.wire import effects
from torrent_peer.wire.codec import FULL_PIECE_LENGTH, PIECE_HEADER_LENGTH, PIECE_ID, REQUEST_ID, REQUEST_LENGTH
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.piece_run import PieceRun
from torrent_peer.wire.state import Direction

_ACTIVE: Final = Phase.ACTIVE
READ_AHEAD: Final = 64
"""Messages read before any is judged: what is not ordinary is read again, and hostile peers say nothing else."""
_FULL: Final = BLOCK_LENGTH + 9
FULL_PREFIX: Final = struct.pack(">IB", _FULL, PIECE_ID)
"""Length and id of a `piece` with a full block."""
_unpack_piece: Final = struct.Struct(">IBII").unpack_from
_iterate_headers: Final = struct.Struct(f">5sII{BLOCK_LENGTH}x").iter_unpack
"""(length and id, piece, begin) of full blocks one behind the other."""
_unpack_request: Final = struct.Struct(">IBIII").unpack_from
_as_tuple: Final = tuple.__new__
"""Makes a Block without a Python frame: 0.1 instead of 0.25 µs."""


def read_pieces(framer: Framer, way: Direction) -> tuple[list[PieceRun], int]:
    """The pieces that are next and whole, see `take_pieces`; and the stream offset of the first."""
    runs: list[PieceRun] = []
    if pending := framer.pending:
        whole = framer.whole()
        if whole is None or not take_pieces(way, whole, 0, runs)[0]:
            return runs, 0
        framer.skip_whole()
        pending = len(whole)
    offset = framer.position - pending
    end, cut = take_pieces(way, *framer.unread(), runs)
    framer.skip_to(end)
    if cut:
        framer.keep(cut)
    return runs, offset


def take_pieces(way: Direction, data: memoryview, start: int, runs: list[PieceRun]) -> tuple[int, int]:
    """Read and take the pieces that lie at `data[start:]` one behind the other, into `runs`.

    Returns where the first other thing starts; and, if that is one more such piece, of which only the beginning is
    here, how long it will be, else 0.

    What it takes is what `take_answer` takes, and for the same reason: whatever is in the ledger was judged as it was
    requested, so that to find it there is to judge the header whole. At anything else it stops, having changed nothing.
    """
    if not _plain(way):
        return start, 0
    ledger = way.receiver.requests
    live, size, taken, cut = ledger.live, len(data), 0, 0
    last = size - PIECE_HEADER_LENGTH
    while start <= last:
        length, message_id, piece, begin = _unpack_piece(data, start)
        block = _as_tuple(Block, (piece, begin, length - 9))
        if message_id != PIECE_ID or live.get(block) != 1:
            break
        end = start + 4 + length
        if end > size:
            cut = 4 + length
            break
        del live[block]
        count = 1
        if length == _FULL:
            count += _take_more(live, data[end : end + READ_AHEAD * FULL_PIECE_LENGTH], piece, begin + BLOCK_LENGTH)
            end = start + count * FULL_PIECE_LENGTH
        runs.append(PieceRun(BlockRow(piece, begin, length - 9, count), data[start:end]))
        start = end
        taken += count
    ledger.total -= taken
    return start, cut


def take_whole(way: Direction, blocks: Sequence[Block]) -> int:
    """Take pieces with these blocks, no two alike, as `take_pieces` does; how many, before the first it would not."""
    if not _plain(way):
        return 0
    ledger = way.receiver.requests
    live = ledger.live
    count = alike(list(map(live.get, blocks)), [1] * len(blocks))
    for block in blocks[:count]:
        del live[block]
    ledger.total -= count
    return count


def _plain(way: Direction) -> bool:
    """Whether a piece that is waited for just once is all right, and there is nothing more to note about it."""
    sender, receiver = way.sender, way.receiver
    return not (sender.choking or sender.phase is not _ACTIVE or receiver.requests.cancelled or receiver.heard)


def _take_more(live: dict[Block, int], data: memoryview, piece: int, begin: int) -> int:
    """Take what continues a run: whole messages with full blocks of `piece` from `begin` on; how many there are.

    In loops that run in C, for a download does this with each of its blocks.
    """
    count = len(data) // FULL_PIECE_LENGTH
    if not count:
        return 0
    wanted = range(begin, begin + count * BLOCK_LENGTH, BLOCK_LENGTH)
    found = list(_iterate_headers(data[: count * FULL_PIECE_LENGTH]))
    expected = list(zip(repeat(FULL_PREFIX), repeat(piece), wanted, strict=False))
    blocks = _full_blocks(piece, wanted[: alike(found, expected)])
    count = alike(list(map(live.get, blocks)), [1] * len(blocks))
    for block in blocks[:count]:
        del live[block]
    return count


def _full_blocks(piece: int, begins: range) -> list[Block]:
    """Full blocks of `piece`, as plain tuples: they equal blocks, and are made in a quarter of the time."""
    return cast("list[Block]", list(zip(repeat(piece), begins, repeat(BLOCK_LENGTH), strict=False)))


def first_row(blocks: Sequence[Block], at: int, geometry: Geometry) -> BlockRow | None:
    """Full blocks of one piece, one behind the other, that begin at number `at` of `blocks`; else `None`."""
    piece, begin, length = blocks[at]
    if length != BLOCK_LENGTH:
        return None
    here = blocks[at : at + (geometry.piece_size(piece) - begin) // BLOCK_LENGTH]
    wanted = range(begin, begin + len(here) * BLOCK_LENGTH, BLOCK_LENGTH)
    return BlockRow(piece, begin, length, alike(here, _full_blocks(piece, wanted)))


def alike(some: Sequence[object], others: Sequence[object]) -> int:
    """How many of these are equal, pair by pair, before the first that are not."""
    if some == others:
        return len(some)
    pairs = zip(some, others, strict=False)
    return next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(some), len(others)))


def take_answer(way: Direction, block: Block) -> bool:
    """Take a piece that somebody waits for, from a side that does not choke.

    What was requested lies inside its piece and has the length requested, so the structural rules hold as well.
    """
    sender, asker = way.sender, way.receiver
    if sender.choking or sender.phase is not _ACTIVE:
        return False
    ledger = asker.requests
    if asker.heard:
        return block in ledger.live and ledger.answer(
            block, ring=effects.ring_size(server=sender, asker=asker, fast=way.state.fast)
        )
    if ledger.cancelled:
        return block in ledger.live and ledger.answer(block)
    count = ledger.live.pop(block, 0)
    if count == 1:
        ledger.total -= 1
        return True
    if count:
        ledger.live[block] = count
        return ledger.answer(block)
    return False


def take_answers(way: Direction, blocks: Sequence[Block]) -> int:
    """Take pieces, in order; how many, before the first that is not waited for just once."""
    sender, asker, taken = way.sender, way.receiver, 0
    ledger = asker.requests
    if sender.choking or sender.phase is not _ACTIVE or ledger.cancelled:
        return 0
    live = ledger.live
    for block in blocks:
        if live.get(block) != 1:
            break
        del live[block]
        taken += 1
    ledger.total -= taken
    if ring := effects.ring_size(server=sender, asker=asker, fast=way.state.fast):
        answered = ledger.answered
        for block in blocks[:taken]:
            answered[block] = answered.pop(block, 0) + 1
            if len(answered) > ring:  # each time: the oldest may be the next to be answered again
                del answered[next(iter(answered))]
    return taken


def read_requests(framer: Framer, way: Direction) -> tuple[list[Block], int]:
    """Read and take the requests that are next, whole and ordinary; and the stream offset of the first."""
    blocks: list[Block] = []
    if framer.pending:
        return blocks, 0
    (data, at), offset = framer.unread(), framer.position
    last, ordinary = len(data) - REQUEST_LENGTH, True
    while ordinary:
        ahead: list[Block] = []
        while at <= last and len(ahead) < READ_AHEAD:
            length, message_id, piece, begin, size = _unpack_request(data, at)
            if message_id != REQUEST_ID or length != REQUEST_LENGTH - 4:
                break
            ahead.append(_as_tuple(Block, (piece, begin, size)))
            at += REQUEST_LENGTH
        taken = take_requests(way, ahead)
        ordinary = taken == READ_AHEAD
        at -= (len(ahead) - taken) * REQUEST_LENGTH
        blocks += ahead[:taken]
    framer.skip_to(at)
    return blocks, offset


def take_requests(way: Direction, blocks: Sequence[Block]) -> int:
    """Take ordinary requests, in order; how many, before the first that `take_request` would not."""
    asker, server, geometry = way.sender, way.receiver, way.state.geometry
    ledger, pieces, heard = asker.requests, server.pieces, server.heard
    if server.choking or not asker.interested or asker.phase is not _ACTIVE or geometry is None or pieces is None:
        return 0
    live, asked, taken = ledger.live, ledger.asked, 0
    most = min(len(blocks), max(0, server.request_queue - ledger.total))
    while taken < most:
        piece, begin, length = blocks[taken]
        if begin % BLOCK_LENGTH or piece not in pieces:
            break
        # What is asked at once comes in rows: full blocks, one behind the other, and perhaps the short last one.
        size = geometry.piece_size(piece)
        room = max(0, min(most - taken, (size - begin) // BLOCK_LENGTH))
        row: Sequence[Block] = blocks[taken : taken + room]
        row = row[: alike(row, _full_blocks(piece, range(begin, begin + len(row) * BLOCK_LENGTH, BLOCK_LENGTH)))]
        if not row:
            if not 0 < length == size - begin < BLOCK_LENGTH:
                break
            row = blocks[taken : taken + 1]
        if not live.keys().isdisjoint(row):
            row = row[: next(number for number, block in enumerate(row) if block in live)]
            if not row:
                break
        live.update(dict.fromkeys(row, 1))
        if heard:
            first = begin // BLOCK_LENGTH
            asked[piece] = asked.get(piece, 0) | ((1 << len(row)) - 1) << first
        taken += len(row)
    ledger.total += taken
    return taken


def take_request(way: Direction, block: Block) -> bool:
    """Take the ordinary request: whole, on the grid, on offer, not waiting yet, with room in the queue."""
    return take_requests(way, (block,)) == 1
