"""A whole swarm in one process: a tracker, seeds, leeches, one torrent; on loopback through real sockets, or in memory.

async with open_local_swarm(torrent, content, seeds=1, leeches=10) as swarm:
    await swarm.finished()
    assert swarm.uploaded_by_seeds < 2 * len(content)
"""

import math
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import trio
from attrs import evolve, field
from trio.testing import MockClock

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import define
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.disk import on_a_thread
from torrent_peer.session.events import Completed, Event, FindingNoted, TrackerAnswered, TrackerFailed
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.session import Session, open_session
from torrent_peer.session.status import TorrentStatus
from torrent_peer.session.torrent import TorrentRun
from torrent_peer.testing.memory import InlineDisk, MemoryNetwork
from torrent_peer.testing.tiny import place_content, read_content
from torrent_peer.testing.tracker import LocalTracker, open_local_tracker
from torrent_peer.wire.errors import Finding

LOOPBACK: Final = SessionOptions(listen_host="127.0.0.1", listen_ports=(0,))
"""How members listen and connect unless told otherwise."""
STAYING: Final = TorrentOptions(stall_timeout=None, seed_time=math.inf)
"""Members stay when they are complete, and do not give up; the caller owns the deadline."""
IN_MEMORY_TRACKER: Final = Address("192.0.2.1", 80)
"""Where nobody listens: hosts in memory ask the tracker without a network."""


class SwarmError(Exception):
    """A member ended, or was never there, while the swarm was to go on; one line that says which and why."""


@define(eq=False, kw_only=True)
class Member:
    """One of our own peers in a local swarm, with a session, a port and a directory of its own."""

    name: str
    """As shown in errors: `seed 1`, `leech 3`."""
    directory: Path
    """Where its content lives."""
    session: Session
    torrent: Torrent
    host: str = "127.0.0.1"
    """Its IP address; in memory one that is none of this machine."""
    run: TorrentRun = field(init=False)
    events: list[Event] = field(factory=list, init=False)
    """Everything it told so far, oldest first."""
    _news: trio.Event = field(factory=trio.Event, init=False)
    _leaving: trio.Event = field(factory=trio.Event, init=False)
    _gone: trio.Event = field(factory=trio.Event, init=False)

    @property
    def address(self) -> Address:
        """Where it is to be dialled."""
        assert self.session.port is not None
        return Address(self.host, self.session.port)

    @property
    def status(self) -> TorrentStatus:
        """Rates, peers and totals right now; totals stay after it left."""
        return self.run.status()

    @property
    def findings(self) -> list[Finding]:
        """What it noted against other peers."""
        return [event.finding for event in self.events if isinstance(event, FindingNoted)]

    @property
    def content(self) -> bytes:
        """What its files hold, laid end to end. Raises OSError while one is not there."""
        return read_content(self.torrent, self.directory)

    @property
    def complete(self) -> bool:
        """Whether everything it lacked is verified and on its disk."""
        return any(isinstance(event, Completed) for event in self.events)

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Returns once the condition holds; looked at after every event. Raises SwarmError when the member ends before.

        The caller owns the deadline.
        """
        while not condition():
            if self.run.ending is not None:
                raise SwarmError(f"{self.name} has ended: {self.run.ending_detail}")
            await self._news.wait()

    async def finished(self) -> None:
        """Wait until it is complete. Raises SwarmError when it ends before."""
        await self.wait_until(lambda: self.complete)

    async def leave(self) -> None:
        """Take it out in order: last words to peers and tracker; returns when it is gone."""
        self._leaving.set()
        await self._gone.wait()

    def _heard(self, event: Event) -> None:
        self.events.append(event)
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = trio.Event()


@define(eq=False, kw_only=True)
class LocalSwarm:
    """A running swarm; made with `open_local_swarm`."""

    torrent: Torrent
    content: bytes
    directory: Path
    """Every member's directory is below it."""
    tracker: LocalTracker
    network: MemoryNetwork | None = None
    """What members are connected by, in memory; `network.cut()` resets their connections."""
    rate: int | None = None
    """Bytes per second a new member sends at most, in memory; `None`: no limit."""
    seeds: list[Member] = field(factory=list)
    """Who began with everything."""
    leeches: list[Member] = field(factory=list)
    """Who began with nothing."""
    _numbers: tuple[Iterator[int], Iterator[int]] = field(factory=lambda: (count(1), count(1)), init=False)
    _nursery: trio.Nursery

    async def finished(self) -> None:
        """Wait until every leech is complete; the caller owns the deadline. Raises SwarmError when one ends before."""
        for leech in list(self.leeches):
            await leech.finished()

    async def add_seed(self, *, session: SessionOptions = LOOPBACK, options: TorrentOptions = STAYING) -> Member:
        """Another seed; returns once the tracker has answered it. Raises SwarmError when it cannot begin."""
        name = f"seed {next(self._numbers[0])}"
        run = on_a_thread if self.network is None else InlineDisk().run
        await run(partial(place_content, self.torrent, self.content, self.directory / name))
        return await self._start(name, self.seeds, session, options)

    async def add_leech(self, *, session: SessionOptions = LOOPBACK, options: TorrentOptions = STAYING) -> Member:
        """Another leech; returns once the tracker has answered it. Raises SwarmError when it cannot begin."""
        return await self._start(f"leech {next(self._numbers[1])}", self.leeches, session, options)

    @property
    def members(self) -> Sequence[Member]:
        return (*self.seeds, *self.leeches)

    @property
    def uploaded_by_seeds(self) -> int:
        """Payload bytes all seeds sent so far."""
        return sum(seed.status.uploaded for seed in self.seeds)

    @property
    def uploaded_by_leeches(self) -> int:
        """Payload bytes all leeches sent so far, complete or not."""
        return sum(leech.status.uploaded for leech in self.leeches)

    @property
    def copies_by_seeds(self) -> float:
        """`uploaded_by_seeds` in copies of the content: 1.0 is the least a swarm without other sources needs."""
        return self.uploaded_by_seeds / len(self.content)

    @property
    def findings(self) -> list[Finding]:
        """What members noted against each other; empty, or there is a bug."""
        return [finding for member in self.members for finding in member.findings]

    async def _start(self, name: str, others: list[Member], session: SessionOptions, options: TorrentOptions) -> Member:
        if options.trackers is None:
            options = evolve(options, trackers=((self.tracker.http_url,),))
        member: Member = await self._nursery.start(self._play, name, session, options)
        others.append(member)
        others.sort(key=lambda other: (len(other.name), other.name))  # in the order of their numbers
        if options.trackers:
            await member.wait_until(
                lambda: any(isinstance(event, TrackerAnswered | TrackerFailed) for event in member.events)
            )
        return member

    async def _play(
        self,
        name: str,
        session: SessionOptions,
        options: TorrentOptions,
        task_status: trio.TaskStatus[Member],
    ) -> None:
        """A member's life, in a task of its own, so that all can leave at once."""
        host = self.network.join(self.tracker, rate=self.rate) if self.network is not None else None
        async with open_session(session, network=host, disk=InlineDisk() if host is not None else None) as running:
            member = Member(name=name, directory=self.directory / name, session=running, torrent=self.torrent)
            if host is not None:
                member.host = host.name
            member.run = running.add(self.torrent, member.directory, options, member._heard)
            self._nursery.start_soon(self._notice_the_end, member)
            await member.run.checked()
            task_status.started(member)
            await member._leaving.wait()
        member._gone.set()

    async def _notice_the_end(self, member: Member) -> None:
        await member.run.finished()
        member._wake()


@asynccontextmanager
async def open_local_swarm(
    torrent: Torrent,
    content: bytes,
    *,
    seeds: int = 1,
    leeches: int = 1,
    directory: Path | None = None,
    seed_session: SessionOptions = LOOPBACK,
    leech_session: SessionOptions = LOOPBACK,
    options: TorrentOptions = STAYING,
    tracker: LocalTracker | None = None,
    in_memory: bool = False,
    latency: float = 0.0,
    rate: int | None = None,
) -> AsyncIterator[LocalSwarm]:
    """A swarm that runs as long as the block: first the seeds, then all leeches at once.

    `content` is the torrent's, as `tiny_torrent` gives it. Everybody announces over HTTP to `tracker`, or to one of
    the swarm's own, unless `options` name trackers; the block begins when the tracker has answered them all. Files
    live below `directory`, or in a temporary one. Members leave in order when the block ends. Raises SwarmError when a
    member cannot begin, OSError when its content cannot be placed.

    `in_memory`: without sockets and threads, for an autojump clock (`trio.testing.MockClock`, pytest-trio's
    `autojump_clock`): only the computing takes time. There, connections have a `latency` in seconds each way, and every
    member sends `rate` bytes/s at most; on loopback, where `open_link` does that, they raise ValueError.
    """
    if not in_memory and (latency or rate is not None):
        raise ValueError("latency and rate are those of a swarm in memory; on loopback, use open_link")
    if not in_memory and isinstance(trio.lowlevel.current_clock(), MockClock):
        raise RuntimeError("a swarm on loopback needs real time; under a MockClock, open it with in_memory=True")
    async with AsyncExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="local swarm ")))
        if tracker is None and in_memory:
            tracker = LocalTracker(address=IN_MEMORY_TRACKER)
        elif tracker is None:
            tracker = await stack.enter_async_context(open_local_tracker())
        failure: BaseException | None = None
        async with trio.open_nursery() as nursery:
            swarm = LocalSwarm(
                torrent=torrent,
                content=content,
                directory=directory,
                tracker=tracker,
                network=MemoryNetwork(latency=latency) if in_memory else None,
                rate=rate,
                nursery=nursery,
            )
            try:
                await _together(seeds, partial(swarm.add_seed, session=seed_session, options=options))
                await _together(leeches, partial(swarm.add_leech, session=leech_session, options=options))
                yield swarm
            except trio.Cancelled:
                raise
            except BaseException as error:
                failure = error  # raised below, where no nursery wraps it in a group
                nursery.cancel_scope.cancel()
            for member in swarm.members:
                member._leaving.set()
        if failure is not None:
            raise failure


async def _together(number: int, start: Callable[[], Awaitable[Member]]) -> None:
    """Start so many at once; raises the first error itself, in no group."""
    errors: list[OSError | SwarmError] = []

    async def try_to_start() -> None:
        try:
            await start()
        except (OSError, SwarmError) as error:
            errors.append(error)

    async with trio.open_nursery() as nursery:
        for _ in range(number):
            nursery.start_soon(try_to_start)
    if errors:
        raise errors[0]
