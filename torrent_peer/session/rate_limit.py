"""A token bucket on Trio's clock, fair between those who share it."""

from collections import deque
from typing import Final

import trio
from attrs import field

from torrent_peer.core.values import define

SAVED_SECONDS: Final = 0.25
"""How much of a second's allowance idle time may save up; also how long the event loop may be busy at no loss."""
PORTION_SECONDS: Final = 0.1
"""How much of it is moved at once."""
UNLIMITED_PORTION: Final = 1 << 30
"""Bytes; more than anybody moves at once."""
LEAST_PORTION: Final = 1024
"""Bytes; less would cost more than it holds back."""


@define(eq=False)
class _Bucket:
    """What all shares of one limit draw from."""

    rate: int | None
    level: float = 0.0
    """Bytes that may be moved; below 0 what was moved ahead of time."""
    updated: float | None = None
    clock: float = 0.0
    """What the share served last had been given before; who was idle begins from here, not with what it left unused."""
    shares: "list[RateLimit]" = field(factory=list)
    """Those somebody waits for."""
    timed: bool = False
    """Whether one of those who wait does so by the clock; the others wait for him."""

    def seconds_until(self, amount: int) -> float:
        """When there will be so many bytes; 0 if there are now."""
        assert self.rate is not None
        now = trio.current_time()
        if self.updated is not None:
            most = max(self.rate * SAVED_SECONDS, amount)
            self.level = min(self.level + (now - self.updated) * self.rate, most)
        self.updated = now
        lack = amount - self.level
        return lack / self.rate if lack >= 1 else 0.0  # less than a byte is what is left of a rounded sleep

    @property
    def next_amount(self) -> int:
        """What the next in turn wants: the one who came first to the share that has been given least."""
        return self._next_share.next_amount

    def serve(self) -> None:
        """Let go whose turn it is, for as long as there is enough."""
        while self.shares and not self.seconds_until(self.next_amount):
            self._next_share.serve()

    @property
    def _next_share(self) -> "RateLimit":
        return min(self.shares, key=lambda share: share.given)

    def wake(self) -> None:
        """Have one of those who wait look at the clock."""
        if self.shares and not self.timed:
            self.shares[0].wake()


@define(eq=False)
class _Waiter:
    amount: int
    served: bool = False
    news: trio.Event = field(factory=trio.Event)


class RateLimit:
    """Lets `rate` bytes per second through; None lets everything through.

    Whatever is taken is waited for first, so that the rate holds from the beginning, and no amount is too large. Takers
    are served in the order they came; with several shares of one limit (see `share`) those who come through different
    ones get the same number of bytes, however many they are.
    """

    def __init__(self, rate: int | None) -> None:
        self._bucket = _Bucket(rate)
        self._line: deque[_Waiter] = deque()
        self.given = 0.0
        """Bytes given to this share, on a count that all shares have in common."""

    @property
    def rate(self) -> int | None:
        """Bytes per second."""
        return self._bucket.rate

    @property
    def portion(self) -> int:
        """How many bytes to move at once so that the rate holds over a fraction of a second, too."""
        rate = self._bucket.rate
        return UNLIMITED_PORTION if rate is None else max(LEAST_PORTION, int(rate * PORTION_SECONDS))

    def share(self) -> "RateLimit":
        """Another way into the same bucket: what goes through both is limited, and neither gets more than the other."""
        other = RateLimit(None)
        other._bucket = self._bucket
        return other

    async def take(self, amount: int) -> None:
        """Spend `amount` bytes, waiting until it is this taker's turn; to be called before they are moved."""
        bucket = self._bucket
        if bucket.rate is None:
            return
        if not self._line:
            self.given = max(self.given, bucket.clock)
        if not bucket.shares and not bucket.seconds_until(amount):
            self._spend(amount)
            return
        waiter = _Waiter(amount)
        if not self._line:
            bucket.shares.append(self)
        self._line.append(waiter)
        try:
            while not waiter.served:
                if bucket.timed:
                    await waiter.news.wait()
                    waiter.news = trio.Event()
                    continue
                bucket.timed = True
                try:
                    await trio.sleep(bucket.seconds_until(bucket.next_amount))
                finally:
                    bucket.timed = False
                bucket.serve()
        finally:
            if not waiter.served:
                self._line.remove(waiter)
                self._tidy()
            bucket.wake()

    def give_back(self, amount: int) -> None:
        """Of what was taken last, so many bytes were not moved after all."""
        if self._bucket.rate is not None:
            self._bucket.level += amount
            self.given -= amount

    @property
    def next_amount(self) -> int:
        """For the bucket: what whoever came first wants."""
        return self._line[0].amount

    def serve(self) -> None:
        """For the bucket: it is the turn of whoever came first."""
        waiter = self._line.popleft()
        self._tidy()
        waiter.served = True
        waiter.news.set()
        self._spend(waiter.amount)

    def wake(self) -> None:
        """For the bucket: whoever came first is to look at the clock."""
        self._line[0].news.set()

    def _spend(self, amount: int) -> None:
        self._bucket.clock = max(self._bucket.clock, self.given)
        self._bucket.level -= amount
        self.given += amount

    def _tidy(self) -> None:
        if not self._line:
            self._bucket.shares.remove(self)
