"""How a conversation with a peer ended: a value, returned by the peer's task, never raised."""

from enum import Enum

from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import frozen
from torrent_peer.session.reasons import Likely
from torrent_peer.wire.errors import Finding


class EndedBy(Enum):
    """Who closed, or what did."""

    US = "us"
    THEM = "them"
    NETWORK = "network"
    """Nobody: refused, unreachable, reset in the middle of a message."""


class Cause(Enum):
    """Why, in one word; `detail` has the sentence."""

    DIAL_FAILED = "dial failed"
    VIOLATION = "violation"
    """They broke a rule, named in `finding`."""
    OUR_FAULT = "our fault"
    """We tried to send what was not legal; a bug in this program, `finding` names the rule."""
    TIMEOUT = "timeout"
    """One of our deadlines (legality §2.15 KA, LV, HS-08); `detail` names it."""
    SELF = "ourselves"
    DUPLICATE = "duplicate"
    """A second connection to a peer we already have."""
    UNWANTED = "unwanted"
    """Nothing to give and nothing to take, or no room."""
    BANNED = "banned"
    SHUTDOWN = "shutdown"
    """The torrent ended."""
    CLOSED = "closed"
    """They closed in order, between two messages; `likely` ranks why."""
    CUT = "cut"
    """The stream ended inside a message."""
    RESET = "reset"


@frozen(kw_only=True)
class Farewell:
    """The end of one conversation, or of the attempt at one."""

    address: Address
    dialed: bool
    ended_by: EndedBy
    cause: Cause
    detail: str
    """One line for people, without the peer's own words escaped."""
    client: str = ""
    finding: Finding | None = None
    likely: tuple[Likely, ...] = ()
    """For a silent close: the ranked reasons, most likely first; may be empty ("unknown")."""
    seconds: float = 0.0
    """Since the connection was made."""
    downloaded: int = 0
    """Payload bytes."""
    uploaded: int = 0
    """Payload bytes."""
    recent: tuple[str, ...] = field(default=(), repr=False)
    """The last messages both ways, in short form, oldest first."""
