"""REQ and CAN: requests and cancels."""

from typing import Final

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.wire import sight
from torrent_peer.wire.messages import Cancel, Request
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_SECTION: Final = "BEP 3, peer messages"
_PAYLOAD: Final = "'request' messages contain an index, begin, and length."
_SIXTEEN: Final = (
    "All current implementations use 2^14 (16 kiB), and close connections which request an amount greater than that."
)
_CHOKED: Final = "Choking is a notification that no data will be sent until unchoking happens."
LARGE_REQUEST: Final = 128 * 1024
"""Bytes; ancient clients asked for as much, and webtorrent serves it."""
REQUEST_SLACK: Final = 250
"""Requests above twice the queue that nobody can have in flight."""


def where_it_is_wrong(block: Block, geometry: Geometry) -> str | None:
    """How a block leaves its piece; `None` when it lies inside, or its piece is not one."""
    if block.piece >= geometry.piece_count or block.end <= (size := geometry.piece_size(block.piece)):
        return None
    return f"{block}: the piece has {size} bytes"


@rule("REQ-01", Request, severity=Severity.VIOLATION, section=_SECTION, quote=_PAYLOAD)
def a_request_names_a_piece(way: Direction, message: Request, crossed: bool) -> str | None:
    """A request names a piece of the torrent."""
    if (geometry := way.state.geometry) is None or message.block.piece < geometry.piece_count:
        return None
    return f"request for piece {message.block.piece}: the torrent has {geometry.piece_count}"


@rule("REQ-02", Request, severity=Severity.DEVIATION, section=_SECTION, quote=_PAYLOAD)
def a_request_is_for_a_piece_on_offer(way: Direction, message: Request, crossed: bool) -> str | None:
    """A request is for a piece its receiver has announced and not withdrawn, or allowed fast."""
    piece, server, geometry = message.block.piece, way.receiver, way.state.geometry
    if geometry is None or piece >= geometry.piece_count or not (server.pieces or server.withdrawn):
        return None
    if server.serves_choked(piece) or (server.pieces is not None and piece in server.pieces):
        return None
    if not server.has_withdrawn(piece):
        return f"request for piece {piece}, which the {server.side.value} never announced"
    gone = f"request for piece {piece}, which the {server.side.value} has withdrawn"
    if not crossed:
        return gone
    ledger = way.sender.requests
    if ledger.leeway > 0 and not sight.was_heard(server, ledger.withdrawn_at):
        return None
    return f"{gone}: it did not cross that"


@rule("REQ-03", Request, severity=Severity.VIOLATION, section=_SECTION, quote=_PAYLOAD)
def a_request_asks_for_something(way: Direction, message: Request, crossed: bool) -> str | None:
    """A request is for at least one byte."""
    return None if message.block.length > 0 else f"request for 0 bytes of piece {message.block.piece}"


@rule("REQ-04", Request, severity=Severity.VIOLATION, section=_SECTION, quote=_PAYLOAD)
def a_request_stays_inside_its_piece(way: Direction, message: Request, crossed: bool) -> str | None:
    """A request ends where its piece ends."""
    wrong = None if way.state.geometry is None else where_it_is_wrong(message.block, way.state.geometry)
    return None if wrong is None else f"request for {wrong}"


@rule("REQ-05", Request, severity=Severity.DEVIATION, section=_SECTION, quote=_SIXTEEN)
def a_request_is_for_16_kib_at_most(way: Direction, message: Request, crossed: bool) -> str | None:
    """A request is for 16 KiB at most."""
    if BLOCK_LENGTH < message.block.length <= LARGE_REQUEST:
        return f"request for {message.block.length} bytes at once"
    return None


@rule("REQ-05", Request, severity=Severity.VIOLATION, section=_SECTION, quote=_SIXTEEN)
def a_request_is_never_for_more_than_128_kib(way: Direction, message: Request, crossed: bool) -> str | None:
    """No client ever asked for more than 128 KiB at once."""
    return f"request for {message.block.length} bytes at once" if message.block.length > LARGE_REQUEST else None


def _is_late(way: Direction, message: Request) -> bool:
    return way.receiver.choking and not way.receiver.serves_choked(message.block.piece)


def _while_choked(way: Direction, message: Request) -> str:
    return f"request for {message.block} while the {way.receiver.side.value} chokes"


@rule("REQ-07", Request, severity=Severity.DEVIATION, section="BEP 3, peer protocol", quote=_CHOKED)
def no_requests_while_choked(way: Direction, message: Request, crossed: bool) -> str | None:
    """Nobody asks while choked, but for what crossed the choke: a request queue's worth, less what is queued."""
    if not _is_late(way, message):
        return None
    if not crossed:
        return _while_choked(way, message)
    ledger, server = way.sender.requests, way.receiver
    heard = sight.was_heard(server, ledger.choked_at)
    if (ledger.budget > 0 and not heard) or ledger.excess >= server.patience:
        return None
    return f"{_while_choked(way, message)}: it crossed no choke"


@rule("REQ-07", Request, severity=Severity.VIOLATION, section="BEP 3, peer protocol", quote=_CHOKED)
def no_flood_of_requests_while_choked(way: Direction, message: Request, crossed: bool) -> str | None:
    """Even an asker that loses count stops after a whole request queue more."""
    ledger = way.sender.requests
    if not crossed or not _is_late(way, message) or ledger.budget > 0 or ledger.excess < way.receiver.patience:
        return None
    return f"{_while_choked(way, message)}: number {ledger.excess + 1} that crossed no choke"


@rule(
    "REQ-08",
    Request,
    severity=Severity.REDUNDANT,
    section="BEP 3, peer protocol",
    quote="Data transfer takes place whenever one side is interested and the other side is not choking.",
)
def only_the_interested_ask(way: Direction, message: Request, crossed: bool) -> str | None:
    """Who asks is interested."""
    return None if way.sender.interested else "request without interested"


@rule(
    "REQ-09",
    Request,
    severity=Severity.DEVIATION,
    section="BEP 6, Fast Extension",
    quote="every request is guaranteed to result in EXACTLY ONE response",
)
def nothing_is_asked_twice_at_once(way: Direction, message: Request, crossed: bool) -> str | None:
    """A block is not asked again before its answer, or a cancel; without fast, an unseen choke may have ended it."""
    if not way.sender.requests.is_waiting(message.block) or (crossed and not way.state.fast):
        return None
    return f"request for {message.block} again, before its answer"


@rule(
    "REQ-10",
    Request,
    severity=Severity.DEVIATION,
    section="BEP 10, handshake message",
    quote="the number of outstanding request messages this client supports without dropping any",
)
def the_request_queue_is_respected(way: Direction, message: Request, crossed: bool) -> str | None:
    """There are never more unanswered requests than the receiver takes."""
    ledger, server = way.sender.requests, way.receiver
    if not crossed:
        return f"request while {ledger.waiting} are unanswered" if ledger.waiting >= server.request_queue else None
    if _is_late(way, message) or not _most_requests(way) <= ledger.waiting < _most_of_all(way):
        return None
    return f"request number {ledger.waiting + 1} unanswered: at most {_most_requests(way)} are taken"


@rule(
    "REQ-10",
    Request,
    severity=Severity.VIOLATION,
    section="BEP 10, handshake message",
    quote="the number of outstanding request messages this client supports without dropping any",
)
def requests_are_not_a_flood(way: Direction, message: Request, crossed: bool) -> str | None:
    """There are never more than twice as many unanswered requests as the receiver takes, and 250."""
    waiting = way.sender.requests.waiting
    if not crossed or waiting < _most_of_all(way):
        return None
    return f"request number {waiting + 1} unanswered: at most {_most_requests(way)} are taken"


def _most_requests(way: Direction) -> int:
    """What crossed a choke or a withdrawal, and what followed it, may both be in flight; not so with fast."""
    ledger = way.sender.requests
    return way.receiver.patience + (0 if way.state.fast else ledger.budget + ledger.leeway)


def _most_of_all(way: Direction) -> int:
    return max(2 * way.receiver.patience + REQUEST_SLACK, _most_requests(way))


@rule("REQ-12", Request, severity=Severity.VIOLATION, section=_SECTION, quote=_PAYLOAD)
def nobody_asks_who_has_nothing(way: Direction, message: Request, crossed: bool) -> str | None:
    """Nothing is asked of a side that has announced nothing at all."""
    server = way.receiver
    if server.pieces or server.serves_choked(message.block.piece) or server.withdrawn:
        return None
    return f"request for piece {message.block.piece} of a {server.side.value} that announced no piece at all"


@rule("S-06", Request, severity=Severity.DEVIATION, section=_SECTION, quote=_SIXTEEN, for_sending=True)
def our_requests_are_whole_blocks(way: Direction, message: Request, crossed: bool) -> str | None:
    """What we ask for is a block of the 16 KiB grid (rqbit hangs up on anything else)."""
    block, geometry = message.block, way.state.geometry
    if geometry is None or not geometry.contains(block) or block.length > BLOCK_LENGTH:
        return None
    if block.begin % BLOCK_LENGTH == 0 and (
        block.length == BLOCK_LENGTH or block.end == geometry.piece_size(block.piece)
    ):
        return None
    return f"request for {block}, which is no block of the 16 KiB grid"


@rule(
    "CAN-01",
    Cancel,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="'cancel' messages have the same payload as request messages.",
)
def a_cancel_names_a_block(way: Direction, message: Cancel, crossed: bool) -> str | None:
    """A cancel names a block that a request could name."""
    if (geometry := way.state.geometry) is None or geometry.contains(message.block):
        return None
    return f"cancel of {message.block}, which is not in the torrent"


@rule(
    "CAN-02",
    Cancel,
    severity=Severity.DEVIATION,
    section=_SECTION,
    quote="'cancel' messages have the same payload as request messages.",
)
def a_cancel_takes_back_a_request(way: Direction, message: Cancel, crossed: bool) -> str | None:
    """A cancel takes back a request that is unanswered, or whose answer it has crossed."""
    ledger, block, geometry = way.sender.requests, message.block, way.state.geometry
    if block in ledger.live or block in ledger.taken_back or (geometry is not None and not geometry.contains(block)):
        return None
    if crossed and block in ledger.answered:
        return None
    return f"cancel of {block}, which is not requested"


@rule(
    "CAN-03",
    Cancel,
    severity=Severity.REDUNDANT,
    section=_SECTION,
    quote="'cancel' messages have the same payload as request messages.",
)
def a_cancel_is_said_once(way: Direction, message: Cancel, crossed: bool) -> str | None:
    """A request is taken back once."""
    ledger, block = way.sender.requests, message.block
    if ledger.is_waiting(block) or (crossed and block in ledger.answered):
        return None
    if block not in ledger.live and block not in ledger.taken_back:
        return None
    return f"cancel of {block} again"
