"""How a torrent says what it has: all at once, or, as a super-seed, nothing first and then piece by piece (BEP 16)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import trio

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.session.peer import Peer
from torrent_peer.wire.messages import Bitfield, Have, HaveAll, HaveNone

if TYPE_CHECKING:
    from torrent_peer.strategy.super_seeding import SuperSeeding


class Revealing:
    """Greets newcomers, and, as a super-seed, tells each peer of a piece when it is its turn."""

    def __init__(self, have: PieceSet, hidden: "SuperSeeding[Peer] | None" = None) -> None:
        """Of `have`, which may grow, nothing is hidden unless `hidden` is given."""
        self._have = have
        self._hidden = hidden

    @property
    def hides(self) -> bool:
        """Whether newcomers are to take us for somebody who has nothing."""
        return self._hidden is not None and not self._hidden.is_over

    def greet(self, peer: Peer) -> None:
        """Say what we have, first thing: with the Fast Extension something has to be said (BEP 6)."""
        have = PieceSet(self._have.size) if self.hides else self._have
        if peer.connection.fast and have.is_full:
            peer.say(HaveAll())
        elif peer.connection.fast and not have:
            peer.say(HaveNone())
        elif have:
            peer.say(Bitfield(have.to_bitfield()))

    def met(self, peer: Peer) -> None:
        """The peer has told us all it has."""
        pieces = peer.connection.theirs.pieces
        if self._hidden is not None and pieces is not None:
            now = trio.current_time()
            self._count_seed(peer)
            self._look_at((peer, *self._hidden.came(peer, pieces, now=now)), now=now)

    def announced(self, peer: Peer, piece: int) -> None:
        """The peer has a piece more."""
        if self._hidden is not None:
            now = trio.current_time()
            self._count_seed(peer)
            self._look_at((peer, *self._hidden.has(peer, piece, now=now)), now=now)

    def satisfied(self, peer: Peer) -> None:
        """The peer wants nothing any more of what it was told of."""
        if self._hidden is not None:
            self._hidden.satisfied(peer)
            self._look_at((peer,), now=trio.current_time())

    def look(self, peer: Peer, *, now: float) -> None:
        """Tell the peer of pieces if it is time, as once a second or so it may be."""
        if self._hidden is not None:
            self._look_at((peer,), now=now)

    def forget(self, peer: Peer) -> None:
        """The peer has left."""
        if self._hidden is not None:
            self._hidden.left(peer)

    def _count_seed(self, peer: Peer) -> None:
        theirs = peer.connection.theirs
        if self._hidden is not None and theirs.pieces is not None and theirs.pieces.is_full:
            self._hidden.has_everything(theirs.peer_id)

    def _look_at(self, peers: Iterable[Peer], *, now: float) -> None:
        assert self._hidden is not None
        for peer in peers:
            connection = peer.connection
            told = connection.ours.pieces
            if peer.ending is not None or not peer.greeted or (told is not None and told.is_full):
                continue
            waits = connection.theirs.interested and connection.ours.choking
            owed = waits or bool(connection.requested) or peer.transport.backlog > 0
            for piece in self._hidden.reveal(peer, theirs=connection.theirs.pieces, told=told, owed=owed, now=now):
                peer.say(Have(piece))
            peer.flush(now=now)
