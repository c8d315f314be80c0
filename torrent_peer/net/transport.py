"""A byte stream to one peer as the session uses it: read into a borrowed buffer, write without waiting, drain apart."""

import contextlib
import socket
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import trio

from torrent_peer.wire.codec import FULL_PIECE_LENGTH

RECEIVE_BUFFER_LENGTH: Final = 32 * FULL_PIECE_LENGTH
"""Bytes. Measured: half as much costs a seventh more, twice as much gives nothing."""
BUFFERS_IN_A_ROW: Final = 2
"""Full buffers a connection may read before others get their turn: 1 MiB, some milliseconds of work."""
LAST_READS: Final = 16
"""Buffers read and thrown away before closing, at most."""
EARLY_SENDS: Final = 16
"""Sends after which the kernel is told to acknowledge at once what comes next.

It rather waits for 40 ms whether we have something to say, and a peer that runs Nagle's algorithm (libtorrent does)
keeps back the end of its first blocks until then: a third of a small download. Later the pipeline is full.
"""


class Transport(Protocol):
    """What a peer's task needs of its connection."""

    backlog: int
    """Bytes accepted by `write` that the network has not taken yet."""

    async def receive(self, at_most: int = RECEIVE_BUFFER_LENGTH) -> memoryview:
        """The next bytes, empty at the end of the stream; good until anybody receives again.

        Raises OSError when the connection broke.
        """

    async def readable(self) -> None:
        """Wait until `receive` has something to return, be it the end of the stream or an error."""

    async def give_way(self) -> None:
        """Let others have their turn, if it is theirs; for before `receive_now`, which never does."""

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:
        """Fill the buffers, one after the other, with what is here: how much that was, 0 at the end of the stream.

        `None` if nothing is here, see `readable`. Raises OSError when the connection broke.
        """

    def write(self, data: bytes | memoryview) -> None:
        """Send now what the network takes, keep the rest for `drain`; never waits, never raises.

        The buffer under a memoryview may be used again at once: what is kept of it is copied.
        """

    async def drain(self, below: int = 0) -> None:
        """Wait until at most `below` bytes of backlog are left, or the connection broke."""

    async def aclose(self) -> None:
        """Close, without waiting for the other end; what it already sent is read and thrown away."""


class ReceiveBuffer:
    """One buffer for all connections of a thread.

    A connection fills it and works through it before anybody awaits, so that a thousand idle peers cost nothing.
    """

    __slots__ = ("view",)

    def __init__(self, length: int = RECEIVE_BUFFER_LENGTH) -> None:
        self.view = memoryview(bytearray(length))


class SocketTransport:
    """A `Transport` over a non-blocking socket.

    The socket is read raw behind `wait_readable` rather than with Trio's `recv_into`, which lets other tasks run
    between filling the shared buffer and returning from the call.
    """

    __slots__ = ("_buffer", "_closed", "_early", "_in_a_row", "_queue", "_sock", "backlog")

    def __init__(self, sock: socket.socket, buffer: ReceiveBuffer) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._buffer = buffer.view
        self._queue: list[memoryview] = []  # seldom more than two; an empty deque takes 0.7 KiB
        self._closed = False
        self._in_a_row = 0
        self._early = EARLY_SENDS if hasattr(socket, "TCP_QUICKACK") and sock.family != socket.AF_UNIX else 0
        self.backlog = 0

    async def receive(self, at_most: int = RECEIVE_BUFFER_LENGTH) -> memoryview:
        await self.give_way()
        at_most = min(at_most, len(self._buffer))
        while True:
            try:
                length = self._sock.recv_into(self._buffer, at_most)
            except (BlockingIOError, InterruptedError):
                self._in_a_row = 0
            else:
                full = length == at_most
                self._in_a_row = self._in_a_row + 1 if full and self._in_a_row < BUFFERS_IN_A_ROW - 1 else 0
                return self._buffer[:length]
            # Not within `except`: an idle peer would hold the exception and its traceback, half a KiB.
            await trio.lowlevel.wait_readable(self._sock)

    async def readable(self) -> None:
        await trio.lowlevel.wait_readable(self._sock)

    async def give_way(self) -> None:
        # While data streams in it is there by the time the others have had their turn: no need to ask the kernel twice.
        if not self._in_a_row:
            await trio.lowlevel.checkpoint()

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:
        self._in_a_row = 0
        try:
            return self._sock.recvmsg_into(buffers)[0]
        except (BlockingIOError, InterruptedError):
            return None

    def write(self, data: bytes | memoryview) -> None:
        if self._closed:
            return
        view = memoryview(data)
        if not self._queue:
            view = view[self._send(view) :]
        if view and not self._closed:
            self._queue.append(memoryview(bytes(view)) if view.obj is not data else view)
            self.backlog += len(view)

    async def drain(self, below: int = 0) -> None:
        while self.backlog > below:
            try:
                await trio.lowlevel.wait_writable(self._sock)
            except (trio.ClosedResourceError, ValueError):  # closed meanwhile
                return
            while self._queue and not self._closed:
                first = self._queue[0]
                sent = self._send(first)
                self.backlog -= sent
                if sent < len(first):
                    if sent:
                        self._queue[0] = first[sent:]
                    break
                del self._queue[0]

    async def aclose(self) -> None:
        self._give_up()
        if self._sock.fileno() < 0:
            return
        # Closing with bytes unread makes the kernel send RST, which can destroy our last words at the other end.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            for _ in range(LAST_READS):
                if not self._sock.recv_into(self._buffer):
                    break
        trio.lowlevel.notify_closing(self._sock)
        self._sock.close()

    def _send(self, view: memoryview) -> int:
        try:
            sent = self._sock.send(view)
            if self._early:
                self._early -= 1
                self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            return sent
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:  # the reader is told of it too, and says why
            self._give_up()
            return 0

    def _give_up(self) -> None:
        self._closed = True
        self._queue.clear()
        self.backlog = 0


class StreamTransport:
    """A `Transport` over any Trio stream: memory streams in tests, wrapped streams elsewhere."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._ahead: bytes | None = None
        """What was read to see whether there is anything; empty at the end of the stream."""
        self._queue: deque[bytes] = deque()
        self._closed = False
        self.backlog = 0

    async def receive(self, at_most: int = RECEIVE_BUFFER_LENGTH) -> memoryview:
        if self._ahead is not None:
            data = self._ahead[:at_most]
            self._ahead = self._ahead[at_most:] or None
            return memoryview(data)
        try:
            return memoryview(await self._stream.receive_some(min(at_most, RECEIVE_BUFFER_LENGTH)))
        except trio.BrokenResourceError as broken:
            raise ConnectionResetError(str(broken) or "the stream broke") from broken
        except trio.ClosedResourceError:
            return memoryview(b"")

    async def readable(self) -> None:
        if self._ahead is None:
            self._ahead = bytes(await self.receive())

    async def give_way(self) -> None:
        await trio.lowlevel.checkpoint()

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:
        if self._ahead is None:
            return None
        length = fill(buffers, self._ahead)
        self._ahead = self._ahead[length:] or None
        return length

    def write(self, data: bytes | memoryview) -> None:
        if not self._closed and data:
            self._queue.append(bytes(data))
            self.backlog += len(data)

    async def drain(self, below: int = 0) -> None:
        while self.backlog > below:
            data = self._queue.popleft()
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self._closed = True
                self._queue.clear()
                self.backlog = 0
                return
            if not self._closed:
                self.backlog -= len(data)

    async def aclose(self) -> None:
        self._closed = True
        self._queue.clear()
        self.backlog = 0
        await trio.aclose_forcefully(self._stream)


def fill(buffers: Sequence[memoryview], data: bytes) -> int:
    """Copy `data` into the buffers, one after the other; how much of it there was room for."""
    at = 0
    for buffer in buffers:
        part = data[at : at + len(buffer)]
        buffer[: len(part)] = part
        at += len(part)
    return at
