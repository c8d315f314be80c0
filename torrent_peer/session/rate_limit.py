"""A token bucket on Trio's clock."""

from typing import Final

import trio

BURST_SECONDS: Final = 0.25
"""How much of a second's allowance may be saved up and spent at once."""

UNLIMITED_PORTION: Final = 1 << 30
"""Bytes; more than anybody moves at once."""
LEAST_PORTION: Final = 1024
"""Bytes; less would cost more than it holds back."""


class RateLimit:
    """Lets `rate` bytes per second through; None lets everything through.

    What is taken may exceed what is there: the bucket goes into debt and the taker waits until its share of the debt is
    paid, so no amount is too large, the rate holds on average, and takers are served in the order they came.
    """

    def __init__(self, rate: int | None) -> None:
        self.rate = rate
        self._level = 0.0 if rate is None else rate * BURST_SECONDS
        self._updated: float | None = None

    @property
    def portion(self) -> int:
        """How many bytes to move at once so that the rate holds over a fraction of a second, too."""
        return UNLIMITED_PORTION if self.rate is None else max(LEAST_PORTION, int(self.rate * BURST_SECONDS))

    async def take(self, amount: int) -> None:
        """Spend `amount` bytes, and wait until they have been earned."""
        if self.rate is None:
            return
        self._refill()
        self._level -= amount
        if self._level < 0:
            await trio.sleep(-self._level / self.rate)

    def _refill(self) -> None:
        assert self.rate is not None
        now = trio.current_time()
        if self._updated is not None:
            self._level = min(self._level + (now - self._updated) * self.rate, self.rate * BURST_SECONDS)
        self._updated = now
