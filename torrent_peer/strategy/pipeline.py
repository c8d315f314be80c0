"""How many requests to keep outstanding with one peer."""

from typing import Final

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.strategy.rates import Rate

QUEUE_TIME: Final = 3.0
"""Seconds of data to have asked for beyond the round trip. libtorrent: `request_queue_time` 3; Transmission 10."""
HELD_UP_QUEUE_TIME: Final = 1.0
"""The same while a limit of ours holds the peer up. Its data waits for us, its choke behind that, and what we ask
meanwhile is asked of somebody who chokes. libtorrent hangs up at the 50th such request (`max_rejects`)."""
LEAST_DEPTH: Final = 4
"""Requests outstanding with the slowest peer: it must not wait for us between two blocks."""
FIRST_DEPTH: Final = 8
"""Requests to begin with, before anything is known."""
MOST_DEPTH: Final = 2000
"""Requests outstanding at most, whatever the peer allows: 31 MiB."""
DEFAULT_PEER_QUEUE: Final = 250
"""What a peer that announces no `reqq` takes. BEP 10: "The default in libtorrent is 250"."""
WHOLE_PIECE_TIME: Final = 20.0
"""Seconds within which a peer should fetch a piece to get it for itself. libtorrent: `whole_pieces_threshold` 20."""
_MOST_LATENCY: Final = 2.0
"""Seconds a round trip is believed to take at most; a longer wait for an answer is slowness, not distance."""
_REVIEW: Final = 0.5
"""Seconds between two looks at the rate."""
_RATE_TIME_CONSTANT: Final = 3.0
"""Seconds; the queue should follow a changing peer within about its own length."""


class RequestPipeline:
    """The depth of one peer's request queue, in blocks.

    It starts small and grows by every block that arrives, which doubles it each round trip, until it holds more than
    the peer sends in a round trip and `QUEUE_TIME`; from then on it follows the rate. Refills come in batches: there is
    no room until half of the queue is consumed, so that many requests share one send (the largest single effect on
    speed that was measured).
    """

    def __init__(self, peer_queue: int = DEFAULT_PEER_QUEUE, *, most: int = MOST_DEPTH) -> None:
        """`peer_queue` is the peer's `reqq`, `most` our own cap."""
        self._most = most
        self._limit = 1
        self._depth = FIRST_DEPTH
        self._growing = True
        self._snubbed = False
        self._rate = Rate(time_constant=_RATE_TIME_CONSTANT)
        self._reviewed: float | None = None
        self._asked: float | None = None
        self._latency = 0.0
        self._held_up = 0.0
        self.peer_queue = peer_queue

    @property
    def peer_queue(self) -> int:
        """Requests the peer takes at once; may change with any extended handshake (BEP 10, `reqq`)."""
        return self._peer_queue

    @peer_queue.setter
    def peer_queue(self, value: int) -> None:
        self._peer_queue = value
        self._limit = max(1, min(value, self._most))

    @property
    def depth(self) -> int:
        """Requests to have outstanding when the queue is full."""
        return 1 if self._snubbed else min(self._depth, self._limit)

    @property
    def latency(self) -> float:
        """Seconds from a request to an idle peer until its answer; 0 before it was seen."""
        return self._latency

    def room(self, outstanding: int, *, share: int = MOST_DEPTH, now: float = 0.0) -> int:
        """Requests to send now: 0 until half of the queue is consumed, then what fills it.

        `share` are the blocks that would be this peer's if what is missing were divided among all there are. More than
        that is asked only to fill the line: what is not asked yet can still be asked of whoever turns out to be quick,
        or left to those who have asked for it before us.
        """
        depth = self.depth
        if share < depth:
            on_the_way = int(self._rate.rate(now=now) * self._latency / BLOCK_LENGTH)
            depth = min(depth, max(share, LEAST_DEPTH + 2 * on_the_way))
        return depth - outstanding if outstanding <= depth // 2 else 0

    def rate(self, *, now: float) -> float:
        """Bytes per second of blocks from this peer since it last unchoked us."""
        return self._rate.rate(now=now)

    def takes_whole_pieces(self, piece_length: int, *, now: float) -> bool:
        """Whether the peer is fast enough to be given pieces of this many bytes for itself."""
        return self.rate(now=now) * WHOLE_PIECE_TIME >= piece_length

    def sent(self, *, now: float, outstanding: int) -> None:
        """Requests were just sent to a peer that had `outstanding` unanswered ones before."""
        if outstanding == 0:
            self._asked = now
            if self._reviewed is None:
                self._rate.add(0, now=now)

    def on_bytes(self, n_blocks: int, n_bytes: int, *, now: float) -> None:
        """`n_blocks` blocks of `n_bytes` together have arrived; call it once per buffer."""
        self._snubbed = False
        self._rate.add(n_bytes, now=now)
        if self._asked is not None:
            sample = min(now - self._asked, _MOST_LATENCY)
            self._latency = sample if self._latency == 0.0 else 0.75 * self._latency + 0.25 * sample
            self._asked = None
        if self._growing:
            self._depth = min(self._depth + n_blocks, self._limit)
        if self._reviewed is None:
            self._reviewed = now
        elif now - self._reviewed >= _REVIEW:
            self._review(now, held_up=self._held_up * 2 > now - self._reviewed)
            self._reviewed = now
            self._held_up = 0.0

    def held_up(self, seconds: float) -> None:
        """What the peer sent was not read for so long, though it was there."""
        self._held_up += seconds

    def snubbed(self) -> None:
        """The peer has sent nothing for a minute: one request at a time until it sends something, then from anew."""
        self._snubbed = True
        self._restart()

    def choked(self) -> None:
        """The peer has choked us: what it does after the next unchoke is found out anew."""
        self._restart()

    def _restart(self) -> None:
        self._depth = FIRST_DEPTH
        self._growing = True
        self._rate = Rate(time_constant=_RATE_TIME_CONSTANT)
        self._reviewed = None
        self._asked = None

    def _review(self, now: float, *, held_up: bool) -> None:
        seconds = HELD_UP_QUEUE_TIME if held_up else QUEUE_TIME + self._latency
        target = int(self._rate.rate(now=now) * seconds / BLOCK_LENGTH) + 1
        target = max(LEAST_DEPTH, min(target, self._limit))
        if target < self._depth:
            self._growing = False
        if not self._growing:
            self._depth = target
