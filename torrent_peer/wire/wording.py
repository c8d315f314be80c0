"""What messages are called: in one word, and in short form for people."""

import re
from typing import Final, get_args

from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Extended,
    Handshake,
    Have,
    Malformed,
    Message,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unknown,
)


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
        case Have(number) | Suggest(number) | AllowedFast(number) | Port(number):
            return f"{name} {number}"
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
