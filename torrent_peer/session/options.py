"""What a caller may set for a session and for one torrent in it."""

from enum import Enum
from typing import Final

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import frozen
from torrent_peer.wire.policy import Profile

DEFAULT_MAX_PEERS: Final = 200
"""Connections of a session. libtorrent: 200."""


@frozen(kw_only=True)
class SessionOptions:
    """Settings shared by all torrents of one process."""

    listen_host: str | None = None
    """Address to accept peers on; `None`: every IPv4 and IPv6 address of the machine."""
    listen_ports: tuple[int, ...] = (*range(6881, 6890), 0)
    """TCP ports to try in turn; 0 is any free one. Empty: accept nobody."""
    bind: str | None = None
    """Source address for connections we make, to peers and trackers, or the name of a network interface."""
    max_peers: int = DEFAULT_MAX_PEERS
    """Connections held at once, all torrents together."""
    download_limit: int | None = None
    """Bytes per second over all torrents, payload; `None`: no limit."""
    upload_limit: int | None = None
    """Bytes per second over all torrents, payload; `None`: no limit."""
    upload_slots: int = 8
    """Peers unchoked at once per torrent; never fewer than one. Transmission and libtorrent: 8."""
    max_upload_slots: int | None = None
    """Peers unchoked at once over all torrents, each torrent getting its share; `None`: no limit. When it is less than
    one for each torrent, they take turns of a minute."""
    profile: Profile = Profile.INTEROPERABLE
    """How severe the referee is."""
    transcript: bool = False
    """Whether every message is reported, by `MessageSeen` and `BlocksSeen` events."""


@frozen(kw_only=True)
class TorrentOptions:
    """Settings of one torrent."""

    wanted_files: frozenset[int] | None = None
    """File numbers as `TorrentFile.index` counts them, from 1; `None`: all."""
    peers: tuple[Address, ...] = ()
    """Peers to dial besides those the trackers name; they are dialled again after failures."""
    trackers: tuple[tuple[str, ...], ...] | None = None
    """Tiers of announce URLs instead of the torrent's own; `()` asks no tracker."""
    max_peers: int = 50
    """Connections held at once. libtorrent's cap is 200 per session, Transmission's 50 per torrent."""
    sequential: bool = False
    """Ask for pieces in order instead of rarest first."""
    recheck: bool = False
    """Hash everything on disk first, whatever the resume record says."""
    overwrite: bool = False
    """Whether existing files that are no part of this download may be written over."""
    stall_timeout: float | None = 300.0
    """Seconds without a verified byte after which the download gives up; `None`: never."""
    seed_ratio: float | None = None
    """Go on serving until uploaded ÷ size reaches this; whichever of ratio and time is met first ends."""
    seed_time: float | None = None
    """Go on serving for this many seconds."""
    read_only: bool = False
    """Serve what is on disk, fetch nothing and write nothing, no record either; when data is missing, the run ends with
    `Ending.INCOMPLETE`."""
    partial: bool = False
    """With `read_only`: serve what there is, though data is missing (BEP 21's partial seed)."""
    super_seed: bool = False
    """If everything is on disk at the start: tell each peer of a piece only when another it was told of has been passed
    on, so that little more than one copy is uploaded (BEP 16). It ends when enough others have everything."""


class Ending(Enum):
    """How a torrent's run came to its end."""

    COMPLETE = "complete"
    """Everything wanted is verified and on disk (and the seeding asked for is done)."""
    STALLED = "stalled"
    """No progress for `stall_timeout`, data missing."""
    NOBODY = "nobody"
    """No tracker and no peer ever answered."""
    INCOMPLETE = "incomplete"
    """Data is missing, and `read_only` forbids to fetch it."""
    DISK = "disk"
    """The disk refused: full, read-only, permission."""
    STOPPED = "stopped"
    """The caller stopped it."""
