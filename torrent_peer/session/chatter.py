"""How much a peer may say that neither gives nor asks; who says more is listened to less often, never blamed."""

from typing import Final

FREE_MESSAGES: Final = 5000
"""Said at once. A choke in the middle of everything costs an honest peer some hundred."""
FREE_RATE: Final = 200.0
"""Messages per second that are always listened to; keep-alives beyond one a second are no use to anybody (KA-03)."""
LONGEST_PAUSE: Final = 5.0
"""Seconds we do not listen, at the longest: deadlines run on meanwhile."""
QUIET_PORTION: Final = 8 * 1024
"""Bytes read at once from a peer that owes us no blocks: a thousand small messages, some hundredths of a second."""


class Chatter:
    """Keep-alives, changes of mind, repetitions: legal, of no use in number, and each costs some microseconds.

    Blocks, requests and pieces announced for the first time are not counted: there cannot be too many of them.
    """

    __slots__ = ("_allowance", "_updated")

    def __init__(self, *, now: float) -> None:
        self._allowance = float(FREE_MESSAGES)
        self._updated = now

    @property
    def is_excessive(self) -> bool:
        """Whether the peer has said more than is free."""
        return self._allowance < 0

    def pause(self, messages: int, *, now: float) -> float:
        """Seconds not to listen after these further messages."""
        earned = (now - self._updated) * FREE_RATE
        self._updated = now
        self._allowance = min(self._allowance + earned, FREE_MESSAGES) - messages
        if self._allowance >= 0:
            return 0.0
        self._allowance = max(self._allowance, -LONGEST_PAUSE * FREE_RATE)
        return -self._allowance / FREE_RATE
