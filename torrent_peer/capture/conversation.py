"""One TCP connection: its segments → the bytes of both sides, each given when what it acknowledges has been given.

An acknowledgement proves that bytes had reached the other end's kernel. It is never taken to mean that they were read,
but what was sent with it was sent later; so a capture that has the two directions a little out of step is put right,
and one that lacks what was acknowledged is found out before anybody is accused for it.
"""

from collections import deque
from typing import Final

from torrent_peer.capture.account import Account
from torrent_peer.capture.referee import Referee
from torrent_peer.capture.segment import Segment
from torrent_peer.capture.stream import HELD, Chunk, Stream
from torrent_peer.wire.codec import PROTOCOL
from torrent_peer.wire.side import Side

_IN_THE_MIDDLE: Final = "its beginning was not captured"


class Conversation:
    """Puts one connection together for its referee."""

    def __init__(self, referee: Referee) -> None:
        self._referee: Final = referee
        self._streams: dict[Side, Stream] = {}
        self._ready: dict[Side, deque[Chunk]] = {side: deque() for side in Side}
        """What is in order, and waits for the other direction."""
        self._ready_bytes = 0
        self._given = dict.fromkeys(Side, 0)
        """Offset up to which each side's bytes have been given to the referee."""
        self._ended: list[Side] = []
        """The sides whose stream has come to its end, in order."""
        self._opened: dict[Side, int] = {}
        """Sequence numbers of the segments that opened the connection."""
        self.over = False
        """Both sides have ended, or one broke it off."""

    @property
    def account(self) -> Account:
        """What is told of it."""
        return self._referee.account

    @property
    def held(self) -> int:
        """Bytes of memory that wait for others."""
        return self._ready_bytes + self._referee.held + sum(stream.held_bytes for stream in self._streams.values())

    def is_another(self, side: Side, segment: Segment) -> bool:
        """Whether a segment opens a new connection between the same two ports."""
        if not segment.syn:
            return False
        opened, answered = self._opened.get(side), self._opened.get(side.other)
        if segment.ack is not None and answered is not None and segment.ack == (answered + 1) & 0xFFFFFFFF:
            return False
        return self.over or (side in self._streams if opened is None else opened != segment.seq)

    def take(self, side: Side, segment: Segment, *, packet: int, at: float) -> None:
        """The next segment that was captured, sent by this side."""
        account = self.account
        account.lasted = max(account.lasted, at - account.started)
        if self.over:
            return
        if segment.rst:
            self._give()
            self._over(f"the {side.value} broke it off (RST)")
            return
        first = self._first_byte(side, segment)
        stream = self._streams[side]
        if self._referee.done:
            stream.fault = stream.fault or "nobody reads on"
        chunk = Chunk(bytes(segment.payload), self._acknowledged(side, segment), packet, at)
        for each in stream.add(stream.offset(first), chunk, cut=segment.cut, fin=segment.fin):
            self._ready[side].append(each)
            self._ready_bytes += each.cost
        self._give()
        if stream.fault is not None:
            self._referee.stop(f"of the {side.value}, {stream.fault}")
        elif self._ready_bytes > HELD:
            self._referee.stop("bytes that were acknowledged are not in the capture: it has lost packets")
        if self._referee.done:
            self._forget()
            if segment.fin and side not in self._ended:
                self._end(side)

    def finish(self) -> None:
        """Nothing more is captured of it."""
        self._give()
        if any(self._ready.values()) or any(stream.waiting for stream in self._streams.values()):
            self._referee.stop("bytes are missing: they were lost, or not captured")
        self._referee.finish()
        self._forget()

    def give_up(self) -> None:
        """There are too many conversations to follow this one any further."""
        if not self.over:
            self._referee.stop("too much is going on at once to follow it all")
            self.finish()

    def _first_byte(self, side: Side, segment: Segment) -> int:
        """The sequence number of its first byte; also finds where each stream begins."""
        if segment.syn:
            self._opened[side] = segment.seq
        first = segment.seq + segment.syn
        if side not in self._streams:
            self._streams[side] = Stream(first & 0xFFFFFFFF)
            if not self._opened and not PROTOCOL.startswith(bytes(segment.payload[: len(PROTOCOL)])):
                self.account.unread = _IN_THE_MIDDLE
        if side.other not in self._streams and segment.ack is not None:
            self._streams[side.other] = Stream(segment.ack)
        return first

    def _acknowledged(self, side: Side, segment: Segment) -> int:
        other = self._streams.get(side.other)
        return 0 if segment.ack is None or other is None else other.offset(segment.ack)

    def _give(self) -> None:
        """Give the referee whatever it may have now."""
        moving = True
        while moving:
            moving = False
            for side, ready in self._ready.items():
                while ready and ready[0].ack <= self._given[side.other]:
                    chunk = ready.popleft()
                    self._ready_bytes -= chunk.cost
                    self._given[side] += len(chunk.data)
                    self._referee.receive(side, chunk.data, packet=chunk.number, at=chunk.at)
                    moving = True
                stream = self._streams.get(side)
                if stream is not None and stream.over and not ready and side not in self._ended:
                    self._given[side] = stream.next
                    self._end(side)
                    moving = True

    def _end(self, side: Side) -> None:
        self._ended.append(side)
        self.account.ended = f"the {self._ended[0].value} closed it"
        if len(self._ended) == len(Side):
            self._over(f"the {self._ended[0].value} closed it")

    def _over(self, how: str) -> None:
        self.over = True
        self.account.ended = how
        self.finish()

    def _forget(self) -> None:
        """Let go of bytes that nobody will read."""
        for side in self._ready:
            self._ready[side].clear()
        self._ready_bytes = 0
        for stream in self._streams.values():
            stream.drop()
