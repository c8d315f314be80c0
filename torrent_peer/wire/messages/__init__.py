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
from torrent_peer.wire.messages.bep10 import Extended, ExtendedHandshake
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
    | Malformed
    | Unknown
)
"""Anything that can arrive or be sent, the handshake included."""

__all__ = [
    "AllowedFast",
    "Bitfield",
    "Cancel",
    "Choke",
    "Extended",
    "ExtendedHandshake",
    "Handshake",
    "Have",
    "HaveAll",
    "HaveNone",
    "Interested",
    "KeepAlive",
    "Malformed",
    "Message",
    "NotInterested",
    "Piece",
    "Port",
    "Reject",
    "Request",
    "Suggest",
    "Unchoke",
    "Unknown",
]
