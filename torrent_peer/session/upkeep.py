"""What a torrent does once a second for all its conversations: deadlines, keep-alives, choking rounds."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

import trio

from torrent_peer.session.exchange import Exchange
from torrent_peer.session.farewell import Cause
from torrent_peer.session.liveness import RESCUE_AFTER, keep_alive_due, overdue
from torrent_peer.session.peer import Peer
from torrent_peer.strategy.choker import ROUND
from torrent_peer.wire.messages import KeepAlive

QUIET_INTERVAL: Final = 10.0
"""Seconds between two looks at a conversation in which nothing is going on: ten thousand of them are to cost nothing,
and no deadline of theirs is so exact."""
PEERS_AT_ONCE: Final = 500
"""Conversations looked at before others get their turn: two milliseconds."""


class Upkeep:
    """Looks at every conversation of one torrent."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._next_round = 0.0

    @property
    def peers(self) -> Iterable[Peer]:
        """All there are at this moment."""
        return self._exchange.swarm

    def tick(self, *, now: float) -> None:
        """Once a second or so."""
        self.look(self._exchange.swarm, now=now)
        self.choke(now=now)

    def look(self, peers: Iterable[Peer], *, now: float) -> None:
        """Hold some conversations against their deadlines, those that may have come near one."""
        for peer in peers:
            clocks = peer.clocks
            if peer.ending is None and (now >= clocks.quiet_until or clocks.received >= clocks.looked):
                clocks.looked = now
                self._look_at(peer, now=now)

    def choke(self, *, now: float) -> None:
        """Begin a round of choking if it is time."""
        exchange = self._exchange
        if now >= self._next_round:
            self._next_round = now + ROUND
            exchange.serving.rechoke(list(exchange.swarm), seeding=exchange.picker.is_complete, now=now)

    def _look_at(self, peer: Peer, *, now: float) -> None:
        connection, clocks = peer.connection, peer.clocks
        if connection.ours.interested or connection.theirs.interested:
            clocks.wanted = now
        could_ask = connection.theirs.interested and not connection.ours.choking and not peer.transport.backlog
        if not could_ask or connection.requested or not self._exchange.picker.is_complete:
            clocks.could_ask = None
        elif clocks.could_ask is None or peer.uploaded != peer.uploaded_before:
            clocks.could_ask = now
        peer.uploaded_before = peer.uploaded
        if (late := overdue(clocks, now=now, awaiting=connection.awaiting)) is not None:
            peer.close(Cause.TIMEOUT, f"{late.sentence} [{late.rule}]")
            return
        if not peer.greeted:
            return
        if clocks.kept_waiting is None:
            self._exchange.give_up_overdue(peer, now=now)
        if connection.ours.requests.waiting:
            clocks.idle = None
        elif clocks.idle is None:
            clocks.idle = now
        elif now - clocks.idle > RESCUE_AFTER:
            self._exchange.ask(peer, now=now, rescue=True)
            peer.flush(now=now)
        self._exchange.revealing.look(peer, now=now)
        if keep_alive_due(clocks, now=now):
            peer.say(KeepAlive())
            peer.flush(now=now)
        self._exchange.see_to_writer(peer)
        nobody_wants = not (connection.ours.interested or connection.theirs.interested or connection.outstanding)
        if nobody_wants and connection.awaiting is None and not peer.writing:
            clocks.quiet_until = now + QUIET_INTERVAL


async def keep_up(upkeep: Upkeep, *, interval: float = 1.0) -> None:
    """Tick until cancelled; a large crowd does not keep anybody waiting meanwhile."""
    while True:
        peers = iter(upkeep.peers)
        while some := list(islice(peers, PEERS_AT_ONCE)):
            upkeep.look(some, now=trio.current_time())
            await trio.lowlevel.checkpoint()
        upkeep.choke(now=trio.current_time())
        await trio.sleep(interval)
