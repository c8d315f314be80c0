"""FAST: have_all, have_none, suggest, reject, allowed_fast."""

from typing import Final

from torrent_peer.wire import sight
from torrent_peer.wire.ledger import SPARED_ROUNDS
from torrent_peer.wire.messages import AllowedFast, HaveAll, HaveNone, Reject, Request, Suggest
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import name_of

_FAST: Final = "BEP 6, Fast Extension"
_BOTH: Final = "The extension is enabled only if both ends of the connection set this bit."
_REJECT: Final = "BEP 6, Reject Request"
_NEVER_SENT: Final = "If a peer receives a reject for a request that was never sent then the peer SHOULD close"
ALLOWED_FAST_LIMIT: Final = 1000
"""allowed_fast messages for which nobody is blamed, however small the torrent; clients send about ten."""


@rule(
    "FAST-01",
    *(HaveAll, HaveNone, Suggest, Reject, AllowedFast),
    severity=Severity.VIOLATION,
    section=_FAST,
    quote=_BOTH,
)
def fast_messages_need_fast(way: Direction, message: object, crossed: bool) -> str | None:
    """The messages of the Fast Extension are said only if both sides set its bit."""
    if way.state.fast or (isinstance(message, Reject) and _was_requested(way, message)):
        return None
    return f"{name_of(type(message))} without the Fast Extension"


@rule("FAST-01", Reject, severity=Severity.DEVIATION, section=_FAST, quote=_BOTH)
def a_reject_needs_fast(way: Direction, message: Reject, crossed: bool) -> str | None:
    """A reject of what was requested is said only if both sides set the bit, too (Q-13: rain)."""
    if way.state.fast or not _was_requested(way, message):
        return None
    return "reject without the Fast Extension"


def _was_requested(way: Direction, message: Reject) -> bool:
    ledger = way.receiver.requests
    return ledger.has_credit(message.block) or ledger.was_asked(message.block)


def _is_in_the_torrent(way: Direction, message: Reject) -> bool:
    return way.state.geometry is not None and way.state.geometry.contains(message.block)


@rule("FAST-02", Reject, severity=Severity.VIOLATION, section=_REJECT, quote=_NEVER_SENT)
def a_reject_answers_a_request(way: Direction, message: Reject, crossed: bool) -> str | None:
    """What is rejected was requested, at some time on this connection."""
    geometry = way.state.geometry
    if _was_requested(way, message):
        return None
    if geometry is not None and not geometry.contains(message.block):
        return None
    return f"reject of {message.block}, which was never requested"


@rule("FAST-02", Reject, severity=Severity.DEVIATION, section=_REJECT, quote=_NEVER_SENT)
def a_reject_answers_once(way: Direction, message: Reject, crossed: bool) -> str | None:
    """What is rejected is unanswered."""
    ledger = way.receiver.requests
    if ledger.has_credit(message.block) or not ledger.was_asked(message.block):
        return None
    return f"reject of {message.block}, which is answered already"


@rule("FAST-03", Reject, severity=Severity.VIOLATION, section=_REJECT, quote=_NEVER_SENT)
def a_reject_names_a_block(way: Direction, message: Reject, crossed: bool) -> str | None:
    """What is rejected could have been requested."""
    ledger = way.receiver.requests
    if way.state.geometry is None or _is_in_the_torrent(way, message) or ledger.has_credit(message.block):
        return None
    return f"reject of {message.block}, which is not in the torrent"


@rule(
    "FAST-04",
    AllowedFast,
    severity=Severity.DEVIATION,
    section="BEP 6, Allowed Fast",
    quote="if you ask for this piece, I'll give it to you even if you're choked.",
    about_size=True,
)
def an_allowed_piece_exists(way: Direction, message: AllowedFast, crossed: bool) -> str | None:
    """An allowed_fast names a piece of the torrent."""
    if (geometry := way.state.geometry) is None:
        return None if crossed else f"allowed_fast {message.piece}, of a torrent of unknown size"
    if message.piece < geometry.piece_count:
        return None
    return f"allowed_fast {message.piece}: the torrent has {geometry.piece_count} pieces"


@rule(
    "FAST-05",
    Suggest,
    severity=Severity.DEVIATION,
    section="BEP 6, Suggest Piece",
    quote="you might like to download this piece.",
    about_size=True,
)
def a_suggested_piece_exists(way: Direction, message: Suggest, crossed: bool) -> str | None:
    """A suggest names a piece of the torrent."""
    if (geometry := way.state.geometry) is None or message.piece < geometry.piece_count:
        return None
    return f"suggest {message.piece}: the torrent has {geometry.piece_count} pieces"


@rule(
    "FAST-08",
    AllowedFast,
    severity=Severity.VIOLATION,
    section="BEP 6, Allowed Fast",
    quote="k should be small enough to avoid abuse",
)
def allowed_fast_is_not_a_stream(way: Direction, message: AllowedFast, crossed: bool) -> str | None:
    """There are no more allowed_fast messages than pieces, or than a thousand."""
    said, geometry = way.sender.allowed_fast_said, way.state.geometry
    if geometry is None or said < max(geometry.piece_count, ALLOWED_FAST_LIMIT):
        return None
    return f"allowed_fast number {said + 1} in a torrent of {geometry.piece_count} pieces"


@rule(
    "REQ-11",
    Request,
    severity=Severity.REDUNDANT,
    section="BEP 6, Allowed Fast",
    quote="if the requested piece has already been sent to the requesting peer",
)
def an_allowed_piece_is_not_asked_for_endlessly(way: Direction, message: Request, crossed: bool) -> str | None:
    """A piece allowed fast is asked for three times at most while choked, but for what crossed the choke."""
    server, geometry, piece = way.receiver, way.state.geometry, message.block.piece
    if geometry is None or not server.choking or not server.serves_choked(piece):
        return None
    ledger = way.sender.requests
    asked = ledger.times_spared(piece)
    if asked < SPARED_ROUNDS * geometry.block_count(piece):
        return None
    if crossed and ledger.budget > 0 and not sight.was_heard(server, ledger.choked_at):
        return None
    return f"request number {asked + 1} for piece {piece}, which is allowed fast, while choked"
