"""Where a local tracker's HTTP and UDP sides hand in announces: it answers, records, and misbehaves on request."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import trio
from attrs import evolve, field

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import define, frozen
from torrent_peer.testing.tracker_swarms import Swarm, SwarmBook, SwarmPeer, Told
from torrent_peer.trackers.announce import AnnounceRequest, Event, ScrapeEntry, TrackerError

MAX_RECORDS: Final = 10_000
"""Announces remembered for assertions; older ones are forgotten."""
SHORTEST_LIFETIME: Final = 300.0
"""Seconds a peer is remembered at least: clients do not believe very short intervals and announce less often."""

NOBODY: Final = PeerId(bytes(20))
"""The id of peers that never announced."""


@frozen
class Announced:
    """One announce as it arrived."""

    over: str
    """`http` or `udp`."""
    host: str
    """The address it came from."""
    request: AnnounceRequest
    at: float
    """On Trio's clock."""
    path: str
    """Path and query before our own; for UDP the URL data of BEP 41."""

    @property
    def event(self) -> Event:
        return self.request.event


@frozen(kw_only=True)
class Fault:
    """One wrong answer to an announce or scrape; the request itself is taken in and recorded as ever."""

    hang_up: bool = False
    """HTTP: the connection is closed without a byte. UDP: no packet."""
    status: int = 200
    """HTTP only."""
    body: bytes | None = None
    """What is sent in place of the right answer: HTTP's body, the whole UDP packet."""
    cut_to: int | None = None
    """Bytes of the answer that are sent; HTTP promises all of them, and closes."""
    wrong_transaction: bool = False
    """UDP only: as if it answered somebody else."""

    def spoil(self, answer: bytes) -> bytes:
        """What is sent in place of `answer`."""
        return (answer if self.body is None else self.body)[: self.cut_to]


RIGHT: Final = Fault()
"""No fault."""


@define(eq=False, kw_only=True)
class Desk:
    """Settings may be changed while the tracker runs; they take effect with the next announce."""

    interval: int = 1800
    """Seconds, as told to clients."""
    min_interval: int | None = None
    """Seconds; only HTTP can tell."""
    lifetime: float | None = None
    """Seconds after which a silent peer is forgotten; `None`: two intervals, but at least five minutes."""
    failure_reason: str | None = None
    """When set, every announce and scrape is refused with it."""
    warning: str | None = None
    """When set, HTTP answers carry it as `warning message`."""
    tracker_id: bytes | None = None
    """When set, HTTP answers carry it as `tracker id`."""
    compact: bool | None = None
    """`False`: HTTP answers always list dictionaries; `None`: as the client asks (BEP 23)."""
    delay: float = 0.0
    """Seconds before each answer; `math.inf` makes a mute tracker."""
    peers: Sequence[Address] | None = None
    """When set, everybody is told of these, whoever announced."""
    fault: Fault | None = None
    """When set, every answer is wrong in this way."""
    faults: deque[Fault] = field(factory=deque)
    """The next answers are wrong in these ways, one each; before `fault`."""
    dice: random.Random = field(factory=random.SystemRandom)
    announces: deque[Announced] = field(factory=lambda: deque(maxlen=MAX_RECORDS), init=False)
    """The last `MAX_RECORDS` announces, refused ones included, oldest first."""
    book: SwarmBook = field(init=False)
    _arrival: trio.Event = field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        lifetime = self.lifetime if self.lifetime is not None else max(2 * self.interval, SHORTEST_LIFETIME)
        self.book = SwarmBook(lifetime=lifetime, dice=self.dice)

    def swarm(self, info_hash: InfoHash) -> Swarm:
        """The peers of one torrent, as the tracker knows them now."""
        self.book.expire(now=trio.current_time())
        return self.book.swarm(info_hash)

    def events(self, info_hash: InfoHash | None = None) -> list[Event]:
        """The events announced so far, for one torrent or for all, in order of arrival."""
        return [a.event for a in self.announces if info_hash is None or a.request.info_hash == info_hash]

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Returns once the condition holds; looked at after every announce. The caller owns the deadline."""
        while not condition():
            await self._arrival.wait()

    async def announce(self, host: str, request: AnnounceRequest, *, over: str, path: str = "") -> Told:
        """Raises TrackerError with the reason of a refusal."""
        now = trio.current_time()
        self.announces.append(Announced(over, host, request, now, path))
        self._notify()
        await self._obstruct()
        told = self.book.announce(host, request, now=now)
        self._notify()
        if self.peers is None:
            return told
        return evolve(told, peers=tuple(SwarmPeer(address, NOBODY, 0, 0, 0, heard_at=now) for address in self.peers))

    async def scrape(self, info_hashes: Sequence[InfoHash]) -> dict[InfoHash, ScrapeEntry]:
        """The counts of these torrents, or of all when none is named (BEP 48). Raises TrackerError for a refusal."""
        await self._obstruct()
        self.book.expire(now=trio.current_time())
        return {name: self.book.swarm(name).entry for name in info_hashes or list(self.book)}

    def take_fault(self) -> Fault:
        """How the answer about to be sent is to be wrong; a `Fault` of nothing when it is to be right."""
        return self.faults.popleft() if self.faults else self.fault or RIGHT

    def _notify(self) -> None:
        self._arrival.set()
        self._arrival = trio.Event()

    async def _obstruct(self) -> None:
        if self.delay:
            await trio.sleep(self.delay)
        if self.failure_reason is not None:
            raise TrackerError(self.failure_reason)
