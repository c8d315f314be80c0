"""The open pieces, and which of them have free blocks to hand out."""

from collections.abc import Iterable, Iterator
from heapq import nlargest
from operator import attrgetter
from typing import Final, Generic

from torrent_peer.core.block import Block
from torrent_peer.strategy.open_piece import ASKED, OpenPiece, PeerT, PeerView

MAX_CLAIMS: Final = 3
"""Peers one block is asked of at once, at most."""
ENDGAME_BLOCKS: Final = 4
"""Blocks an idle peer is asked for a second time in one go: enough to bridge a round trip, little to waste."""
_CANDIDATES: Final = 3
"""Peers whose work is looked at, to be taken over, before we give up."""


class Shelves(Generic[PeerT]):
    """Open pieces by piece index, in the order they were opened; those with free blocks also on one of two shelves.

    A *led* piece is being fetched by one fast peer alone. A *loose* one is anybody's: slow peers gather there, and what
    a peer left behind comes there.
    """

    def __init__(self) -> None:
        self.open: dict[int, OpenPiece[PeerT]] = {}
        self.led: dict[int, OpenPiece[PeerT]] = {}
        self.loose: dict[int, OpenPiece[PeerT]] = {}

    @property
    def has_free_blocks(self) -> bool:
        return bool(self.led or self.loose)

    def put(self, piece: OpenPiece[PeerT]) -> None:
        """File `piece` where it belongs now, after its free blocks or its lead have changed."""
        index = piece.piece
        lead = piece.lead
        if not piece.free:
            self.led.pop(index, None)
            self.loose.pop(index, None)
            if lead is not None and lead.leading is piece:
                lead.leading = None
        elif lead is None:
            self.led.pop(index, None)
            self.loose.setdefault(index, piece)
        else:
            lead.leading = piece
            self.loose.pop(index, None)
            self.led.setdefault(index, piece)

    def remove(self, piece: OpenPiece[PeerT]) -> None:
        """`piece` is no longer open."""
        del self.open[piece.piece]
        piece.free = 0
        self.put(piece)

    def abandoned_by(self, view: PeerView[PeerT], pieces: Iterable[OpenPiece[PeerT]]) -> Iterator[int]:
        """Take `pieces`, of which `view` gave blocks back, from its lead; yields those nothing is left of."""
        for piece in pieces:
            if piece.lead is view:
                piece.lead = None
                if view.leading is piece:
                    view.leading = None
            if piece.is_untouched:
                self.remove(piece)
                yield piece.piece
            else:
                self.put(piece)

    def dormant(self) -> OpenPiece[PeerT] | None:
        """Of the open pieces nobody is asked for anything, the one with the least to lose."""
        idle = [p for shelf in (self.loose, self.led) for p in shelf.values() if not p.asked]
        return min(idle, key=lambda p: len(p.states) - p.left, default=None)

    def take_over(
        self, view: PeerView[PeerT], count: int, others: Iterable[PeerView[PeerT]], *, parole: bool
    ) -> list[Block]:
        """Blocks one of `others` owes us, to be asked of `view` as well: half of what one has to do who has most to do.

        They are the last it would come to, so that the two meet in the middle and hardly any block comes twice. Pieces
        that are to come from one peer alone are left out unless `parole`.
        """
        for other in nlargest(_CANDIDATES, others, key=attrgetter("owed")):
            blocks: list[Block] = []
            most = min(count, ENDGAME_BLOCKS, (other.owed + 1) // 2)
            for piece in reversed(self.open.values()):
                if (piece.parole and not parole) or not view.has(piece.piece):
                    continue
                if other not in piece.owners and not piece.extra:
                    continue
                for number in reversed([*piece.numbers(ASKED)]):
                    claimants = piece.claimants(number)
                    if len(blocks) == most:
                        break
                    if other in claimants and view not in claimants and len(claimants) < MAX_CLAIMS:
                        blocks.append(piece.ask_again(view, number))
                if len(blocks) == most:
                    break
            if blocks:
                return blocks
        return []
