"""How fast bytes are moving, from a few multiplications per buffer."""

from math import exp
from typing import Final

from attrs import field

from torrent_peer.core.values import define

TIME_CONSTANT: Final = 5.0
"""Seconds after which what was moved counts 1/e: calm enough to display, quick enough to choke by.

BEP 3: "a rolling 20-second average"; nine tenths of the weight lie in the last 11.5 s.
"""
_LEAST_SPAN: Final = 0.02
"""Seconds a first burst is spread over, at least; a rate over less is chance."""


@define
class Rate:
    """An exponentially weighted mean of bytes per second, unbiased from the first buffer on.

    Times are the caller's clock in seconds and must not run backwards.
    """

    time_constant: float = field(default=TIME_CONSTANT, kw_only=True)
    total: int = field(default=0, init=False)
    """Bytes ever added."""
    _level: float = field(default=0.0, init=False)
    _began: float | None = field(default=None, init=False)
    _updated: float = field(default=0.0, init=False)

    def add(self, n_bytes: int, *, now: float) -> None:
        """`n_bytes` have moved since the last call."""
        if self._began is None:
            self._began = self._updated = now
        self._level = self._level * exp((self._updated - now) / self.time_constant) + n_bytes
        self._updated = now
        self.total += n_bytes

    def rate(self, *, now: float) -> float:
        """Bytes per second, 0 before the first byte."""
        if self._began is None:
            return 0.0
        seen = 1.0 - exp(min(self._began - now, -_LEAST_SPAN) / self.time_constant)
        return self._level * exp((self._updated - now) / self.time_constant) / (self.time_constant * seen)
