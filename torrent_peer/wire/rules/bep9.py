"""META: `ut_metadata`. Whether the metadata is right is found by its hash, and how often it may be asked for by whoever
serves it; neither is judged here.
"""

from typing import Final

from torrent_peer.wire.messages import (
    ExtendedHandshake,
    Malformed,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
)
from torrent_peer.wire.messages.bep9 import METADATA_PIECE_LENGTH
from torrent_peer.wire.rules.bep3.framing import found_in_the_bytes
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import name_of

_MESSAGE: Final = "BEP 9, extension message"
_HEADER: Final = "BEP 9, extension header"
_DATA: Final = "BEP 9, data"
_FULL: Final = "If it is not the last piece of the metadata, it MUST be 16kiB."
_ADDITIONAL: Final = "message does not have any additional keys in"
METADATA_IN_FLIGHT: Final = 8
"""Pieces of metadata we ask one peer for at a time: half a second's worth on a slow line."""

rule(
    "META-01",
    Malformed,
    severity=Severity.VIOLATION,
    section=_MESSAGE,
    quote='The bencoded messages have a key "msg_type" which value is an integer',
    out_of_turn=True,
)(found_in_the_bytes("META-01", "A ut_metadata message is a bencoded dictionary that names a type and a piece."))


@rule(
    "META-02",
    MetadataUnknown,
    severity=Severity.REDUNDANT,
    section=_MESSAGE,
    quote="In order to support future extensability, an unrecognized message ID MUST be ignored.",
)
def the_type_is_known(way: Direction, message: MetadataUnknown, crossed: bool) -> str | None:
    """A ut_metadata message is a request, data or a reject; others are no offence."""
    return f"ut_metadata message of type {message.kind}"


@rule(
    "META-03",
    MetadataRequest,
    severity=Severity.DEVIATION,
    section="BEP 9, metadata",
    quote="The metadata blocks are indexed starting at 0.",
)
def a_metadata_request_names_a_piece(way: Direction, message: MetadataRequest, crossed: bool) -> str | None:
    """A request for metadata names a piece of it."""
    size = way.receiver.metadata_size
    if size is None or message.piece < (count := _count(size)):
        return None
    return f"request for metadata piece {message.piece}: there are {count}"


def _count(size: int) -> int:
    return -(-size // METADATA_PIECE_LENGTH)


@rule(
    "META-04",
    *(MetadataRequest, MetadataReject),
    severity=Severity.DEVIATION,
    section=_MESSAGE,
    quote=_ADDITIONAL,
)
def nothing_follows_a_question_for_metadata(
    way: Direction, message: MetadataRequest | MetadataReject, crossed: bool
) -> str | None:
    """Nothing follows the dictionary of a request or a reject."""
    return f"{message.trailing} bytes behind a {name_of(type(message))}" if message.trailing else None


@rule(
    "META-05",
    *(MetadataPiece, MetadataReject),
    severity=Severity.DEVIATION,
    section="BEP 9, request",
    quote="The response MUST have the same ``piece`` as the request did.",
)
def metadata_was_asked_for(way: Direction, message: MetadataPiece | MetadataReject, crossed: bool) -> str | None:
    """Answers for a piece of metadata are no more than requests."""
    if way.receiver.metadata.has_credit(message.piece):
        return None
    return f"{name_of(type(message))} {message.piece}, which is not requested"


@rule("META-06", MetadataPiece, severity=Severity.VIOLATION, section=_DATA, quote=_FULL)
def metadata_has_its_size(way: Direction, message: MetadataPiece, crossed: bool) -> str | None:
    """A piece of metadata has 16 KiB, the last one what is left of the size announced."""
    announced, said = way.sender.metadata_size, message.total_size
    if announced is not None and said is not None and announced != said:
        return f"metadata of {said} bytes, after {announced} were announced"
    size, piece, length = said if announced is None else announced, message.piece, len(message.data)
    if size is None:
        return f"{length} bytes of metadata piece {piece}" if length > METADATA_PIECE_LENGTH else None
    if not 0 <= piece < _count(size):
        return f"metadata piece {piece}: there are {_count(size)}"
    due = min(METADATA_PIECE_LENGTH, size - piece * METADATA_PIECE_LENGTH)
    if length == due or _is_the_whole(message, size):
        return None
    return f"{length} bytes of metadata piece {piece}: it has {due}"


def _is_the_whole(message: MetadataPiece, size: int) -> bool:
    return message.piece == 0 and len(message.data) == size > METADATA_PIECE_LENGTH


@rule("META-06", MetadataPiece, severity=Severity.DEVIATION, section=_DATA, quote=_FULL)
def metadata_comes_in_pieces(way: Direction, message: MetadataPiece, crossed: bool) -> str | None:
    """The metadata does not come in one message, and its size comes with every piece (Q-24: XD)."""
    if message.total_size is None:
        return f"metadata piece {message.piece} without total_size"
    return "all the metadata in one message" if _is_the_whole(message, message.total_size) else None


@rule(
    "META-07",
    ExtendedHandshake,
    severity=Severity.DEVIATION,
    section=_HEADER,
    quote="specifying an integer value of the number of bytes of the metadata",
)
def the_metadata_is_not_endless(way: Direction, message: ExtendedHandshake, crossed: bool) -> str | None:
    """The metadata announced is 16 MiB at most; no BEP says, no torrent needs more."""
    size = message.excessive_metadata_size
    return None if size is None else f"metadata of {size} bytes announced"


@rule(
    "S-13",
    MetadataRequest,
    severity=Severity.DEVIATION,
    section=_HEADER,
    quote='It also adds "metadata_size" to the handshake message',
    for_sending=True,
)
def we_ask_for_metadata_that_is_there(way: Direction, message: MetadataRequest, crossed: bool) -> str | None:
    """We ask only who told the metadata's size, for a few pieces at a time."""
    if way.receiver.metadata_size is None:
        return f"request for metadata of a {way.receiver.side.value} that did not tell its size"
    waiting = way.sender.metadata.total
    return f"request for metadata while {waiting} are unanswered" if waiting >= METADATA_IN_FLIGHT else None
