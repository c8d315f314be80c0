"""The table of turns: which message may be said in which phase, and what phase follows. What is absent may not be said.

Each side has a phase of its own; a side's phase moves with what that side says.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Holepunch,
    Interested,
    KeepAlive,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    UploadOnly,
)


class Phase(Enum):
    """How far one side has come in what it says."""

    HANDSHAKE = "handshake"
    """It has said nothing yet."""
    READY = "ready"
    """Its handshake is said, but no core message."""
    ACTIVE = "active"
    """Its first core message is said."""
    CLOSED = "closed"
    """Its stream has ended, or the connection was closed over a violation."""


PHASES: Final[Mapping[Phase, Mapping[type, Phase]]] = {
    Phase.HANDSHAKE: {
        Handshake: Phase.READY,
    },
    # BEP 3 says "bitfield" is only the first message, BEP 6 "only immediately after the handshake", BEP 10 "immediately
    # after the standard bittorrent handshake". They cannot all be first: only core messages count as messages here.
    Phase.READY: {
        KeepAlive: Phase.READY,
        ExtendedHandshake: Phase.READY,
        Extended: Phase.READY,
        MetadataRequest: Phase.READY,
        MetadataPiece: Phase.READY,
        MetadataReject: Phase.READY,
        MetadataUnknown: Phase.READY,
        PeerExchange: Phase.READY,
        UploadOnly: Phase.READY,
        DontHave: Phase.READY,
        Holepunch: Phase.READY,
        Port: Phase.READY,
        Bitfield: Phase.ACTIVE,
        HaveAll: Phase.ACTIVE,
        HaveNone: Phase.ACTIVE,
        Choke: Phase.ACTIVE,
        Unchoke: Phase.ACTIVE,
        Interested: Phase.ACTIVE,
        NotInterested: Phase.ACTIVE,
        Have: Phase.ACTIVE,
        Request: Phase.ACTIVE,
        Piece: Phase.ACTIVE,
        Cancel: Phase.ACTIVE,
        Suggest: Phase.ACTIVE,
        Reject: Phase.ACTIVE,
        AllowedFast: Phase.ACTIVE,
        HashRequest: Phase.ACTIVE,
        Hashes: Phase.ACTIVE,
        HashReject: Phase.ACTIVE,
    },
    Phase.ACTIVE: {
        KeepAlive: Phase.ACTIVE,
        ExtendedHandshake: Phase.ACTIVE,
        Extended: Phase.ACTIVE,
        MetadataRequest: Phase.ACTIVE,
        MetadataPiece: Phase.ACTIVE,
        MetadataReject: Phase.ACTIVE,
        MetadataUnknown: Phase.ACTIVE,
        PeerExchange: Phase.ACTIVE,
        UploadOnly: Phase.ACTIVE,
        DontHave: Phase.ACTIVE,
        Holepunch: Phase.ACTIVE,
        Port: Phase.ACTIVE,
        Choke: Phase.ACTIVE,
        Unchoke: Phase.ACTIVE,
        Interested: Phase.ACTIVE,
        NotInterested: Phase.ACTIVE,
        Have: Phase.ACTIVE,
        Request: Phase.ACTIVE,
        Piece: Phase.ACTIVE,
        Cancel: Phase.ACTIVE,
        Suggest: Phase.ACTIVE,
        Reject: Phase.ACTIVE,
        AllowedFast: Phase.ACTIVE,
        HashRequest: Phase.ACTIVE,
        Hashes: Phase.ACTIVE,
        HashReject: Phase.ACTIVE,
    },
    Phase.CLOSED: {},
}
