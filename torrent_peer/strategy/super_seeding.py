"""Which pieces a seed that hides what it has reveals to whom, so that it uploads little more than one copy (BEP 16).

A peer is told of a few pieces. Of another it hears when somebody else has shown (`have`) that it got one of those: then
what was uploaded is being passed on. So no two peers fetch the same piece from the seed while they could have it from
each other, and who passes nothing on does not cost much.

Nobody is starved. A lone peer has nobody to pass anything to, and gets one piece after the other. A peer that gets
nothing from anybody for some time, though we owe it nothing, is told of a piece more, then of two, then of four: of all
after a few such rests.
"""

from collections.abc import Hashable
from math import inf
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from attrs import field

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.core.values import define
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.piece_bits import bits_of, bits_of_each, draw_pieces, first_pieces

if TYPE_CHECKING:
    from random import Random

LEAST_WINDOW: Final = 2
"""Pieces on their way to a peer and on from it, at least: one each. libtorrent: 2."""
WINDOW_BYTES: Final = 256 * 1024
"""As many small pieces as that are: with fewer the network would rest while the word of them travels."""
LONE_BYTES: Final = 4 * 1024 * 1024
"""Of pieces told ahead, besides, to a peer that is alone with us: there is nothing to save on it, and some clients rest
for half a minute when they run out of pieces (rtorrent), or speak once a second (Transmission)."""
PATIENCE: Final = 15.0
"""Seconds a peer gets nothing, and passes nothing on, before it is told of more."""
MOST_PATIENCE: Final = 120.0
"""The same where pieces take long: twice as long as one took to come from us, but no longer than this."""
ENOUGH_SEEDS: Final = 2
"""Others that have everything, at least, before nothing is hidden any more; and as many as still lack something: they
can serve these as well as we."""
INSTALMENT: Final = 500
"""Pieces told at once when nothing is hidden any more: each is a message, and there may be a hundred thousand."""

PeerT = TypeVar("PeerT", bound=Hashable)


@define(slots=True)
class _Watch:
    """What is going on with one peer."""

    claims: dict[int, float] = field(factory=dict)
    """The pieces revealed to it that nobody else has shown yet, and when they were."""
    rested: float = -inf
    """When it last got on, or was owed something. A newcomer is told of something in any case."""
    patience: float = PATIENCE
    ahead: int = 0
    """Pieces it is told of besides, while it is alone: one for each that it got alone."""
    tells: bool = False
    """Whether it tells us that it has a piece of ours."""
    more: int = 1
    """Pieces it is told of after its next rest."""


class SuperSeeding(Generic[PeerT]):
    """Hides what a seed has, and reveals it piece by piece."""

    def __init__(self, availability: Availability, *, pieces: int, piece_length: int, dice: "Random") -> None:
        """`availability` counts what peers have of so many `pieces`, each of `piece_length` bytes."""
        self._availability = availability
        self._dice = dice
        self._size = pieces
        self._all = bits_of(PieceSet.full(pieces))
        self._window = max(LEAST_WINDOW, WINDOW_BYTES // piece_length)
        self._lone_window = LONE_BYTES // piece_length
        self._watches: dict[PeerT, _Watch] = {}
        self._claimants: dict[int, set[PeerT]] = {}
        """The peers to which a piece was revealed that nobody else has shown yet."""
        self._seeds: set[Hashable] = set()
        self.is_over = False
        """Whether nothing is to be hidden any more: enough others have everything."""

    def has_everything(self, who: Hashable) -> None:
        """Somebody else, known by this name, is a seed."""
        if not self.is_over:
            self._seeds.add(who)
            self._see_whether_it_is_over()

    def has(self, peer: PeerT, piece: int, *, now: float) -> list[PeerT]:
        """`peer` has told us that it has `piece`; returns to whom it was revealed that may now be told of another."""
        if (watch := self._watches.get(peer)) is not None:
            watch.rested = now
            if (since := watch.claims.get(piece)) is not None:
                watch.tells = True
                watch.patience = min(max(PATIENCE, 2 * (now - since)), MOST_PATIENCE)
        passed_on = [other for other in self._claimants.get(piece, ()) if other != peer]
        for other in passed_on:
            self._release(other, piece)
            watch = self._watches[other]
            watch.rested, watch.more = now, 1
        return passed_on

    def came(self, peer: PeerT, pieces: PieceSet, *, now: float) -> list[PeerT]:
        """`peer` has told us all it has; returns what `has` does."""
        shown = [piece for piece in self._claimants if piece in pieces]
        return list(dict.fromkeys(other for piece in shown for other in self.has(peer, piece, now=now)))

    def satisfied(self, peer: PeerT) -> None:
        """`peer` wants nothing of what it was told of: some do not tell us that they have what we have, too."""
        if self._is_alone(peer) and not self._watches[peer].tells:
            self._need_not_pass_on(peer, list(self._watches[peer].claims))

    def left(self, peer: PeerT) -> None:
        """`peer` is gone: what only it was told of may be revealed to others."""
        self._release_all(peer)
        self._watches.pop(peer, None)
        self._see_whether_it_is_over()

    def reveal(
        self, peer: PeerT, *, theirs: PieceSet | None, told: PieceSet | None, owed: bool, now: float
    ) -> list[int]:
        """The pieces to tell `peer` of now: it has `theirs`, and was `told` of these. O(pieces/64) if there are any.

        `owed`: whether it waits for us, for a slot or for blocks it has asked for; who does is not starving.
        """
        if self.is_over:
            return draw_pieces(self._hidden(theirs, told), INSTALMENT, self._size, self._dice)
        watch = self._watches.setdefault(peer, _Watch())
        window = self._window
        if self._is_alone(peer) and theirs is not None:
            self._need_not_pass_on(peer, [piece for piece in watch.claims if piece in theirs])
            window += watch.ahead
        if owed:
            watch.rested = max(watch.rested, now)
        room = window - len(watch.claims)
        is_starving = now - watch.rested > watch.patience
        if room <= 0 and not is_starving:
            return []
        hidden = self._hidden(theirs, told)
        nowhere = self._availability.nowhere(hidden)
        unclaimed = nowhere & ~bits_of_each(self._claimants, self._size)
        pieces = draw_pieces(unclaimed, room, self._size, self._dice) if room > 0 else []
        if not pieces and is_starving:
            self._release_all(peer)
            pieces = self._rarest(hidden, unclaimed, watch.more)
            watch.more *= 2
        if pieces:
            watch.rested = now
            self._claim(peer, pieces, nowhere, now=now)
        return pieces

    def _see_whether_it_is_over(self) -> None:
        self.is_over = self.is_over or len(self._seeds) >= max(ENOUGH_SEEDS, len(self._watches))

    def _is_alone(self, peer: PeerT) -> bool:
        """Whether there is nobody it could pass anything on to."""
        return self._watches.keys() == {peer}

    def _need_not_pass_on(self, peer: PeerT, pieces: list[int]) -> None:
        """It is alone, and has these."""
        watch = self._watches[peer]
        watch.ahead = min(watch.ahead + len(pieces), self._lone_window)
        for piece in pieces:
            self._release(peer, piece)

    def _hidden(self, theirs: PieceSet | None, told: PieceSet | None) -> int:
        known = (bits_of(theirs) if theirs is not None else 0) | (bits_of(told) if told is not None else 0)
        return self._all & ~known

    def _rarest(self, hidden: int, unclaimed: int, how_many: int) -> list[int]:
        """The least held of `hidden`, among equals those first that nobody was told of."""
        found: list[int] = []
        for alike in self._availability.rarest_first(hidden, how_many):
            for bits in (alike & unclaimed, alike & ~unclaimed):
                found += draw_pieces(bits, how_many - len(found), self._size, self._dice)
        return found

    def _claim(self, peer: PeerT, pieces: list[int], nowhere: int, *, now: float) -> None:
        """What others have already need not be passed on."""
        for piece in first_pieces(bits_of_each(pieces, self._size) & nowhere, len(pieces), self._size):
            self._watches[peer].claims[piece] = now
            self._claimants.setdefault(piece, set()).add(peer)

    def _release(self, peer: PeerT, piece: int) -> None:
        del self._watches[peer].claims[piece]
        claimants = self._claimants[piece]
        claimants.discard(peer)
        if not claimants:
            del self._claimants[piece]

    def _release_all(self, peer: PeerT) -> None:
        if (watch := self._watches.get(peer)) is not None:
            for piece in list(watch.claims):
                self._release(peer, piece)
