"""The connections of one torrent: whom to dial, whom to let in, who is a stranger, ourselves or a double."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

import trio

from torrent_peer.core.addresses import Address, is_dialable
from torrent_peer.core.ids import PeerId
from torrent_peer.net.dial import DIAL_TIMEOUT
from torrent_peer.net.transport import Transport
from torrent_peer.session.address_book import AddressBook, Source
from torrent_peer.session.conversation import Owner, converse
from torrent_peer.session.farewell import Cause, EndedBy, Farewell
from torrent_peer.session.peer import Peer
from torrent_peer.session.reasons import Evidence, Signal, Stage, explain
from torrent_peer.wire.connection import PeerConnection

MAX_DIALING: Final = 30
"""Attempts under way at once. libtorrent's `torrent_connect_boost`."""
DIAL_PACE: Final = 1 / 30
"""Seconds between two attempts. libtorrent's `connection_speed`."""
FULL_PAUSE: Final = 2.0
"""Seconds before looking again whether others have left room."""
GREETING_TIME: Final = 3.0
"""Seconds for an inbound peer's handshake while others are waiting for its place."""
SEARCH_PAUSE: Final = 0.2
"""Seconds before looking again for somebody whose place could be given away, after a search in vain."""
TURNOVER: Final = 30.0
"""Seconds neither side may want anything while others are waiting for its place."""
USEFUL_CAUSES: Final = frozenset({Cause.SHUTDOWN, Cause.CLOSED, Cause.UNWANTED})
"""Ends after which dialling again soon may be worth it."""


class Swarm:
    """Dials, admits and runs conversations; holds those under way."""

    def __init__(
        self,
        owner: Owner,
        *,
        connection: Callable[[], PeerConnection],
        dial: Callable[[Address], Awaitable[Transport]],
        max_peers: int,
        room: Callable[[], int],
        on_conversation: Callable[[Peer], None],
        on_farewell: Callable[[Farewell], None],
    ) -> None:
        self._owner = owner
        self._new_connection = connection
        self._connect = dial
        self._max_peers = max_peers
        self._shared_room = room
        self._on_conversation = on_conversation
        self._on_farewell = on_farewell
        self._nursery: trio.Nursery | None = None
        self._wake = trio.Event()
        self._left = trio.Event()
        self._closing = False
        """Whether no conversation may begin any more."""
        self._dialing = 0
        self._peers: dict[Peer, None] = {}
        self._greeted: dict[PeerId, Peer] = {}
        """Those whose handshake is in, by what they call themselves."""
        self._all_useful_until = 0.0
        """Until then nobody is looked for who could give up his place."""
        self._banned: dict[PeerId, str] = {}
        self._departures: deque[float] = deque()
        self.book = AddressBook()
        self.ever_greeted = False
        """Whether any handshake was ever completed."""

    def __iter__(self) -> Iterator[Peer]:
        return iter(tuple(self._peers))

    def __len__(self) -> int:
        return len(self._peers)

    @property
    def dialing(self) -> int:
        """Attempts under way."""
        return self._dialing

    @property
    def busy(self) -> bool:
        """Whether anybody is connected or being dialled."""
        return bool(self._peers) or self._dialing > 0

    def learn(self, addresses: Iterable[Address], source: Source) -> None:
        """Addresses somebody named; those that cannot be peers are left out."""
        usable = [a for a in addresses if source is Source.USER or is_dialable(a)]
        if self.book.add(usable, source, now=trio.current_time()):
            self._wake.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Dial whoever is due, until cancelled; every conversation is a task of this call's nursery."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            task_status.started()
            while True:
                for address in self.book.due(now=trio.current_time(), room=self._room()):
                    self._dialing += 1
                    nursery.start_soon(self._dial, address)
                    await trio.sleep(DIAL_PACE if self._dialing > 8 else 0)
                await self._wait()

    def admit(self, address: Address, connection: PeerConnection, transport: Transport) -> bool:
        """Take over an inbound connection whose info-hash is ours; False when there is no room for it."""
        if self._nursery is None or self.book.refused(address):
            return False
        full = len(self._peers) >= self._max_peers or self._shared_room() <= 0
        if full and not self._make_room():
            return False
        self._nursery.start_soon(self._converse, self._enter(address, connection, transport, dialed=False))
        return True

    def unresolved(self, address: Address, error: OSError) -> Farewell:
        """The farewell to a peer whose name stands for no address."""
        return _undialed(address, f"unknown host: {error.strerror or error}", Signal.NO_ROUTE, seconds=0.0)

    def spawn(self, function: Callable[[Peer], Awaitable[None]], peer: Peer) -> None:
        """Run an async function for a peer beside its conversation."""
        assert self._nursery is not None
        self._nursery.start_soon(function, peer)

    def greeted(self, peer: Peer) -> None:
        """The peer's handshake is in: is it somebody we may talk to?"""
        theirs = peer.connection.theirs.peer_id
        assert theirs is not None
        self.ever_greeted = True
        if peer.dialed:
            self.book.connected(peer.address)
        if reason := self._banned.get(theirs):
            peer.close(Cause.BANNED, reason)
            return
        other = self._greeted.get(theirs)
        if other is not None and other.ending is None:
            loser = self._loser(peer, other)
            loser.close(Cause.DUPLICATE, "a second connection to the same peer")
            if loser is peer:
                return
        self._greeted[theirs] = peer

    def ban(self, address: Address, reason: str) -> bool:
        """Hang up on whoever is there and never talk to it again; False when that was settled before."""
        if self.book.refused(address):
            return False
        self.book.never_again(address, reason)
        for peer in self:
            if peer.address == address:
                if (peer_id := peer.connection.theirs.peer_id) is not None:
                    self._banned[peer_id] = reason
                peer.close(Cause.BANNED, reason)
        return True

    def close_all(self, detail: str) -> None:
        """End every conversation, and begin no other."""
        self._closing = True
        for peer in self:
            peer.close(Cause.SHUTDOWN, detail)

    async def emptied(self) -> None:
        """Wait until every conversation has said its farewell."""
        while self._peers:
            await self._left.wait()

    def departures(self, *, now: float) -> int:
        """Conversations that others ended within the last second."""
        while self._departures and now - self._departures[0] > 1.0:
            self._departures.popleft()
        return len(self._departures)

    def _make_room(self) -> bool:
        """Part from an inbound peer that is of no use, the one that came first; False when all are of some."""
        now = trio.current_time()
        if now < self._all_useful_until:
            return False
        for peer in self:
            if peer.ending is None and not peer.dialed and _is_useless(peer, now=now):
                peer.close(Cause.UNWANTED, "others are waiting for its place")
                return True
        self._all_useful_until = now + SEARCH_PAUSE
        return False

    def _room(self) -> int:
        """Attempts that may be made now."""
        if self._closing:
            return 0
        ours = min(self._max_peers - len(self._peers), MAX_DIALING) - self._dialing
        return min(ours, self._shared_room() - self._dialing)

    async def _wait(self) -> None:
        self._wake = trio.Event()
        due = self.book.next_due()
        room = self._room()
        pause = trio.current_time() + (FULL_PAUSE if room <= 0 else 60.0)
        deadline = pause if due is None or room <= 0 else due
        with trio.move_on_at(deadline):
            await self._wake.wait()

    async def _dial(self, address: Address) -> None:
        began = trio.current_time()
        transport: Transport | None = None
        detail, signal = f"no answer within {DIAL_TIMEOUT:.0f} s", Signal.DIAL_TIMEOUT
        try:
            with trio.move_on_after(DIAL_TIMEOUT):
                transport = await self._connect(address)
        except ConnectionRefusedError:
            detail, signal = "connection refused", Signal.REFUSED
        except OSError as error:
            detail, signal = error.strerror or str(error), Signal.NO_ROUTE
        finally:
            self._dialing -= 1
        if transport is None:
            self.book.ended(address, now=trio.current_time(), failed=True)
            self._wake.set()
            self._on_farewell(_undialed(address, detail, signal, seconds=trio.current_time() - began))
            return
        if self._closing:
            await transport.aclose()
            return
        await self._converse(self._enter(address, self._new_connection(), transport, dialed=True))

    def _enter(self, address: Address, connection: PeerConnection, transport: Transport, *, dialed: bool) -> Peer:
        """A peer that counts as connected from here on."""
        peer = Peer(address, connection, transport, dialed=dialed, now=trio.current_time())
        self._peers[peer] = None
        self._on_conversation(peer)
        return peer

    async def _converse(self, peer: Peer) -> None:
        address, dialed = peer.address, peer.dialed
        try:
            farewell = await converse(peer, self._owner)
        finally:
            del self._peers[peer]
            theirs = peer.connection.theirs.peer_id
            if theirs is not None and self._greeted.get(theirs) is peer:
                del self._greeted[theirs]
            self._wake.set()
            self._left.set()
            self._left = trio.Event()
        now = trio.current_time()
        if farewell.ended_by is not EndedBy.US:
            self._departures.append(now)
        if farewell.cause is Cause.SELF and dialed:
            self.book.never_again(address, "ourselves")
        elif dialed:
            useful = farewell.downloaded > 0 or farewell.cause in USEFUL_CAUSES
            self.book.ended(address, now=now, failed=not useful)
        self._on_farewell(farewell)

    def _loser(self, new: Peer, old: Peer) -> Peer:
        """Which of two connections to one peer goes: both ends must choose the same one (legality §3.10)."""
        if new.dialed == old.dialed:
            return new
        ours, theirs = new.connection.ours.peer_id, new.connection.theirs.peer_id
        assert ours is not None
        assert theirs is not None
        dialed, accepted = (new, old) if new.dialed else (old, new)
        return accepted if ours > theirs else dialed


def _is_useless(peer: Peer, *, now: float) -> bool:
    """Whether its place may be given to another: no handshake yet, or for long nothing wanted on either side."""
    clocks = peer.clocks
    if clocks.wanted is None:
        return now - clocks.connected > GREETING_TIME
    return now - clocks.wanted > TURNOVER


def _undialed(address: Address, detail: str, signal: Signal, *, seconds: float) -> Farewell:
    evidence = Evidence(
        signal=signal, stage=Stage.DIALING, since_connect=seconds, since_ours=None, since_theirs=None, round_trip=0.0
    )
    return Farewell(
        address=address,
        dialed=True,
        ended_by=EndedBy.NETWORK,
        cause=Cause.DIAL_FAILED,
        detail=detail,
        likely=explain(evidence),
        seconds=seconds,
    )
