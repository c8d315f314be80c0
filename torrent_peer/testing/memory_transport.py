"""A connection in memory: two directions, each with a latency, a window, and the line of the host that sends."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import trio

from torrent_peer.core.values import define
from torrent_peer.net.transport import RECEIVE_BUFFER_LENGTH, fill

WINDOW: Final = 256 * 1024
"""Bytes of one direction that are on their way or unread; what is more is the sender's backlog."""
AHEAD: Final = 0.1
"""Seconds of work a line takes on at once: what waits behind that can still be withdrawn."""
PORTION: Final = 16 * 1024
"""Bytes a line sends in one piece."""
SHORT: Final = 1024
"""Bytes that do not wait for the line when nothing is before them."""


@define(eq=False)
class Line:
    """What a host sends through, all its connections together."""

    rate: int | None = None
    """Bytes per second; `None`: no limit."""
    free_at: float = -math.inf
    """When everything it took on is sent."""

    def send(self, length: int, *, now: float) -> float:
        """Take `length` bytes on; when the last of them has left."""
        self.free_at = max(self.free_at, now)
        if self.rate is not None:
            self.free_at += length / self.rate
        return self.free_at


class Pipe:
    """One direction of a connection."""

    def __init__(self, line: Line, latency: Callable[[], float]) -> None:
        self._line = line
        self._latency = latency
        self._waiting: deque[bytes] = deque()
        self._flying: deque[tuple[float, bytes]] = deque()
        self._flying_length = 0
        self._news = trio.Event()
        self.backlog = 0
        """Bytes the line has not taken on."""
        self.ended = False
        """Nothing more will be put in."""
        self.broken = False

    @property
    def is_drained(self) -> bool:
        """Nothing more will come out."""
        return self.ended and not self._flying and not self._waiting

    def put(self, data: bytes) -> None:
        """Send it as soon as line and window allow; nothing, when that was ended."""
        if self.ended or self.broken:
            return
        self._waiting.extend(data[at : at + PORTION] for at in range(0, len(data), PORTION))
        self.backlog += len(data)
        self.advance()

    def advance(self) -> None:
        """Move on what can be moved."""
        now, moved = trio.current_time(), False
        while self._waiting and self._flying_length < WINDOW:
            if self._line.free_at - now > AHEAD and len(self._waiting[0]) > SHORT:
                break
            data = self._waiting.popleft()
            self.backlog -= len(data)
            self._flying.append((self._line.send(len(data), now=now) + self._latency(), data))
            self._flying_length += len(data)
            moved = True
        if moved:
            self._tell()

    async def moved(self) -> None:
        """Wait until it is worth while to `advance` again."""
        with trio.move_on_at(self._line.free_at - AHEAD / 2 if self._flying_length < WINDOW else math.inf):
            await self._news.wait()

    async def arrived(self) -> None:
        """Wait until there is something to take, or nothing more will come. Raises ConnectionResetError."""
        await trio.lowlevel.checkpoint()
        while not self.broken:
            if self._flying and self._flying[0][0] <= trio.current_time():
                return
            if self.is_drained:
                return
            with trio.move_on_at(self._flying[0][0] if self._flying else math.inf):
                await self._news.wait()
        raise ConnectionResetError("Connection reset by peer")

    def take(self, at_most: int) -> bytes:
        """What has arrived; empty at the end of the stream."""
        now, taken, room = trio.current_time(), [], at_most
        while room and self._flying and self._flying[0][0] <= now:
            due, data = self._flying.popleft()
            taken.append(data[:room])
            if len(data) > room:
                self._flying.appendleft((due, data[room:]))
            room -= len(taken[-1])
        self._flying_length -= at_most - room
        self._tell()
        self.advance()
        return b"".join(taken)

    def end(self) -> None:
        """What is on its way arrives; what waits never leaves."""
        self._waiting.clear()
        self.backlog = 0
        self.ended = True
        self._tell()

    def break_off(self) -> None:
        """Nothing arrives any more."""
        self.broken = True
        self._waiting.clear()
        self._flying.clear()
        self.backlog = self._flying_length = 0
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()


class MemoryTransport:
    """One end of a connection; a `Transport`."""

    def __init__(self, host: str, inward: Pipe, outward: Pipe) -> None:
        self.host = host
        """Whose end it is."""
        self.closed = False
        self.backlog = 0
        self.on_close: Callable[[], None] = lambda: None
        self._inward = inward
        self._outward = outward

    async def receive(self, at_most: int = RECEIVE_BUFFER_LENGTH) -> memoryview:
        await self.readable()
        return memoryview(b"" if self.closed else self._inward.take(at_most))

    async def readable(self) -> None:
        if self.closed:
            await trio.lowlevel.checkpoint()
        else:
            await self._inward.arrived()

    async def give_way(self) -> None:
        await trio.lowlevel.checkpoint()

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:
        if self.closed:
            return 0
        if self._inward.broken:
            raise ConnectionResetError("Connection reset by peer")
        length = fill(buffers, self._inward.take(sum(map(len, buffers))))
        return length if length or self._inward.is_drained else None

    def write(self, data: bytes | memoryview) -> None:
        if not self.closed:
            self._outward.put(bytes(data))
            self.backlog = self._outward.backlog

    async def drain(self, below: int = 0) -> None:
        pipe = self._outward
        pipe.advance()
        while pipe.backlog > below:
            self.backlog = pipe.backlog
            await pipe.moved()
            pipe.advance()
        self.backlog = pipe.backlog

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()
        self.closed = True
        self._outward.end()
        self.backlog = 0
        self.on_close()

    def reset(self) -> None:
        """As if the connection broke."""
        self._inward.break_off()
        self._outward.break_off()
        self.backlog = 0
