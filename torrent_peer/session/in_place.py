"""Receiving blocks straight into their pieces, from peers that send many."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, Protocol

import trio

from torrent_peer.core.block import BlockRow
from torrent_peer.session.peer import Peer
from torrent_peer.wire.codec import FULL_PIECE_LENGTH
from torrent_peer.wire.landing import LEAST_BLOCKS, Landing

LONGEST_DETOUR: Final = 64
"""Reads the ordinary way after many wrong guesses in a row; each costs a copy or two of what was received."""


class Places(Protocol):
    """Who knows where blocks belong."""

    @property
    def landing(self) -> Landing:
        """What to receive them with."""

    def place(self, peer: Peer, row: BlockRow) -> Sequence[memoryview] | None:
        """Where to receive these blocks to, one by one; `None` if nobody is to put them there unseen."""

    def take_placed(self, peer: Peer, rows: Iterable[BlockRow]) -> None:
        """Act on judged blocks, in the order they came, that are in their places."""


async def receive_in_place(peer: Peer, places: Places, *, lately: int) -> tuple[int, int] | None:
    """Receive what the peer should send next: (bytes, blocks judged and taken); the connection was told of the rest.

    `lately`: bytes that came last time; more than twice as much is not prepared for. `None`, and nothing received, if
    it cannot be told what comes, or too little of it. (0, 0) at the end of the stream. Raises OSError.
    """
    connection, transport, landing = peer.connection, peer.transport, places.landing
    most = 2 * lately // FULL_PIECE_LENGTH
    if most < 2 * LEAST_BLOCKS or not connection.outstanding:
        return None
    if peer.detour:
        peer.detour -= 1
        return None
    await transport.give_way()
    while connection.aim(landing, partial(places.place, peer), most=most):
        length = transport.receive_now(landing.buffers)
        if length is None:
            await transport.readable()
            continue
        if length:
            peer.clocks.received = trio.current_time()
        rows = connection.land(landing, length)
        places.take_placed(peer, rows)
        if landing.missed:
            peer.misses += 1
            peer.detour = min(2**peer.misses, LONGEST_DETOUR)
        elif rows:
            peer.misses = 0
        return length, sum([row.n_blocks for row in rows])
    return None
