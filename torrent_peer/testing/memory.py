"""A network and a disk for sessions that need neither sockets nor threads: under an autojump clock no time passes.

A clock that jumps ahead when nothing runs would jump while a thread works, or while bytes are with the kernel.

network = MemoryNetwork(latency=0.05)
async with open_session(network=network.join(tracker), disk=InlineDisk()) as session:
    …  # it listens at, dials from and announces from an address of its own, which is none of this machine
"""

from collections.abc import Callable, Sequence
from itertools import count
from types import TracebackType
from typing import Final, Self, TypeVar

import trio
from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import define
from torrent_peer.net.announcer import Ask
from torrent_peer.net.disk import Job
from torrent_peer.net.listen import Complain, ListenError
from torrent_peer.net.network import Welcome
from torrent_peer.net.source_address import SourceAddress
from torrent_peer.net.transport import Transport
from torrent_peer.testing.memory_transport import Line, MemoryTransport, Pipe
from torrent_peer.testing.tracker_desk import RIGHT, Desk
from torrent_peer.trackers.announce import DEFAULT_INTERVALS, AnnounceRequest, AnnounceResponse, TrackerError

PORT: Final = 6881
"""Of a host that was told to listen on any."""
FIRST_SOURCE_PORT: Final = 49152
MOST_WAITING: Final = 256
"""Connections that have come in and are not taken yet; as many as `net.listen` lets the kernel hold."""

ResultT = TypeVar("ResultT")


class InlineDisk:
    """Does at once, on the Trio thread, what `DiskThreads` would do on others."""

    def __enter__(self) -> Self:
        self._token = trio.lowlevel.current_trio_token()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to wait for."""

    async def run(self, function: Callable[[], ResultT]) -> ResultT:
        await trio.lowlevel.checkpoint()
        return function()

    def submit(self, job: Job, done: Job) -> None:
        job()
        self._token.run_sync_soon(done)


@define(eq=False, kw_only=True)
class MemoryNetwork:
    """The hosts and what lies between them."""

    latency: float = 0.0
    """Seconds each way; may be changed at any time."""
    _doors: "dict[Address, _MemoryDoor]" = field(factory=dict, init=False)
    _links: set[tuple[MemoryTransport, MemoryTransport]] = field(factory=set, init=False)
    _numbers: "count[int]" = field(factory=lambda: count(1), init=False)

    def join(self, tracker: Desk | None = None, *, rate: int | None = None) -> "MemoryHost":
        """A host with an address of its own, that asks `tracker` whatever the URL, and sends `rate` bytes/s at most."""
        number = next(self._numbers)
        name = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return MemoryHost(network=self, name=name, line=Line(rate), tracker=tracker)

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._links)

    def cut(self, host: str | None = None) -> int:
        """Reset every connection now, or those of one host; how many that were. New ones can be made."""
        links = [link for link in self._links if host is None or host in (end.host for end in link)]
        for link in links:
            self._links.discard(link)
            for end in link:
                end.reset()
        return len(links)


@define(eq=False, kw_only=True)
class MemoryHost:
    """One machine of a `MemoryNetwork`: what a session is given in place of TCP (`torrent_peer.net.network`)."""

    network: MemoryNetwork
    name: str
    """Its IP address."""
    line: Line
    """What it sends through; `line.rate` may be changed."""
    tracker: Desk | None = None
    ask: Ask | None = field(init=False)
    _source_ports: "count[int]" = field(factory=lambda: count(FIRST_SOURCE_PORT), init=False)

    def __attrs_post_init__(self) -> None:
        self.ask = self._ask_tracker

    async def listen(self, host: str | None, ports: Sequence[int]) -> "_MemoryDoor":
        address = Address(self.name, next((port for port in ports if port), PORT))
        if address in self.network._doors:
            raise ListenError(f"cannot listen on {address}: it is taken")
        return _MemoryDoor(self, address)

    async def dial(self, address: Address, *, source: SourceAddress) -> Transport:
        await trio.sleep(2 * self.network.latency)
        door = self.network._doors.get(address)
        if door is None:
            raise ConnectionRefusedError("connection refused")
        there, back = (Pipe(host.line, lambda: self.network.latency) for host in (self, door.host))
        link = MemoryTransport(self.name, back, there), MemoryTransport(address.host, there, back)
        self.network._links.add(link)
        for end in link:
            end.on_close = lambda: self.network._links.discard(link)
        door.arrive(link[1], Address(self.name, next(self._source_ports)))
        return link[0]

    async def resolve(self, host: str, port: int) -> tuple[Address, ...]:
        return (Address(host, port),)

    async def _ask_tracker(self, url: str, request: AnnounceRequest) -> AnnounceResponse:
        tracker = self.tracker
        await trio.sleep(2 * self.network.latency)
        if tracker is None:
            raise TrackerError("there is no tracker in this network")
        told = await tracker.announce(self.name, request, over="memory")
        if tracker.take_fault() is not RIGHT:
            raise TrackerError("the answer was wrong, as the test wants it")
        return AnnounceResponse(
            interval=DEFAULT_INTERVALS.clamp(tracker.interval),
            min_interval=tracker.min_interval,
            peers=tuple(peer.address for peer in told.peers),
            seeders=told.seeders,
            leechers=told.leechers,
            warning=tracker.warning,
        )


class _MemoryDoor:
    """A port of a host."""

    def __init__(self, host: MemoryHost, address: Address) -> None:
        self.host = host
        self.port = address.port
        self._address = address
        self._into, self._out = trio.open_memory_channel[tuple[Transport, Address]](MOST_WAITING)
        host.network._doors[address] = self

    def arrive(self, transport: Transport, address: Address) -> None:
        try:
            self._into.send_nowait((transport, address))
        except trio.WouldBlock:
            raise ConnectionRefusedError("connection refused") from None

    async def serve(self, welcome: Welcome, complain: Complain) -> None:
        async for transport, address in self._out:
            welcome(transport, address)

    def close(self) -> None:
        self.host.network._doors.pop(self._address, None)
        self._into.close()
        self._out.close()
