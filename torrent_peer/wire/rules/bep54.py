"""DH: `lt_donthave`. What it does to requests that crossed it is in the books (DH-03): with the Fast Extension each
still gets its answer, without it they are dead, and a request for the piece may come for a while (REQ-02).
"""

from typing import Final

from torrent_peer.wire.messages import DontHave, Malformed
from torrent_peer.wire.rules.bep3.framing import found_in_the_bytes
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import DEFERRED_LIMIT, LATEST_PIECE, Direction

_ENCODING: Final = "BEP 54, Protocol encoding"
_INDEX: Final = "*Index* is the four-byte index of the piece that is no longer available at the sender."

rule("DH-01", Malformed, severity=Severity.DEVIATION, section=_ENCODING, quote=_INDEX, out_of_turn=True)(
    found_in_the_bytes("DH-01", "A lt_donthave message has four bytes.")
)


@rule("DH-01", DontHave, severity=Severity.DEVIATION, section=_ENCODING, quote=_INDEX, about_size=True)
def what_is_withdrawn_is_a_piece(way: Direction, message: DontHave, crossed: bool) -> str | None:
    """A lt_donthave names a piece of the torrent; while its size is unknown, a plausible one, and few."""
    geometry, kept = way.state.geometry, way.sender.deferred or ()
    if geometry is not None:
        count = geometry.piece_count
        return None if message.piece < count else f"dont_have {message.piece}: the torrent has {count} pieces"
    if message.piece >= LATEST_PIECE:
        return f"dont_have {message.piece}: no torrent has that many pieces"
    if len(kept) >= DEFERRED_LIMIT:
        return f"dont_have for more than {DEFERRED_LIMIT} pieces before the torrent's size is known"
    return None


@rule(
    "DH-02",
    DontHave,
    severity=Severity.DEVIATION,
    section="BEP 54, Sender operation",
    quote="and to which it has previously advertised the piece",
    about_size=True,
)
def what_is_withdrawn_was_announced(way: Direction, message: DontHave, crossed: bool) -> str | None:
    """A lt_donthave names a piece that its sender announced."""
    geometry, pieces = way.state.geometry, way.sender.pieces
    if geometry is None or message.piece >= geometry.piece_count or (pieces is not None and message.piece in pieces):
        return None
    return f"dont_have {message.piece}, which the {way.sender.side.value} never announced"
