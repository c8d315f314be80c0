"""What a torrent does once a second for all its conversations: deadlines, keep-alives, choking rounds."""

import trio

from torrent_peer.session.exchange import Exchange
from torrent_peer.session.farewell import Cause
from torrent_peer.session.liveness import RESCUE_AFTER, keep_alive_due, overdue
from torrent_peer.session.peer import Peer
from torrent_peer.strategy.choker import ROUND
from torrent_peer.wire.messages import KeepAlive


class Upkeep:
    """Looks at every conversation of one torrent."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._next_round = 0.0

    def tick(self, *, now: float) -> None:
        """Once a second or so."""
        exchange = self._exchange
        for peer in exchange.swarm:
            if peer.ending is None:
                self._look_at(peer, now=now)
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
        self._exchange.give_up_overdue(peer, now=now)
        if connection.ours.requests.waiting:
            clocks.idle = None
        elif clocks.idle is None:
            clocks.idle = now
        elif now - clocks.idle > RESCUE_AFTER:
            self._exchange.ask(peer, now=now, rescue=True)
            peer.flush(now=now)
        if keep_alive_due(clocks, now=now):
            peer.say(KeepAlive())
            peer.flush(now=now)
        self._exchange.see_to_writer(peer)


async def keep_up(upkeep: Upkeep, *, interval: float = 1.0) -> None:
    """Tick until cancelled."""
    while True:
        upkeep.tick(now=trio.current_time())
        await trio.sleep(interval)
