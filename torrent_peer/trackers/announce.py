"""What is said to a tracker and what it answers, whatever the transport (BEP 3, 7, 15, 23, 24, 31, 48)."""

from enum import Enum
from typing import Final

from attrs import field, validators

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import frozen
from torrent_peer.trackers.redact import redacted, scrub

NUM_WANT: Final = 200
"""Peers asked for. libtorrent: 200, which is also the most opentracker gives."""

DEFAULT_INTERVAL: Final = 1800.0
"""Seconds; for a tracker that names none. What most trackers name; BEP 3 has no number."""


class Event(Enum):
    """Why we announce (BEP 3): the value is the word of the HTTP query."""

    REGULAR = ""
    STARTED = "started"
    COMPLETED = "completed"
    STOPPED = "stopped"


@frozen(kw_only=True)
class Intervals:
    """What a tracker's intervals are clamped to, in seconds.

    An `interval` of 2⁶² taken at its word overflowed the timers of two clients, which then announced hundreds of times
    a second; one of 0 does the same without any overflow.
    """

    shortest: float = field(default=60.0, validator=validators.gt(0))
    """anacrolix' minimum too. Only a tracker of one's own, in tests and demos, deserves less."""
    longest: float = 24 * 3600.0

    def clamp(self, seconds: float) -> float:
        return float(min(max(seconds, self.shortest), self.longest))


DEFAULT_INTERVALS: Final = Intervals()


@frozen(kw_only=True)
class AnnounceRequest:
    """One announce. Byte counts are totals since `started` (BEP 3)."""

    info_hash: InfoHash
    peer_id: PeerId
    port: int
    """Where we accept peers."""
    uploaded: int
    downloaded: int
    left: int
    """Bytes still to be downloaded; 0 makes us a seeder in the tracker's eyes."""
    event: Event = Event.REGULAR
    num_want: int = NUM_WANT
    key: int = 0
    """32 random bits by which a tracker knows us again when our address changes (BEP 7, BEP 15)."""
    tracker_id: bytes | None = None
    """What the tracker's previous answer called `tracker id`, to be said back."""


@frozen(kw_only=True)
class AnnounceResponse:
    """A tracker's answer, already believed as far as it deserves: clamped, bounded, dialable addresses only."""

    interval: float
    """Seconds until the next regular announce."""
    min_interval: float | None = None
    """Seconds before which another announce is unwelcome."""
    peers: tuple[Address, ...] = ()
    seeders: int | None = None
    leechers: int | None = None
    warning: str | None = None
    """The tracker's `warning message`, on one line."""
    tracker_id: bytes | None = None
    external_ip: str | None = None
    """The address the tracker saw us come from (BEP 24)."""
    oddities: tuple[str, ...] = ()
    """What was wrong with the answer and could be passed over, in words."""


@frozen
class ScrapeEntry:
    """A tracker's count of one torrent (BEP 48)."""

    seeders: int
    completed: int
    """Downloads ever completed."""
    leechers: int


class TrackerError(Exception):
    """A tracker could not be asked, refused, or answered something that is no answer. One line, nothing secret.

    `reason` is the part that does not name the tracker, `url` its redacted URL once known. `retry_in`: seconds the
    tracker asks to be left alone (BEP 31). `never`: asking again is pointless, because the URL is impossible or the
    tracker said so (BEP 31). `answered`: something at the tracker's address answered, if only to refuse.
    """

    def __init__(
        self,
        reason: str,
        *,
        url: str | None = None,
        retry_in: float | None = None,
        never: bool = False,
        answered: bool = False,
    ) -> None:
        super().__init__(f"{url}: {reason}" if url else reason)
        self.reason = reason
        self.url = url
        self.retry_in = retry_in
        self.never = never
        self.answered = answered

    def about(self, url: str) -> "TrackerError":
        """The same error, naming the tracker at this (raw) URL; the secrets in it are blotted out everywhere."""
        return TrackerError(
            scrub(self.reason, url),
            url=redacted(url),
            retry_in=self.retry_in,
            never=self.never,
            answered=self.answered,
        )
