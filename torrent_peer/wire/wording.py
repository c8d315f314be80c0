"""What messages are called: in one word, and in short form for people."""

import re
from typing import Final, get_args

from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashReject,
    HashRequest,
    Have,
    Holepunch,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unknown,
    UploadOnly,
)
from torrent_peer.wire.messages.bep55 import HOLEPUNCH_NAMES


def _in_words(kind: type) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


_NAMES: Final[dict[type, str]] = {kind: _in_words(kind) for kind in get_args(Message)}


def name_of(kind: type) -> str:
    """The word for a kind of message: `have_all`, `not_interested`."""
    return _NAMES[kind]


def in_short(message: Message) -> str:
    """A message on part of a line: `request 3 [0:16384]`. Nothing the sender wrote as text is in it."""
    name = _NAMES[type(message)]
    match message:
        case Request(block) | Piece(block) | Cancel(block) | Reject(block):
            return f"{name} {block.piece} [{block.begin}:{block.end}]"
        case Have(number) | Suggest(number) | AllowedFast(number) | Port(number) | DontHave(number):
            return f"{name} {number}"
        case MetadataRequest(number) | MetadataPiece(number) | MetadataReject(number) | MetadataUnknown(number):
            return f"{name} {number}"
        case HashRequest(asked) | Hashes(asked) | HashReject(asked):
            return f"{name} layer {asked.base_layer} [{asked.index}:{asked.index + asked.length}]"
        case PeerExchange(added=added, dropped=dropped):
            return f"{name} of {len(added)} added, {len(dropped)} dropped"
        case Holepunch(kind, address):
            return f"{name} {HOLEPUNCH_NAMES.get(kind, kind)} {address}"
        case UploadOnly(upload_only):
            return f"{name} {'yes' if upload_only else 'no'}"
        case ExtendedHandshake(upload_only=bool(upload_only)):
            return f"{name} upload_only {'yes' if upload_only else 'no'}"
        case Bitfield(bits):
            return f"{name} of {len(bits)} bytes"
        case Extended(number, payload) | Unknown(number, payload):
            return f"{name} {number} of {len(payload)} bytes"
        case Malformed(rule=rule):
            return f"{name} [{rule}]"
        case Handshake(info_hash=info_hash):
            return f"{name} {info_hash}"
        case _:
            return name
