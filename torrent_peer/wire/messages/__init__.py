"""What can be said on the wire: one file per BEP, fields only; no bytes, no order, no state."""

from torrent_peer.wire.messages.bep3 import (
    Bitfield,
    Cancel,
    Choke,
    Handshake,
    Have,
    Interested,
    KeepAlive,
    NotInterested,
    Piece,
    Request,
    Unchoke,
)
from torrent_peer.wire.messages.bep5 import Port
from torrent_peer.wire.messages.bep6 import AllowedFast, HaveAll, HaveNone, Reject, Suggest
from torrent_peer.wire.messages.bep9 import MetadataPiece, MetadataReject, MetadataRequest, MetadataUnknown
from torrent_peer.wire.messages.bep10 import Extended, ExtendedHandshake
from torrent_peer.wire.messages.bep11 import PeerExchange
from torrent_peer.wire.messages.bep21 import UploadOnly
from torrent_peer.wire.messages.bep52 import Hashes, HashRange, HashReject, HashRequest
from torrent_peer.wire.messages.bep54 import DontHave
from torrent_peer.wire.messages.bep55 import Holepunch, HolepunchKind
from torrent_peer.wire.messages.unreadable import Malformed, Unknown

Message = (
    Handshake
    | KeepAlive
    | Choke
    | Unchoke
    | Interested
    | NotInterested
    | Have
    | Bitfield
    | Request
    | Piece
    | Cancel
    | Port
    | HaveAll
    | HaveNone
    | Suggest
    | Reject
    | AllowedFast
    | ExtendedHandshake
    | Extended
    | MetadataRequest
    | MetadataPiece
    | MetadataReject
    | MetadataUnknown
    | PeerExchange
    | UploadOnly
    | DontHave
    | Holepunch
    | HashRequest
    | Hashes
    | HashReject
    | Malformed
    | Unknown
)
"""Anything that can arrive or be sent, the handshake included."""

Question = Request | MetadataRequest | HashRequest
"""What is owed an answer."""

__all__ = [
    "AllowedFast",
    "Bitfield",
    "Cancel",
    "Choke",
    "DontHave",
    "Extended",
    "ExtendedHandshake",
    "Handshake",
    "HashRange",
    "HashReject",
    "HashRequest",
    "Hashes",
    "Have",
    "HaveAll",
    "HaveNone",
    "Holepunch",
    "HolepunchKind",
    "Interested",
    "KeepAlive",
    "Malformed",
    "Message",
    "MetadataPiece",
    "MetadataReject",
    "MetadataRequest",
    "MetadataUnknown",
    "NotInterested",
    "PeerExchange",
    "Piece",
    "Port",
    "Question",
    "Reject",
    "Request",
    "Suggest",
    "Unchoke",
    "Unknown",
    "UploadOnly",
]
