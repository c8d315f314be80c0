"""One direction of a TCP connection: segments in the order of capture → its bytes in their own order."""

from heapq import heappop, heappush
from typing import Final

from attrs import field

from torrent_peer.core.values import define, frozen

HELD: Final = 4 * 1024 * 1024
"""Bytes kept that wait for others before them: what a large TCP window holds. Beyond, those before are lost."""
CHUNK_COST: Final = 256
"""Bytes that a chunk costs besides its own, so that many small ones are no cheaper than they are."""


@frozen(slots=True)
class Chunk:
    """Bytes that come next, and when they were captured."""

    data: bytes
    ack: int
    """How many bytes of the other direction its sender had received, as far as its segment tells."""
    number: int
    """Number of the packet that brought them."""
    at: float

    @property
    def cost(self) -> int:
        """Bytes of memory it takes."""
        return len(self.data) + CHUNK_COST


@define
class Stream:
    """What one end sent. Offsets count from its first byte; the end of the stream counts as one more."""

    base: int
    """Sequence number of the first byte."""
    next: int = 0
    """Offset of the first byte that has not come."""
    end: int | None = None
    """Offset behind the last byte, once it is known."""
    fault: str | None = None
    """Why nothing more can be read; `None` while it can."""
    held_bytes: int = 0
    """What is kept costs so much memory."""
    _held: dict[int, Chunk] = field(factory=dict)
    _offsets: list[int] = field(factory=list)
    """The same offsets, as a heap."""

    def offset(self, seq: int) -> int:
        """The offset of a sequence number: the one nearest to where we are."""
        return self.next + ((seq - self.base - self.next + 0x80000000) & 0xFFFFFFFF) - 0x80000000

    def add(self, offset: int, chunk: Chunk, *, cut: int = 0, fin: bool = False) -> list[Chunk]:
        """A segment whose first byte has this offset; the chunks that are in order now.

        `cut`: bytes at its end that were not captured.
        """
        if self.fault is not None:
            return []
        if fin and self.end is None:
            self.end = offset + len(chunk.data) + cut
        self._keep(offset, chunk)
        ready = self._ready()
        if cut and offset <= self.next < offset + len(chunk.data) + cut:
            self.fault = "packets were captured only in part; capture whole ones (tcpdump -s 0)"
        elif self.held_bytes > HELD:
            self.fault = f"bytes are missing at {self.next}: the capture has lost packets"
        return ready

    @property
    def over(self) -> bool:
        """Everything has come, the end included."""
        return self.end is not None and self.next > self.end

    @property
    def waiting(self) -> bool:
        """Something has come whose predecessor has not."""
        return bool(self._held)

    def drop(self) -> None:
        """Let go of all that is kept."""
        self._held.clear()
        self._offsets.clear()
        self.held_bytes = 0

    def _keep(self, offset: int, chunk: Chunk) -> None:
        data = chunk.data
        if offset < self.next:
            offset, data = self.next, data[self.next - offset :]
        if not data:
            return
        before = self._held.get(offset)
        if before is not None:
            if before.data[: len(data)] != data[: len(before.data)]:
                self.fault = f"the bytes at {offset} were sent in two versions"
                return
            if len(before.data) >= len(data):
                return
            self.held_bytes -= before.cost
        else:
            heappush(self._offsets, offset)
        self._held[offset] = kept = Chunk(data, chunk.ack, chunk.number, chunk.at)
        self.held_bytes += kept.cost

    def _ready(self) -> list[Chunk]:
        ready: list[Chunk] = []
        while self._offsets and self._offsets[0] <= self.next and self.fault is None:
            start = heappop(self._offsets)
            chunk = self._held.pop(start)
            self.held_bytes -= chunk.cost
            if start < self.next:
                self._keep(start, chunk)  # what has come already is cut off
                continue
            self.next += len(chunk.data)
            ready.append(chunk)
        if self.end is not None and self.next == self.end:
            self.next += 1
        return ready
