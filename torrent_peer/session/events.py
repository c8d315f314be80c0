"""What a torrent tells its audience while it runs; frozen values, given to one callback."""

from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.values import frozen
from torrent_peer.session.farewell import Farewell
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Message
from torrent_peer.wire.side import Side


@frozen
class CheckProgress:
    """Pieces hashed of those found on disk, before the download begins."""

    done: int
    total: int


@frozen
class Resumed:
    """What the disk already holds, once known."""

    pieces: int
    """Verified pieces found."""
    reason: str
    """Where that knowledge is from: "resume record", "2 files changed, rechecked", …"""


@frozen
class Listening:
    """Peers are accepted on this port."""

    port: int


@frozen
class PeerConnected:
    """A handshake is complete both ways."""

    address: Address
    dialed: bool
    """Whether we dialled."""
    client: str
    """Name and version as far as the peer id or its extended handshake tell; control characters not yet escaped."""


@frozen
class PeerClosed:
    """A conversation, or the attempt at one, is over."""

    farewell: Farewell


@frozen
class FindingNoted:
    """The referee noted something a peer did."""

    address: Address
    client: str
    finding: Finding


@frozen
class MessageSeen:
    """One message of one connection, in wire order; only with `SessionOptions.transcript`."""

    address: Address
    at: float
    """Seconds since the session began."""
    sender: Side
    ours: bool
    """Whether we sent it."""
    offset: int
    """Bytes before it in its direction of the stream."""
    message: Message
    findings: tuple[Finding, ...]
    change: str = ""
    """What it changed of what the sides have declared, in words; empty when nothing."""


@frozen
class BlocksSeen:
    """Messages `piece` or `request` said in a row, all legal: in place of a `MessageSeen` for each."""

    address: Address
    at: float
    """Seconds since the session began."""
    sender: Side
    ours: bool
    """Whether we sent them."""
    offset: int
    """Bytes before the first in its direction of the stream."""
    kind: str
    """`piece` or `request`."""
    blocks: tuple[Block, ...]


@frozen
class PieceVerified:
    """A piece's hash is right and its bytes are written."""

    piece: int
    verified: int
    """Verified bytes wanted so far."""


@frozen
class PieceFailed:
    """A piece's hash is wrong; it will be fetched again."""

    piece: int
    suspects: tuple[Address, ...]
    """Who sent blocks of it."""


@frozen
class PeerBanned:
    """A peer proved to have sent wrong data."""

    address: Address
    reason: str


@frozen
class TrackerAnswered:
    """A tracker answered an announce."""

    url: str
    """Credentials blotted out."""
    peers: int
    seeders: int | None
    leechers: int | None
    warning: str | None


@frozen
class TrackerFailed:
    """A tracker did not answer, or with an error."""

    url: str
    reason: str


@frozen
class DoorTrouble:
    """Peers that call cannot be let in for now; said once a minute at most."""

    reason: str
    """In a line: why, and what to do."""


@frozen
class DiskTrouble:
    """Reading or writing failed; the run ends with `Ending.DISK`."""

    reason: str


@frozen
class Completed:
    """Everything wanted is verified and on disk; sent once, before any seeding."""

    seconds: float
    """Since the torrent was added."""
    downloaded: int
    """Payload bytes received, wasted ones included."""
    wasted: int
    """Payload bytes received twice, unasked or in pieces that failed."""


Event = (
    CheckProgress
    | Resumed
    | Listening
    | PeerConnected
    | PeerClosed
    | FindingNoted
    | MessageSeen
    | BlocksSeen
    | PieceVerified
    | PieceFailed
    | PeerBanned
    | TrackerAnswered
    | TrackerFailed
    | DoorTrouble
    | DiskTrouble
    | Completed
)
