"""Which pieces a seed names to those it serves, so that they do not all fetch the same ones (BEP 6, suggest piece)."""

from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.piece_bits import bits_of, bits_of_each, draw_pieces

if TYPE_CHECKING:
    from random import Random

AHEAD: Final = 8
"""Pieces named to a peer that it has not asked for yet; once half of them are gone others are named."""

PeerT = TypeVar("PeerT", bound=Hashable)


class Suggestions(Generic[PeerT]):
    """Names every peer pieces that nobody else has, nor is fetching from us.

    Leeches that come to a new torrent together choose at random, and cannot know what the others have asked for: only
    we see two of them fetch the same piece. Once every piece is somewhere else, too, there is nothing to say.
    """

    def __init__(self, availability: Availability, *, have: PieceSet, dice: "Random") -> None:
        """`availability` counts what peers have; `have`, ours, may grow."""
        self._availability = availability
        self._have = have
        self._dice = dice
        self._claims: dict[PeerT, dict[int, bool]] = {}
        """For each peer the pieces named to it or asked for by it, and whether it has asked."""
        self._claimed: Counter[int] = Counter()
        self._spread_out = False
        """Whether all that we have was somewhere else, too, and nobody has left since."""

    def asked(self, peer: PeerT, piece: int) -> None:
        """`peer` has asked us for a block of `piece`."""
        claims = self._claims.setdefault(peer, {})
        if piece not in claims:
            self._claimed[piece] += 1
        claims[piece] = True

    def has(self, peer: PeerT, piece: int) -> None:
        """`peer` has told us that it has `piece`."""
        if (claims := self._claims.get(peer)) and claims.pop(piece, None) is not None:
            self._release(piece)

    def gone(self, peer: PeerT) -> None:
        """`peer` is not served any more, or has left."""
        self._spread_out = False
        for piece in self._claims.pop(peer, ()):
            self._release(piece)

    def suggest(self, peer: PeerT, theirs: PieceSet | None) -> list[int]:
        """Pieces to name now to `peer`, which has `theirs` and may ask us for others. O(pieces/64) if there are any.

        One is named in any case to a peer that is served from now on: it shows that we suggest, and that what else
        nobody has is better not asked of us.
        """
        if self._spread_out or self._availability.seeds:
            return []
        claims = self._claims.setdefault(peer, {})
        room = AHEAD - sum(not asked for asked in claims.values())
        if room < AHEAD // 2:
            return []
        size = self._have.size
        bits = self._availability.nowhere(bits_of(self._have))
        self._spread_out = not bits
        if theirs is not None:
            bits &= ~bits_of(theirs)
        pieces = draw_pieces(bits & ~bits_of_each(self._claimed, size), room, size, self._dice)
        if not pieces and not claims:
            pieces = draw_pieces(bits, 1, size, self._dice)
        claims.update(dict.fromkeys(pieces, False))
        self._claimed.update(pieces)
        return pieces

    def _release(self, piece: int) -> None:
        self._claimed[piece] -= 1
        if not self._claimed[piece]:
            del self._claimed[piece]
