"""PIECE: blocks of data. Judged one by one only when there is no credit for the block, to name what is wrong."""

from typing import Final

from torrent_peer.wire.messages import Piece
from torrent_peer.wire.rules.bep3.requests import where_it_is_wrong
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_SECTION: Final = "BEP 3, peer messages"
_PAYLOAD: Final = "'piece' messages contain an index, begin, and piece."
_CORRELATED: Final = "Note that they are correlated with request messages implicitly."
_FAST: Final = "BEP 6, Fast Extension"
_NEVER_REQUESTED: Final = "if a peer receives a piece that was never requested, the peer MUST close the connection."


def _may_be_answered(way: Direction, message: Piece, crossed: bool) -> bool:
    ledger = way.receiver.requests
    return ledger.has_credit(message.block) if crossed else message.block in ledger.live


@rule("PIECE-01", Piece, severity=Severity.VIOLATION, section=_SECTION, quote=_PAYLOAD)
def a_block_lies_in_its_piece(way: Direction, message: Piece, crossed: bool) -> str | None:
    """A block lies inside a piece of the torrent, and is not empty."""
    geometry, block = way.state.geometry, message.block
    if geometry is None or geometry.contains(block):
        return None
    if block.piece >= geometry.piece_count:
        return f"piece {block.piece}: the torrent has {geometry.piece_count} pieces"
    return where_it_is_wrong(block, geometry) or f"an empty block of piece {block.piece}"


@rule("PIECE-02", Piece, severity=Severity.VIOLATION, section=_FAST, quote=_NEVER_REQUESTED)
def a_block_was_requested(way: Direction, message: Piece, crossed: bool) -> str | None:
    """A block was requested, at some time on this connection."""
    geometry, block, ledger = way.state.geometry, message.block, way.receiver.requests
    if geometry is None or not geometry.contains(block):
        return None
    if block in ledger.live or ledger.was_asked(block) or _other_length(way, message) is not None:
        return None
    return f"{block} was never requested"


@rule("PIECE-03", Piece, severity=Severity.VIOLATION, section=_SECTION, quote=_CORRELATED)
def a_block_has_the_length_requested(way: Direction, message: Piece, crossed: bool) -> str | None:
    """A block is as long as its request says: a short or split answer is none."""
    block = message.block
    if message.data and len(message.data) != block.length:
        return f"{len(message.data)} bytes of data for {block}"
    if _may_be_answered(way, message, crossed) or (asked := _other_length(way, message)) is None:
        return None
    return f"{block.length} bytes of piece {block.piece} at {block.begin}: {asked} were requested"


def _other_length(way: Direction, message: Piece) -> int | None:
    """The length under which this very beginning is requested. Looked up only to name a fault."""
    piece, begin, _ = message.block
    for live in way.receiver.requests.live:
        if live.piece == piece and live.begin == begin:
            return live.length
    return None


@rule(
    "PIECE-04",
    Piece,
    severity=Severity.DEVIATION,
    section=_FAST,
    quote="every request is guaranteed to result in EXACTLY ONE response",
)
def a_block_comes_once_for_each_request(way: Direction, message: Piece, crossed: bool) -> str | None:
    """Answers are no more than requests."""
    block, ledger = message.block, way.receiver.requests
    if (
        _may_be_answered(way, message, crossed)
        or not ledger.was_asked(block)
        or _other_length(way, message) is not None
    ):
        return None
    return f"{block} once more than it was requested"


@rule(
    "PIECE-05",
    Piece,
    severity=Severity.DEVIATION,
    section="BEP 3, peer protocol",
    quote="Choking is a notification that no data will be sent until unchoking happens.",
)
def no_block_is_sent_while_choking(way: Direction, message: Piece, crossed: bool) -> str | None:
    """Who chokes sends no blocks, but those of pieces it allowed fast."""
    if not way.sender.choking or way.sender.serves_choked(message.block.piece):
        return None
    return f"{message.block} while choking"


@rule("PIECE-09", Piece, severity=Severity.VIOLATION, section=_SECTION, quote=_PAYLOAD)
def no_block_comes_before_the_size_is_known(way: Direction, message: Piece, crossed: bool) -> str | None:
    """While the torrent's size is unknown, nothing can have been requested."""
    return f"{message.block} before the torrent's size is known" if way.state.geometry is None else None
