"""What each side of a connection has declared. Knows no rules, and not which side is us."""

from collections.abc import Container
from enum import Enum
from typing import Final, Protocol

from torrent_peer.core.addresses import Address
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire.ledger import RequestLedger
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    DontHave,
    Handshake,
    HashRange,
    Have,
    HaveAll,
    HaveNone,
    Suggest,
)
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.questions import Questions
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

DEFAULT_REQUEST_QUEUE: Final = 250
"""Requests to send to a peer that never said how many it takes; BEP 10 names it as libtorrent's default."""
PATIENT_REQUEST_QUEUE: Final = 500
"""Requests to take from a peer that was never told how many; libtorrent's and Transmission's limit is 500 or more."""
LATEST_PIECE: Final = 1 << 22
"""Pieces a torrent of unknown size may have, twice libtorrent's limit."""
DEFERRED_LIMIT: Final = 4096
"""Messages kept for judgement until the torrent's size is known."""

_NO_PIECES: Final[frozenset[int]] = frozenset()


class Availability(Enum):
    """How a side told which pieces it has."""

    UNSEEN = "unseen"
    BITFIELD = "bitfield"
    HAVE_ALL = "have_all"
    HAVE_NONE = "have_none"
    IMPLICIT_NONE = "implicit none"
    """Its first core message was another: it had nothing (BEP 3: "may skip the 'bitfield' message")."""


class HashTrees(Protocol):
    """The merkle trees of a version 2 torrent's files (BEP 52), as much of them as the wire needs to know."""

    def height(self, pieces_root: bytes) -> int | None:
        """Layers above the leaves of the file with this root, padded; `None` when the torrent has no such file."""


class SideState:
    """One side, as it is known by what it has said."""

    __slots__ = (
        "_hashes",
        "_metadata",
        "_rendezvous",
        "allowed_fast",
        "allowed_fast_said",
        "announced",
        "availability",
        "availability_updates",
        "choking",
        "client",
        "declared_queue",
        "deferred",
        "exchanged",
        "exchanges",
        "expected_id",
        "extensions",
        "greeted",
        "handshake",
        "heard",
        "interested",
        "metadata_size",
        "own_ids",
        "peer_id",
        "phase",
        "pieces",
        "port",
        "requests",
        "reserved",
        "side",
        "upload_only",
        "withdrawn",
    )

    def __init__(self, side: Side) -> None:
        self.side = side
        self.phase = Phase.HANDSHAKE
        self.heard = False
        """Whether its words are judged where they arrive, so that they may have crossed the other side's."""
        self.handshake: Handshake | None = None
        self.reserved: Reserved | None = None
        """The bits of its handshake; set before, when it is known which bits it is going to send (HS-14)."""
        self.peer_id: PeerId | None = None
        """What it calls itself; set before its handshake, when it is known what that is going to be (HS-10)."""
        self.own_ids: Container[bytes] = ()
        """Further ids by which it knows itself (HS-10)."""
        self.expected_id: PeerId | None = None
        """What a tracker called it; `None` where none did (HS-11)."""
        self.choking = True
        """It does not serve the other side's requests. BEP 3: "Connections start out choked and not interested"."""
        self.interested = False
        self.availability = Availability.UNSEEN
        self.availability_updates = 0
        """Availability messages after the first core message."""
        self.pieces: PieceSet | None = None
        """What it has; `None` while nothing is known of it, or the torrent's size is not."""
        self.withdrawn: PieceSet | None = None
        """What it once said it has, and later that it has not; see `has_withdrawn`."""
        self.allowed_fast: set[int] | frozenset[int] = _NO_PIECES
        """Pieces it serves even while it chokes (BEP 6)."""
        self.allowed_fast_said = 0
        self.requests = RequestLedger()
        """What it asked of the other side."""
        self.greeted = False
        """Its extended handshake is said."""
        self.extensions: dict[str, int] = {}
        """Name → the id under which it wants the extension now; disabled ones are not in it."""
        self.announced: dict[int, str] = {}
        """Every id it ever announced → the name it had first."""
        self.declared_queue: int | None = None
        self.client = ""
        """Name and version as it gives them, else read from its peer id; empty before its handshake."""
        self.port: int | None = None
        """The UDP port of its DHT node; `None` until it said so."""
        self.deferred: dict[Bitfield | HaveAll | HaveNone | Have | AllowedFast | Suggest | DontHave, None] | None = None
        """What it said of pieces while the torrent's size is unknown."""
        self.upload_only = False
        """It wants nothing of anybody (BEP 21)."""
        self.metadata_size: int | None = None
        """Length of the torrent's metadata as it says, bytes; `None` while it has none (BEP 9)."""
        # Made when first needed: most peers ask no such thing.
        self._metadata: Questions[int] | None = None
        self._hashes: Questions[HashRange] | None = None
        self._rendezvous: Questions[Address] | None = None
        self.exchanges = 0
        """Peer exchanges it sent (BEP 11)."""
        self.exchanged: set[Address] | None = None
        """Peers it added in them and did not drop; `None` before the first, and once there are too many to keep."""

    @property
    def metadata(self) -> Questions[int]:
        """Pieces of metadata it asked for."""
        if self._metadata is None:
            self._metadata = Questions()
        return self._metadata

    @property
    def hashes(self) -> Questions[HashRange]:
        """Hashes it asked for (BEP 52)."""
        if self._hashes is None:
            self._hashes = Questions()
        return self._hashes

    @property
    def rendezvous(self) -> Questions[Address]:
        """Peers it asked to be brought together with (BEP 55)."""
        if self._rendezvous is None:
            self._rendezvous = Questions()
        return self._rendezvous

    @property
    def request_queue(self) -> int:
        """Unanswered requests it takes; 250 unless it says otherwise (`reqq` of BEP 10)."""
        return DEFAULT_REQUEST_QUEUE if self.declared_queue is None else self.declared_queue

    @property
    def patience(self) -> int:
        """Unanswered requests for which nobody may be blamed: what it declared, 500 if it did not."""
        return PATIENT_REQUEST_QUEUE if self.declared_queue is None else self.declared_queue

    def serves_choked(self, piece: int) -> bool:
        """Whether it said it would serve `piece` even while it chokes."""
        return piece in self.allowed_fast

    def declines(self, piece: int) -> bool:
        """Whether requests for `piece` are not served now."""
        return (self.choking and not self.serves_choked(piece)) or self.has_withdrawn(piece)

    def has_withdrawn(self, piece: int) -> bool:
        """Whether it once had `piece`, and has it no longer."""
        return self.withdrawn is not None and piece in self.withdrawn and piece not in (self.pieces or _NO_PIECES)


class PeerState:
    """Both sides, and what follows from both."""

    __slots__ = ("dialer", "extended", "fast", "geometry", "hash_trees", "info_hash", "listener", "v2")

    def __init__(self, *, info_hash: InfoHash | None = None, geometry: Geometry | None = None) -> None:
        self.dialer = SideState(Side.DIALER)
        self.listener = SideState(Side.LISTENER)
        self.info_hash = info_hash
        """The torrent this is about; `None` until somebody names one."""
        self.geometry = geometry
        """`None` while the torrent's size is unknown."""
        self.fast = False
        """Both sides set BEP 6's bit."""
        self.extended = False
        """Both sides set BEP 10's bit."""
        self.v2 = False
        """Both sides set BEP 52's bit."""
        self.hash_trees: HashTrees | None = None
        """`None` while they are unknown, and in a version 1 torrent."""

    def of(self, side: Side) -> SideState:
        """What `side` has declared."""
        return self.dialer if side is Side.DIALER else self.listener

    def negotiate(self) -> None:
        """Work out what both sides speak, from the bits known so far."""
        ours, theirs = self.dialer.reserved, self.listener.reserved
        if ours is not None and theirs is not None:
            self.fast = ours.fast and theirs.fast
            self.extended = ours.extended and theirs.extended
            self.v2 = ours.v2 and theirs.v2


class Direction:
    """One direction of the conversation: who speaks, who listens, and what both share."""

    __slots__ = ("receiver", "sender", "state")

    def __init__(self, state: PeerState, sender: Side) -> None:
        self.state = state
        self.sender = state.of(sender)
        self.receiver = state.of(sender.other)
