"""Which peers have something we need, kept up to date without counting (BEP 3, "interested")."""

from typing import TYPE_CHECKING, Generic

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.open_piece import PeerT, PeerView
from torrent_peer.strategy.piece_bits import bits_of, highest_bit

if TYPE_CHECKING:
    from random import Random


class Interest(Generic[PeerT]):
    """The needed pieces, and for every peer one *witness*: a needed piece that it has.

    When a piece is verified only the peers it was the witness of look for another. As witnesses are drawn at random a
    peer does so about ln(pieces) times in a whole download, where counters would have to be lowered for each peer and
    piece. A peer that has everything needs no witness.
    """

    def __init__(self, needed: PieceSet, *, dice: "Random") -> None:
        self.needed = needed
        """Wanted and not verified."""
        self._dice = dice
        self._watchers: dict[int, set[PeerView[PeerT]]] = {}

    def is_interesting(self, view: PeerView[PeerT]) -> bool:
        return view.witness is not None if view.pieces is not None else self.needed.count > 0

    def watch(self, view: PeerView[PeerT]) -> None:
        """Find a witness for `view`, whatever it had before; O(pieces/64)."""
        self.unwatch(view)
        if view.pieces is None:
            return
        bits = bits_of(self.needed) & bits_of(view.pieces)
        if not bits:
            return
        skip = self._dice.randrange(self.needed.size)
        above = bits >> skip
        bit = skip + _lowest(above) if above else _lowest(bits)
        self.rely_on(view, highest_bit(self.needed.size) - bit)

    def unwatch(self, view: PeerView[PeerT]) -> None:
        """Forget the witness of `view`."""
        if view.witness is not None:
            watchers = self._watchers[view.witness]
            watchers.discard(view)
            if not watchers:
                del self._watchers[view.witness]
            view.witness = None

    def rely_on(self, view: PeerView[PeerT], piece: int) -> None:
        """Make the needed `piece` the witness of `view`, which has none."""
        view.witness = piece
        self._watchers.setdefault(piece, set()).add(view)

    def verified(self, piece: int) -> list[PeerView[PeerT]]:
        """`piece` is not needed any more; whom that made uninteresting, peers that have everything aside."""
        self.needed.discard(piece)
        lost = []
        for view in self._watchers.pop(piece, ()):
            view.witness = None
            self.watch(view)
            if view.witness is None:
                lost.append(view)
        return lost


def _lowest(bits: int) -> int:
    return (bits & -bits).bit_length() - 1
