"""A link with faults between two programs: latency, bandwidth, silence, and connections that are lost.

async with open_link(seeder.address, latency=0.05, rate=200_000, cut_after=50_000) as link:
    …  # let a client dial link.address
    link.stall()
"""

import enum
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio
from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import define

PORTION: Final = 64 * 1024
"""Bytes read at once."""
PORTIONS_PER_SECOND: Final = 50
"""A limited rate is kept by moving portions this often, so that it also holds over a fraction of a second."""
MAX_ON_THE_WAY: Final = 256
"""Portions held by the latency in one direction of one connection, at most: 16 MiB."""
_RESET: Final = struct.pack("ii", 1, 0)


class Loss(enum.Enum):
    """How a connection is lost."""

    RESET = "reset"
    """RST both ways, as from a crashed program or an impatient firewall."""
    CLOSE = "close"
    """FIN both ways, wherever the stream happens to be."""
    SILENCE = "silence"
    """Nothing more comes through, and nobody is told: a cable pulled."""


@define(eq=False, kw_only=True)
class Link:
    """A running link; settings may be changed while it runs and hold from the next byte on."""

    address: Address
    """Where to dial it."""
    target: Address
    """Where it leads."""
    latency: float = 0.0
    """Seconds each way."""
    rate: int | None = None
    """Bytes per second each way, all connections together; `None`: no limit."""
    cut_after: int | None = None
    """Bytes, both ways together, after which each new connection is lost; exactly so many are passed on."""
    cut_at: float | None = None
    """Seconds after which each new connection is lost."""
    loss: Loss = Loss.RESET
    """How they are lost."""
    carried: int = field(default=0, init=False)
    """Bytes passed on, both ways, all connections."""
    connected: int = field(default=0, init=False)
    """Connections made through it so far."""
    _wires: "set[_Wire]" = field(factory=set, init=False)
    _flowing: trio.Event = field(factory=trio.Event, init=False)
    _free_at: list[float] = field(factory=lambda: [0.0, 0.0], init=False)

    def __attrs_post_init__(self) -> None:
        self._flowing.set()

    @property
    def open(self) -> int:
        """Connections open now, silenced ones included."""
        return len(self._wires)

    def cut(self, loss: Loss | None = None) -> None:
        """Lose every connection now; new ones can be made."""
        for wire in list(self._wires):
            wire.lose(loss or self.loss)

    def stall(self) -> None:
        """Let nothing through until `resume`; nothing is lost."""
        if self._flowing.is_set():
            self._flowing = trio.Event()

    def resume(self) -> None:
        """Let everything through again."""
        self._flowing.set()

    async def _carry(self, near: trio.SocketStream) -> None:
        self.connected += 1
        async with near:
            try:
                far = await trio.open_tcp_stream(*self.target)
            except OSError:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            async with far:
                wire = _Wire(self, near, far)
                self._wires.add(wire)
                try:
                    await wire.run()
                finally:
                    self._wires.discard(wire)

    def _slot(self, way: int, length: int) -> float:
        """When `length` bytes, sent now, have left the near end: they queue behind what was sent before."""
        now = trio.current_time()
        if self.rate is None:
            return now
        self._free_at[way] = max(now, self._free_at[way]) + length / self.rate
        return self._free_at[way]

    @property
    def _portion(self) -> int:
        return PORTION if self.rate is None else max(1, min(PORTION, self.rate // PORTIONS_PER_SECOND))


class _Wire:
    """One connection through the link."""

    def __init__(self, link: Link, near: trio.SocketStream, far: trio.SocketStream) -> None:
        self._link = link
        self._ends = near, far
        self._left = link.cut_after
        self._silent = False
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        link, (near, far) = self._link, self._ends
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._one_way, 0, near, far)
                nursery.start_soon(self._one_way, 1, far, near)
                if link.cut_at is not None:
                    nursery.start_soon(self._lose_at, trio.current_time() + link.cut_at)

    def lose(self, loss: Loss) -> None:
        if loss is Loss.SILENCE:
            self._silent = True
            return
        if loss is Loss.RESET:
            for end in self._ends:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._scope.cancel()

    async def _lose_at(self, deadline: float) -> None:
        await trio.sleep_until(deadline)
        self.lose(self._link.loss)

    async def _one_way(self, way: int, source: trio.SocketStream, sink: trio.SocketStream) -> None:
        """Until `source` has ended, and its end has been passed on; a broken end ends the whole wire."""
        entrance, way_out = trio.open_memory_channel[tuple[float, bytes]](MAX_ON_THE_WAY)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._take_in, way, source, entrance)
                await self._give_out(way_out, sink)
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            if not self._silent:
                self.lose(Loss.RESET)

    async def _take_in(
        self, way: int, source: trio.SocketStream, entrance: "trio.MemorySendChannel[tuple[float, bytes]]"
    ) -> None:
        link = self._link
        async with entrance:
            while data := await source.receive_some(link._portion):
                sent_at = link._slot(way, len(data))
                await entrance.send((sent_at + link.latency, data))
                await trio.sleep_until(sent_at)

    async def _give_out(
        self, way_out: "trio.MemoryReceiveChannel[tuple[float, bytes]]", sink: trio.SocketStream
    ) -> None:
        async for due, data in way_out:
            await trio.sleep_until(due)
            await self._link._flowing.wait()
            if not self._silent:
                await self._arrive(data, sink)
        if not self._silent:
            await self._link._flowing.wait()
            await sink.send_eof()

    async def _arrive(self, data: bytes, sink: trio.SocketStream) -> None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._link.carried += len(data)
        await sink.send_all(data)
        if self._left == 0:
            self.lose(self._link.loss)


@asynccontextmanager
async def open_link(
    target: Address,
    *,
    latency: float = 0.0,
    rate: int | None = None,
    cut_after: int | None = None,
    cut_at: float | None = None,
    loss: Loss = Loss.RESET,
    host: str = "127.0.0.1",
) -> AsyncIterator[Link]:
    """A way to `target` that is as bad as told, as long as the block runs; `Link` says what the settings mean.

    It is TCP to both ends, so only whole connections can be lost: TCP repeats lost packets, which looks like latency.
    When nobody listens at `target`, who dials the link is reset.
    """
    (listener,) = await trio.open_tcp_listeners(0, host=host)
    link = Link(
        address=Address(host, int(listener.socket.getsockname()[1])),
        target=target,
        latency=latency,
        rate=rate,
        cut_after=cut_after,
        cut_at=cut_at,
        loss=loss,
    )
    failure: BaseException | None = None
    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, link._carry, [listener])
        try:
            yield link
        except trio.Cancelled:
            raise
        except BaseException as error:
            failure = error  # raised below, where no nursery wraps it in a group
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
