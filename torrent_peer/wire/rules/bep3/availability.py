"""BF: bitfield and have."""

from typing import Final

from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    Hashes,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    NotInterested,
    Piece,
    Reject,
    Request,
    Suggest,
    Unchoke,
)
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import DEFERRED_LIMIT, LATEST_PIECE, Availability, Direction
from torrent_peer.wire.wording import name_of

_SECTION: Final = "BEP 3, peer messages"
_FAST: Final = "BEP 6, Have All/Have None"
_FIRST: Final = "'bitfield' is only ever sent as the first message."
_EXACTLY_ONE: Final = "Exactly one of Have All, Have None, or Have Bitfield MUST appear and only immediately after"
UPDATES_LIMIT: Final = 80
"""Availability messages in mid-conversation that are borne. aria2 sends a bitfield instead of haves whenever it is not
longer than they are: 5 + pieces/8 bytes, a have being 9. So it stands for pieces/72 news or more, and a whole download
has no more than 72 of them."""
_DECLARED: Final = (Availability.BITFIELD, Availability.HAVE_ALL, Availability.HAVE_NONE)


@rule(
    "BF-01",
    *(Choke, Unchoke, Interested, NotInterested, Have, Request, Piece, Cancel, Suggest, Reject, AllowedFast),
    *(HashRequest, Hashes, HashReject),
    severity=Severity.DEVIATION,
    section=_FAST,
    quote=_EXACTLY_ONE,
)
def with_fast_the_first_word_is_about_pieces(way: Direction, message: object, crossed: bool) -> str | None:
    """With the Fast Extension the first core message says which pieces its sender has."""
    if way.sender.phase is not Phase.READY:
        return None
    known = way.receiver.handshake is not None or crossed
    if way.state.fast if known else way.sender.reserved is not None and way.sender.reserved.fast:
        return f"{name_of(type(message))} before bitfield, have_all or have_none"
    return None


def _late(way: Direction) -> bool:
    return way.sender.phase is Phase.ACTIVE and way.sender.availability not in _DECLARED


def _again(way: Direction) -> bool:
    return way.sender.phase is Phase.ACTIVE and way.sender.availability in _DECLARED


@rule(
    "BF-02",
    *(Bitfield, HaveAll, HaveNone),
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote=_FIRST,
    out_of_turn=True,
)
def availability_comes_first(way: Direction, message: object, crossed: bool) -> str | None:
    """Bitfield, have_all and have_none are first core messages only."""
    return f"{name_of(type(message))} after other messages" if _late(way) else None


@rule(
    "BF-03",
    *(Bitfield, HaveAll, HaveNone),
    severity=Severity.DEVIATION,
    section=_FAST,
    quote=_EXACTLY_ONE,
    out_of_turn=True,
)
def availability_is_said_once(way: Direction, message: object, crossed: bool) -> str | None:
    """There is one availability message."""
    if _again(way) and way.sender.availability_updates < UPDATES_LIMIT:
        return f"{name_of(type(message))} after {way.sender.availability.value}"
    return None


@rule(
    "BF-03",
    *(Bitfield, HaveAll, HaveNone),
    severity=Severity.VIOLATION,
    section=_FAST,
    quote=_EXACTLY_ONE,
    out_of_turn=True,
)
def availability_is_not_a_stream(way: Direction, message: object, crossed: bool) -> str | None:
    """Clients that repeat availability messages do so a few times, not endlessly."""
    if _again(way) and way.sender.availability_updates >= UPDATES_LIMIT:
        return f"{name_of(type(message))} number {way.sender.availability_updates + 1} in mid-conversation"
    return None


@rule(
    "BF-04",
    Bitfield,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="Its payload is a bitfield with each index that downloader has sent set to one",
    about_size=True,
)
def a_bitfield_fits_the_torrent(way: Direction, message: Bitfield, crossed: bool) -> str | None:
    """A bitfield has a bit for each piece and no byte more."""
    if (geometry := way.state.geometry) is None or len(message.bits) == (geometry.piece_count + 7) // 8:
        return None
    needed = (geometry.piece_count + 7) // 8
    return f"a bitfield of {len(message.bits)} bytes: {geometry.piece_count} pieces need {needed}"


@rule(
    "BF-05",
    Bitfield,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="Spare bits at the end are set to zero.",
    about_size=True,
)
def spare_bits_are_zero(way: Direction, message: Bitfield, crossed: bool) -> str | None:
    """The bits behind the last piece's are zero."""
    if (geometry := way.state.geometry) is None or len(message.bits) != (geometry.piece_count + 7) // 8:
        return None
    spare = -geometry.piece_count % 8
    if message.bits[-1] & ((1 << spare) - 1):
        return f"a bitfield with spare bits set behind piece {geometry.piece_count - 1}"
    return None


@rule(
    "BF-06",
    Have,
    severity=Severity.VIOLATION,
    section=_SECTION,
    quote="The 'have' message's payload is a single number, the index which that downloader just completed",
    about_size=True,
)
def a_have_names_a_piece(way: Direction, message: Have, crossed: bool) -> str | None:
    """A have names a piece of the torrent."""
    if (geometry := way.state.geometry) is None or message.piece < geometry.piece_count:
        return None
    return f"have {message.piece}: the torrent has {geometry.piece_count} pieces"


@rule(
    "BF-07",
    Have,
    severity=Severity.REDUNDANT,
    section=_SECTION,
    quote="The 'have' message's payload is a single number, the index which that downloader just completed",
)
def a_have_is_news(way: Direction, message: Have, crossed: bool) -> str | None:
    """A have names a piece that was not announced before."""
    pieces = way.sender.pieces
    return f"have {message.piece} again" if pieces is not None and message.piece in pieces else None


@rule("BF-09", Have, AllowedFast, Suggest, severity=Severity.VIOLATION, section=_SECTION)
def what_cannot_be_judged_is_plausible(
    way: Direction, message: Have | AllowedFast | Suggest, crossed: bool
) -> str | None:
    """While the torrent's size is unknown, single pieces are such as a torrent may have."""
    if way.state.geometry is not None or message.piece < LATEST_PIECE:
        return None
    return f"{name_of(type(message))} {message.piece}: no torrent has that many pieces"


@rule("BF-09", Have, AllowedFast, Suggest, severity=Severity.DEVIATION, section=_SECTION)
def what_cannot_be_judged_is_no_burden(
    way: Direction, message: Have | AllowedFast | Suggest, crossed: bool
) -> str | None:
    """While the torrent's size is unknown, not more is said of single pieces than can be kept for judgement."""
    kept = way.sender.deferred or ()  # nothing is kept once the size is known
    if message.piece >= LATEST_PIECE or len(kept) < DEFERRED_LIMIT:
        return None
    return f"{name_of(type(message))} for more than {DEFERRED_LIMIT} pieces before the torrent's size is known"
