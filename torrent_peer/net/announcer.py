"""Keeping one torrent announced: which tracker, when, with which event; started, regular, completed, stopped."""

import math
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import trio
from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import define, frozen
from torrent_peer.net.source_address import ANYWHERE, SourceAddress
from torrent_peer.trackers.announce import (
    DEFAULT_INTERVALS,
    NUM_WANT,
    AnnounceRequest,
    AnnounceResponse,
    Event,
    Intervals,
    TrackerError,
)
from torrent_peer.trackers.backoff import Backoff
from torrent_peer.trackers.redact import redacted
from torrent_peer.trackers.tiers import Tiers
from torrent_peer.trackers.url import TrackerUrl

STOP_DEADLINE: Final = 5.0
"""Seconds for all `stopped` announces together. libtorrent's `stop_tracker_timeout`."""
UNSURE_STOP_DEADLINE: Final = 1.0
"""Seconds for the `stopped` to a tracker that never answered our `started`: it may be dead, and people are waiting."""
CHANCES: Final = 2
"""Failures until a tracker that never answered is given up: one may be a restart or a lost packet. What a refusal means
for good only BEP 31 says (`retry in: never`), so the words of a `failure reason` do not count."""
PATIENCE: Final = 5.0
"""Seconds a tracker may think before the next one is asked beside it: a dead tracker costs nothing but itself."""
UNNAMED_MIN_INTERVAL: Final = 300.0
"""Seconds between announces made for want of peers, when the tracker names no `min interval`. libtorrent's
`min_announce_interval`."""


@frozen
class TransferStats:
    """Payload bytes so far (BEP 3)."""

    uploaded: int
    downloaded: int
    left: int


@frozen
class TrackerState:
    """How it stands with one tracker; what the CLI's table shows and a change is reported with."""

    url: str
    """Redacted."""
    tier: int
    """From 0."""
    answered: bool
    """Whether the last attempt got an answer; `False` with `error is None`: not asked yet."""
    error: str | None
    """Why the last attempt failed, on one line; `None` after an answer."""
    warning: str | None
    """What the tracker warned of with its last answer."""
    peers: int
    """Addresses in the last answer."""
    seeders: int | None
    leechers: int | None
    next_announce: float | None
    """On Trio's clock; `None`: only if those before it fail, or never."""


Ask = Callable[[str, AnnounceRequest], Awaitable[AnnounceResponse]]
"""How a tracker is asked: raises TrackerError, keeps its own deadline."""


@define(eq=False)
class _Tracker:
    url: str
    tier: int
    shown_url: str = field(init=False)
    backoff: Backoff = field(factory=Backoff)
    tried: bool = False
    usable: bool = True
    """Until it must never be asked again."""
    known: bool = False
    """Whether `started` was accepted, and no `stopped` said since."""
    asking_to_start: bool = False
    """Whether a `started` is, or was when we were cancelled, on its way."""
    was_leecher: bool = False
    """Whether it knew us with bytes left: then it is owed a `completed`."""
    told_completed: bool = False
    retry_at: float = -math.inf
    """Left alone until then after a failure."""
    welcome_at: float = -math.inf
    """No announce without an event before, by the `min interval` of its last answer."""
    next_regular: float = -math.inf
    tracker_id: bytes | None = None
    error: str | None = None
    last: AnnounceResponse | None = None

    def __attrs_post_init__(self) -> None:
        self.shown_url = redacted(self.url)

    @property
    def not_before(self) -> float:
        return max(self.retry_at, self.welcome_at)

    @property
    def has_had_its_chance(self) -> bool:
        return not self.usable or self.backoff.failures >= CHANCES


class Announcer:
    """Announces one torrent to its trackers, in the order of BEP 12, until stopped.

    One tracker is used at a time: the first that answers, tier by tier. One that fails makes room for the next at
    once; one that only keeps us waiting gets company after `PATIENCE` seconds (never in a private torrent, BEP 27),
    and whoever answers first is used. A tracker that failed is left alone for longer and longer.

    `trackers`: tiers of URLs. `stats` is asked whenever something is announced. `on_peers(addresses, url)` gets the
    peers of each answer, never an empty list; `on_change` every attempt's outcome. Both get redacted URLs.
    `dice` makes the key and the transaction ids: `random.SystemRandom()` outside tests.
    """

    def __init__(
        self,
        trackers: Sequence[Sequence[str]],
        *,
        info_hash: InfoHash,
        peer_id: PeerId,
        port: int,
        stats: Callable[[], TransferStats],
        on_peers: Callable[[Sequence[Address], str], None],
        on_change: Callable[[TrackerState], None] | None = None,
        dice: random.Random,
        private: bool = False,
        source: SourceAddress = ANYWHERE,
        intervals: Intervals = DEFAULT_INTERVALS,
        ask: Ask | None = None,
    ) -> None:
        self._tiers = Tiers(trackers, dice=dice)
        self._trackers = {url: _Tracker(url, self._tiers.tier_of(url)) for url in self._tiers.order()}
        self._info_hash = info_hash
        self._peer_id = peer_id
        self._port = port
        self._key = dice.getrandbits(32)
        self._stats = stats
        self._on_peers = on_peers
        self._on_change = on_change
        self._dice = dice
        self._patience = math.inf if private else PATIENCE
        self._intervals = intervals
        self._source = source
        self._ask = ask or self._ask_over_the_network
        self._completed = False
        self._hungry = False
        self._stopped = False
        self._current: _Tracker | None = None
        self._wake = trio.Event()
        self._telling: trio.Event | None = None
        self._running: trio.CancelScope | None = None
        self.has_answered = False
        """Whether any tracker ever gave an answer that is no refusal."""

    @property
    def all_failed(self) -> bool:
        """Whether none ever answered, and each was asked twice or must not be asked again; true without trackers."""
        return not self.has_answered and all(tracker.has_had_its_chance for tracker in self._trackers.values())

    @property
    def states(self) -> tuple[TrackerState, ...]:
        """Every tracker, in the order of asking."""
        return tuple(self._state(self._trackers[url]) for url in self._tiers.order())

    async def run(self) -> None:
        """Announces until cancelled or stopped. Never raises because of a tracker."""
        with trio.CancelScope() as self._running:
            while not self._stopped:
                self._wake = trio.Event()
                await self._tell_completed()
                if not self._stopped and self._due() <= trio.current_time():
                    await self._round()
                with trio.move_on_at(self._due()):
                    await self._wake.wait()

    def completed(self) -> None:
        """The last wanted piece was verified: trackers that knew us as a leecher are told, once (BEP 3)."""
        self._completed = True
        self._wake.set()

    def more_peers(self) -> None:
        """We would like more peers: announce again as soon as the tracker allows that."""
        self._hungry = True
        self._wake.set()

    async def stop(self) -> None:
        """Ends `run` and tells every tracker that knows of us `stopped`; gives up after `STOP_DEADLINE` seconds.

        A `completed` that is still owed or on its way goes first. May be called after `run` was cancelled, and more
        than once. Never raises because of a tracker.
        """
        self._stopped = True
        with trio.move_on_after(STOP_DEADLINE):
            if self._telling is not None:
                await self._telling.wait()
            if self._running is not None:
                self._running.cancel()
            async with trio.open_nursery() as nursery:
                for tracker in self._trackers.values():
                    if tracker.known or tracker.asking_to_start:
                        nursery.start_soon(self._say_last_words, tracker)
        if self._running is not None:
            self._running.cancel()

    # When

    def _due(self) -> float:
        """When there is something to say."""
        return min([self._next_round(), *(tracker.retry_at for tracker in self._owed_completed())])

    def _next_round(self) -> float:
        if self._current is None:
            return min((t.not_before for t in self._trackers.values() if t.usable), default=math.inf)
        if self._hungry:
            return min(self._current.next_regular, self._current.not_before)
        return self._current.next_regular

    def _owed_completed(self) -> list[_Tracker]:
        """Whom to tell that the download is complete: all who saw us download, or else the first who will listen."""
        if not self._completed:
            return []
        nobody_told = not any(tracker.told_completed for tracker in self._trackers.values())
        return [
            tracker
            for tracker in self._trackers.values()
            if tracker.usable and tracker.known and not tracker.told_completed and (tracker.was_leecher or nobody_told)
        ]

    # What

    async def _tell_completed(self) -> None:
        self._telling = trio.Event()
        try:
            async with trio.open_nursery() as nursery:
                for tracker in self._owed_completed():
                    if tracker.retry_at <= trio.current_time():
                        nursery.start_soon(self._announce, tracker, Event.COMPLETED)
        finally:
            self._telling.set()

    async def _round(self) -> None:
        """Asks the trackers in order until one answers."""
        self._hungry = False
        began = trio.current_time()
        in_order = (self._trackers[url] for url in self._tiers.order())
        waiting: dict[_Tracker, float] = {}
        async with trio.open_nursery() as nursery:
            for tracker in [t for t in in_order if t.usable and t.not_before <= began]:
                waiting[tracker] = trio.current_time()
                finished = trio.Event()
                nursery.start_soon(self._attempt, tracker, waiting, finished, nursery.cancel_scope)
                with trio.move_on_after(self._patience):
                    await finished.wait()
        for tracker, asked_at in waiting.items():
            silence = trio.current_time() - asked_at
            self._failed(tracker, TrackerError(f"no answer within {silence:.0f} s, while another tracker gave one"))

    async def _attempt(
        self, tracker: _Tracker, waiting: dict[_Tracker, float], finished: trio.Event, others: trio.CancelScope
    ) -> None:
        event = Event.REGULAR if tracker.known else Event.STARTED
        if tracker in self._owed_completed():
            event = Event.COMPLETED
        if await self._announce(tracker, event, choose=True):
            others.cancel()
        del waiting[tracker]
        finished.set()

    async def _say_last_words(self, tracker: _Tracker) -> None:
        with trio.move_on_after(STOP_DEADLINE if tracker.known else UNSURE_STOP_DEADLINE):
            if tracker in self._owed_completed():
                await self._announce(tracker, Event.COMPLETED)
            await self._announce(tracker, Event.STOPPED)

    async def _announce(self, tracker: _Tracker, event: Event, choose: bool = False) -> bool:
        """One announce, and what follows from its outcome; whether it was answered.

        `choose`: if so, the tracker becomes the one we use.
        """
        stats = self._stats()
        request = AnnounceRequest(
            info_hash=self._info_hash,
            peer_id=self._peer_id,
            port=self._port,
            uploaded=stats.uploaded,
            downloaded=stats.downloaded,
            left=stats.left,
            event=event,
            num_want=0 if event is Event.STOPPED else NUM_WANT,
            key=self._key,
            tracker_id=tracker.tracker_id,
        )
        if event is Event.STARTED:
            tracker.asking_to_start = True
        try:
            answer = await self._ask(tracker.url, request)
        except TrackerError as error:
            self._failed(tracker, error)
            return False
        if choose:
            self._current = tracker
            self._tiers.promote(tracker.url)
        self._answered(tracker, request, answer)
        return True

    # What follows

    def _answered(self, tracker: _Tracker, request: AnnounceRequest, answer: AnnounceResponse) -> None:
        now = trio.current_time()
        tracker.tried = True
        tracker.known = request.event is not Event.STOPPED
        tracker.asking_to_start = False
        tracker.was_leecher |= request.left > 0
        tracker.told_completed |= request.event is Event.COMPLETED
        tracker.backoff.succeeded()
        tracker.retry_at = -math.inf
        tracker.next_regular = now + answer.interval
        tracker.welcome_at = now + min(answer.min_interval or UNNAMED_MIN_INTERVAL, answer.interval)
        tracker.tracker_id = answer.tracker_id or tracker.tracker_id
        tracker.error = None
        tracker.last = answer
        self.has_answered = True
        self._report(tracker)
        if answer.peers and tracker.known:
            self._on_peers(answer.peers, tracker.shown_url)

    def _failed(self, tracker: _Tracker, error: TrackerError) -> None:
        tracker.tried = True
        tracker.asking_to_start = False
        tracker.usable = not error.never
        tracker.retry_at = trio.current_time() + tracker.backoff.failed(error)
        tracker.error = error.reason
        if self._current is tracker:
            self._current = None
        self._report(tracker)

    def _report(self, tracker: _Tracker) -> None:
        if self._on_change is not None:
            self._on_change(self._state(tracker))

    def _state(self, tracker: _Tracker) -> TrackerState:
        if self._stopped or not tracker.usable:
            upcoming = None
        elif tracker is self._current:
            upcoming = self._next_round()
        else:
            upcoming = tracker.not_before if self._current is None and tracker.tried else None
        last = tracker.last
        return TrackerState(
            url=tracker.shown_url,
            tier=tracker.tier,
            answered=last is not None and tracker.error is None,
            error=tracker.error,
            warning=last.warning if last else None,
            peers=len(last.peers) if last else 0,
            seeders=last.seeders if last else None,
            leechers=last.leechers if last else None,
            next_announce=upcoming,
        )

    async def _ask_over_the_network(self, url: str, request: AnnounceRequest) -> AnnounceResponse:
        return await ask_tracker(url, request, dice=self._dice, intervals=self._intervals, source=self._source)


async def ask_tracker(
    url: str,
    request: AnnounceRequest,
    *,
    dice: random.Random,
    intervals: Intervals = DEFAULT_INTERVALS,
    source: SourceAddress = ANYWHERE,
) -> AnnounceResponse:
    """One announce over whatever the URL's scheme says. Raises TrackerError."""
    try:
        tracker = TrackerUrl.parse(url)
    except TrackerError as error:
        raise error.about(url) from None
    # What speaks to trackers is a twentieth of all that a download imports: only who asks one has to wait for it.
    if tracker.scheme == "udp":
        from torrent_peer.net.tracker_udp import announce_udp

        return await announce_udp(url, request, dice=dice, intervals=intervals, source=source)
    from torrent_peer.net.tracker_http import announce_http

    return await announce_http(url, request, intervals=intervals, source=source)
