"""The receive and the sending path of blocks: what is plainly legal is found so, and applied, in one step.

`piece` and `request` come by the hundred thousand. What this module lets pass breaks none of their rules; what it does
not let pass is not therefore illegal, but is held against the rules one by one. Tests hold the two against each other.
"""

from typing import Final

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.wire import effects
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.state import Direction

_ACTIVE: Final = Phase.ACTIVE


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


def take_request(way: Direction, block: Block) -> bool:
    """Take the ordinary request: whole, on the grid, on offer, not waiting yet, with room in the queue."""
    asker, server, geometry = way.sender, way.receiver, way.state.geometry
    ledger, (piece, begin, length) = asker.requests, block
    if (
        server.choking
        or not asker.interested
        or asker.phase is not _ACTIVE
        or geometry is None
        or server.pieces is None
        or piece not in server.pieces
        or begin % BLOCK_LENGTH
        or block in ledger.live
        or ledger.total >= server.request_queue
    ):
        return False
    size = geometry.piece_length if piece < geometry.piece_count - 1 else geometry.last_piece_length
    if not (begin + length <= size if length == BLOCK_LENGTH else 0 < length < BLOCK_LENGTH and begin + length == size):
        return False
    if server.heard:
        ledger.note_asked(block)
    ledger.live[block] = 1
    ledger.total += 1
    return True
