"""A tracker of one's own, over HTTP and UDP, for tests, demos and small networks.

async with open_local_tracker(interval=60) as tracker:
    …  # announce to tracker.http_url or tracker.udp_url
    assert tracker.events(info_hash) == [Event.STARTED]
"""

import errno
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import trio
from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import define
from torrent_peer.testing.tracker_desk import Desk
from torrent_peer.testing.tracker_http import serve_http
from torrent_peer.testing.tracker_udp import UdpSide

MAX_CONNECTIONS: Final = 256
"""HTTP connections at once; a further one is closed without an answer."""
EXPIRY_ROUND: Final = 60.0
"""Seconds between looks for peers and torrents to forget, even when nobody asks about them."""
PORT_ATTEMPTS: Final = 20
"""Free TCP ports tried until one is free for UDP too."""

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where the tracker was told to listen


@define(eq=False, kw_only=True)
class LocalTracker(Desk):
    """A running tracker: where it is, and everything of `Desk`: settings, swarms and the record of announces."""

    address: Address
    """Where it listens, TCP and UDP on the same port."""
    _connections: int = field(default=0, init=False)

    @property
    def http_url(self) -> str:
        return f"http://{self._shown}/announce"

    @property
    def udp_url(self) -> str:
        return f"udp://{self._shown}/announce"

    @property
    def _shown(self) -> str:
        return str(Address(_EVERYWHERE.get(self.address.host, self.address.host), self.address.port))

    async def _serve_client(self, stream: trio.SocketStream) -> None:
        if self._connections >= MAX_CONNECTIONS:
            await trio.aclose_forcefully(stream)
            return
        self._connections += 1
        try:
            await serve_http(stream, self)
        finally:
            self._connections -= 1

    async def _expire(self) -> None:
        while True:
            await trio.sleep(EXPIRY_ROUND)
            self.book.expire(now=trio.current_time())


@asynccontextmanager
async def open_local_tracker(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    interval: int = 1800,
    min_interval: int | None = None,
    lifetime: float | None = None,
    dice: random.Random | None = None,
) -> AsyncIterator[LocalTracker]:
    """A tracker that answers as long as the block runs; port 0: any that is free. Raises OSError when it cannot listen.

    Peers are handed out with the address they announce from, so peers on this machine announce from loopback.
    """
    listener, datagrams = await _listen(host, port)
    tracker = LocalTracker(
        address=Address(host, int(listener.socket.getsockname()[1])),
        interval=interval,
        min_interval=min_interval,
        lifetime=lifetime,
        dice=dice or random.SystemRandom(),
    )
    failure: BaseException | None = None
    with datagrams:
        async with listener, trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, tracker._serve_client, [listener])
            nursery.start_soon(UdpSide(datagrams, tracker).serve)
            nursery.start_soon(tracker._expire)
            try:
                yield tracker
            except trio.Cancelled:
                raise
            except BaseException as error:
                failure = error  # raised below, where no nursery wraps it in a group
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _listen(host: str, port: int) -> tuple[trio.SocketListener, trio.socket.SocketType]:
    """A TCP listener and a UDP socket on the same port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in range(1, PORT_ATTEMPTS + 1):
        (listener,) = await trio.open_tcp_listeners(port, host=host)
        datagrams = trio.socket.socket(family, socket.SOCK_DGRAM)
        try:
            if family == socket.AF_INET6:
                datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            await datagrams.bind((host, listener.socket.getsockname()[1]))
        except BaseException as error:
            datagrams.close()
            await trio.aclose_forcefully(listener)
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            if not (taken and port == 0 and attempt < PORT_ATTEMPTS):
                raise
        else:
            return listener, datagrams
    raise AssertionError("the last attempt raises")
