"""What a torrent looks like right now: a snapshot for people to look at."""

from enum import Enum

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import frozen


class State(Enum):
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    SEEDING = "seeding"
    STOPPING = "stopping"
    ENDED = "ended"


@frozen(kw_only=True)
class PeerStatus:
    """One connected peer."""

    address: Address
    client: str
    flags: str
    """Letters as users of Transmission know them: O D d U u K ? S I, in this order."""
    progress: float
    """0…1."""
    download_rate: float
    """Bytes per second."""
    upload_rate: float
    """Bytes per second."""
    outstanding: int
    """Requests we wait for."""
    last_word: str
    """The last thing that went wrong with it, in words; empty when nothing did."""


@frozen(kw_only=True)
class TrackerStatus:
    """One tracker."""

    url: str
    """Credentials blotted out."""
    seeders: int | None
    leechers: int | None
    last_error: str | None
    next_announce: float | None
    """Seconds from now; `None`: never, or only if others fail."""
    answered: bool = False
    """Whether the last attempt got an answer; `False` without `last_error`: not asked, or thinking."""
    peers: int = 0
    """Addresses in the last answer."""


@frozen(kw_only=True)
class TorrentStatus:
    """One torrent."""

    info_hash: InfoHash
    name: str
    state: State
    wanted: int
    """Bytes wanted, padding included."""
    verified: int
    """Bytes of them verified."""
    pieces: int
    pieces_verified: int
    downloaded: int
    """Payload bytes received this run."""
    uploaded: int
    """Payload bytes sent this run."""
    wasted: int
    download_rate: float
    upload_rate: float
    eta: float | None
    """Seconds; `None` when nothing moves."""
    known_peers: int
    """Addresses known, connected or not."""
    connected: int
    """Peers connected."""
    peers: tuple[PeerStatus, ...]
    """Each of them, if that was asked for: with thousands it takes a while."""
    trackers: tuple[TrackerStatus, ...]
    hash_failures: int
    violations: int
    deviations: int
    why_slow: str
    """One line that answers "why is it stalled?"; empty while bytes flow."""
    have: bytes = b""
    """The verified pieces as a bitfield (BEP 3); empty while the disk is looked at."""
    open_pieces: tuple[int, ...] = ()
    """Pieces begun and not whole yet."""
    dialing: int = 0
    """Attempts to connect under way."""
    unobtainable: int = 0
    """Wanted pieces that no connected peer has."""
    super_seeding: bool = False
    """Whether pieces are hidden, to be revealed one by one (BEP 16)."""

    @property
    def doing(self) -> str:
        """The state in a word."""
        return f"super-{self.state.value}" if self.super_seeding and self.state is State.SEEDING else self.state.value
