"""How long to leave a tracker alone that failed; numbers in, numbers out."""

from typing import Final

from torrent_peer.core.values import define
from torrent_peer.trackers.announce import TrackerError

FIRST_SILENCE: Final = 15.0
"""Seconds after a tracker that could not be reached at all; BEP 15's first time-out. Nobody is burdened by trying."""
FIRST_REFUSAL: Final = 60.0
"""Seconds after a tracker that answered, but not with peers: never more than one announce a minute."""
LONGEST: Final = 3600.0
"""Seconds; libtorrent's ceiling."""


@define
class Backoff:
    """Doubles with every failure, up to an hour; a success starts it anew."""

    failures: int = 0

    def failed(self, error: TrackerError) -> float:
        """Seconds to wait now; what the tracker itself asks for counts if it is longer (BEP 31)."""
        first = FIRST_REFUSAL if error.answered else FIRST_SILENCE
        wait: float = min(first * 2 ** min(self.failures, 16), LONGEST)
        self.failures += 1
        return max(wait, error.retry_in or 0.0)

    def succeeded(self) -> None:
        self.failures = 0
