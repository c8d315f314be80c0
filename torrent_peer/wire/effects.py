"""What each message changes in the state. Total: whatever is applied, legal or not, leaves a state that makes sense."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from torrent_peer.core.block import Block
from torrent_peer.core.client_names import client_name
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import sight
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Holepunch,
    HolepunchKind,
    Interested,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Question,
    Reject,
    Request,
    Suggest,
    Unchoke,
    UploadOnly,
)
from torrent_peer.wire.phases import PHASES, Phase
from torrent_peer.wire.state import DEFERRED_LIMIT, LATEST_PIECE, Availability, Direction, SideState

CLIENT_NAME_LENGTH: Final = 64
"""Characters kept of what a client calls itself."""
EXTENSION_NAME_LENGTH: Final = 64
"""Bytes of the longest extension name that is remembered; the longest in use has 14."""
EXCHANGED_KEPT: Final = 1000
"""Peers remembered of those a side added in peer exchanges; a connection lives a few hours, at 50 new ones a minute."""


def take_turn(way: Direction, kind: type) -> None:
    """Move the sender's phase as a message of this kind does."""
    sender = way.sender
    before = sender.phase
    sender.phase = PHASES[before].get(kind, before)
    if before is Phase.READY and sender.phase is Phase.ACTIVE and kind not in _AVAILABILITY:
        sender.availability = Availability.IMPLICIT_NONE
        if way.state.geometry is not None:
            sender.pieces = PieceSet(way.state.geometry.piece_count)


def apply(way: Direction, message: Message, *, crossed: bool) -> None:
    """The message counts as said."""
    kind = type(message)
    take_turn(way, kind)
    effect = EFFECTS.get(kind)
    if effect is not None:
        effect(way, message, crossed)


def refuse(way: Direction, message: Question) -> None:
    """The request counts as said, but will not be served."""
    if not isinstance(message, Request):
        apply(way, message, crossed=True)
        return
    take_turn(way, Request)
    _count_late(way, message.block)
    _drop(way, message.block)


def ring_size(*, server: SideState, asker: SideState, fast: bool) -> int:
    """Answers to remember, as a cancel may have crossed them: a queue of them with fast; a choke doubles it."""
    if not asker.heard:
        return 0
    return server.patience if fast else 2 * server.patience


def _count_late(way: Direction, block: Block) -> bool:
    """Whether a request came for what its server no longer serves: then it uses up the windows it came through."""
    server, ledger = way.receiver, way.sender.requests
    late, gone = server.choking and not server.serves_choked(block.piece), server.has_withdrawn(block.piece)
    if late:
        ledger.late()
    if gone:
        ledger.leeway = max(0, ledger.leeway - 1)
    return late or gone


def _drop(way: Direction, block: Block) -> None:
    """A request that is not served: with fast it waits for its reject, without it just ends."""
    ledger = way.sender.requests
    if way.state.fast:
        ledger.request(block)
        return
    if way.receiver.heard:
        ledger.add_zombie(block)
    if ring := ring_size(server=way.receiver, asker=way.sender, fast=False):
        ledger.remember(block, ring=ring)


def _handshake(way: Direction, message: Handshake, crossed: bool) -> None:
    sender = way.sender
    sender.heard = crossed
    sender.handshake = message
    sender.reserved, sender.peer_id = message.reserved, message.peer_id
    sender.client = client_name(message.peer_id)
    if way.state.info_hash is None:
        way.state.info_hash = message.info_hash
    way.state.negotiate()


def _choke(way: Direction, _: Choke, crossed: bool) -> None:
    server, asker = way.sender, way.receiver
    if server.choking:
        return
    server.choking = True
    ledger, fast = asker.requests, way.state.fast
    ledger.budget = _in_flight(way)
    ledger.choked_at = sight.now(server)
    ledger.excess = 0
    if not fast:
        ledger.throw_out(zombies=server.heard, ring=ring_size(server=server, asker=asker, fast=False))


def _in_flight(way: Direction) -> int:
    """Requests that may be on their way to a server that takes something back now.

    The asker has seen at most the answers sent so far, so at most the rest of the queue is on its way. Without fast it
    forgets its requests when it reads that: what was left of the last windows may still be in flight as well.
    """
    ledger = way.receiver.requests
    room = max(0, way.sender.patience - ledger.waiting)
    return room if way.state.fast else room + ledger.budget + ledger.leeway


def _withdraw(way: Direction, lost: PieceSet) -> None:
    """The sender no longer has these pieces, but requests for them may be on their way."""
    server, ledger = way.sender, way.receiver.requests
    ledger.leeway = _in_flight(way)
    ledger.withdrawn_at = sight.now(server)
    server.withdrawn = lost if server.withdrawn is None else lost | server.withdrawn


def _unchoke(way: Direction, _: Unchoke, crossed: bool) -> None:
    way.sender.choking = False
    if way.state.fast:
        way.receiver.requests.budget = 0


def _interested(way: Direction, _: Interested, crossed: bool) -> None:
    way.sender.interested = True


def _not_interested(way: Direction, _: NotInterested, crossed: bool) -> None:
    way.sender.interested = False


def _have(way: Direction, message: Have, crossed: bool) -> None:
    pieces, geometry = way.sender.pieces, way.state.geometry
    if geometry is None:
        _defer(way.sender, message, message.piece)
    elif pieces is not None and 0 <= message.piece < geometry.piece_count:
        pieces.add(message.piece)


def _availability(way: Direction, message: Bitfield | HaveAll | HaveNone, crossed: bool) -> None:
    sender, geometry = way.sender, way.state.geometry
    if sender.availability is not Availability.UNSEEN:
        sender.availability_updates += 1
    sender.availability = _AVAILABILITY[type(message)]
    if geometry is None:
        kept = (each for each in sender.deferred or () if isinstance(each, AllowedFast | Suggest))
        sender.deferred = dict.fromkeys((*kept, message))
        return
    count = geometry.piece_count
    match message:
        case HaveAll():
            pieces = PieceSet.full(count)
        case Bitfield(bits) if len(bits) == (count + 7) // 8:
            pieces = PieceSet.from_bitfield(bits, count)
        case _:
            pieces = PieceSet(count)
    before, sender.pieces = sender.pieces, pieces
    if before and (lost := before - pieces):
        _withdraw(way, lost)


def _request(way: Direction, message: Request, crossed: bool) -> None:
    server, ledger, block = way.receiver, way.sender.requests, message.block
    geometry = way.state.geometry
    if server.heard and geometry is not None and geometry.contains(block):
        ledger.note_asked(block)
    if server.choking and server.serves_choked(block.piece):
        if crossed and ledger.budget > 0 and not sight.was_heard(server, ledger.choked_at):
            ledger.budget -= 1  # it may have crossed the choke, as any request may
        else:
            ledger.spare(block.piece)
    if _count_late(way, block):
        _drop(way, block)
    else:
        ledger.request(block)


def _answer(way: Direction, message: Piece | Reject, crossed: bool) -> None:
    asker = way.receiver
    asker.requests.answer(message.block, ring=ring_size(server=way.sender, asker=asker, fast=way.state.fast))


def _cancel(way: Direction, message: Cancel, crossed: bool) -> None:
    asker, server, fast = way.sender, way.receiver, way.state.fast
    # Some askers count a cancelled request as answered at once, and use its place for a new one.
    if asker.requests.cancel(message.block, fast=fast, zombies=server.heard):
        if server.choking or not fast:
            asker.requests.budget += 1
        if server.withdrawn is not None:
            asker.requests.leeway += 1


def _allowed_fast(way: Direction, message: AllowedFast, crossed: bool) -> None:
    sender, geometry = way.sender, way.state.geometry
    sender.allowed_fast_said += 1
    if geometry is None:
        _defer(sender, message, message.piece)
    elif message.piece < geometry.piece_count:
        if not isinstance(sender.allowed_fast, set):
            sender.allowed_fast = set()
        sender.allowed_fast.add(message.piece)


def _suggest(way: Direction, message: Suggest, crossed: bool) -> None:
    if way.state.geometry is None:
        _defer(way.sender, message, message.piece)


def _port(way: Direction, message: Port, crossed: bool) -> None:
    way.sender.port = message.port


def _extended_handshake(way: Direction, message: ExtendedHandshake, crossed: bool) -> None:
    sender = way.sender
    sender.greeted = True
    if message.request_queue is not None:
        sender.declared_queue = message.request_queue
    if message.metadata_size is not None:
        sender.metadata_size = message.metadata_size
    if message.upload_only is not None:
        sender.upload_only = message.upload_only
    if message.client:
        sender.client = "".join(c if c.isprintable() else "." for c in message.client[:CLIENT_NAME_LENGTH])
    for name, number in message.extensions.items():
        if len(name) > EXTENSION_NAME_LENGTH:
            continue
        sender.extensions.pop(name, None)
        if number and number not in sender.extensions.values():
            sender.extensions[name] = number
            sender.announced.setdefault(number, name)


def _dont_have(way: Direction, message: DontHave, crossed: bool) -> None:
    server, asker, geometry, piece = way.sender, way.receiver, way.state.geometry, message.piece
    if geometry is None:
        _defer(server, message, piece)
    elif server.pieces is not None and piece in server.pieces:
        server.pieces.discard(piece)
        _withdraw(way, PieceSet(geometry.piece_count, [piece]))
        if not way.state.fast:
            ring = ring_size(server=server, asker=asker, fast=False)
            asker.requests.throw_out(zombies=server.heard, ring=ring, piece=piece)


def _upload_only(way: Direction, message: UploadOnly, crossed: bool) -> None:
    way.sender.upload_only = message.upload_only


def _metadata_request(way: Direction, message: MetadataRequest, crossed: bool) -> None:
    way.sender.metadata.ask(message.piece)


def _metadata_answer(way: Direction, message: MetadataPiece | MetadataReject, crossed: bool) -> None:
    way.receiver.metadata.answer(message.piece)


def _hash_request(way: Direction, message: HashRequest, crossed: bool) -> None:
    way.sender.hashes.ask(message.range)


def _hash_answer(way: Direction, message: Hashes | HashReject, crossed: bool) -> None:
    way.receiver.hashes.answer(message.range)


def _peer_exchange(way: Direction, message: PeerExchange, crossed: bool) -> None:
    sender = way.sender
    known = sender.exchanged if sender.exchanges else set()
    sender.exchanges += 1
    if known is not None:
        known.difference_update(message.dropped)
        known.update(message.added)
    sender.exchanged = known if known is not None and len(known) <= EXCHANGED_KEPT else None


def _holepunch(way: Direction, message: Holepunch, crossed: bool) -> None:
    if message.kind == HolepunchKind.RENDEZVOUS:
        way.sender.rendezvous.ask(message.address)
    elif message.kind == HolepunchKind.ERROR:
        way.receiver.rendezvous.answer(message.address)


def _defer(sender: SideState, message: Have | AllowedFast | Suggest | DontHave, piece: int) -> None:
    """Keep it until the torrent's size is known, as long as it is no burden."""
    if sender.deferred is None:
        sender.deferred = {}
    if type(message) is Have:  # what is said last holds
        sender.deferred.pop(DontHave(piece), None)
    if piece < LATEST_PIECE and len(sender.deferred) < DEFERRED_LIMIT:
        sender.deferred[message] = None


_AVAILABILITY: Final[Mapping[type, Availability]] = {
    Bitfield: Availability.BITFIELD,
    HaveAll: Availability.HAVE_ALL,
    HaveNone: Availability.HAVE_NONE,
}

EFFECTS: Final[Mapping[type, Callable[[Direction, Any, bool], None]]] = {
    Handshake: _handshake,
    Choke: _choke,
    Unchoke: _unchoke,
    Interested: _interested,
    NotInterested: _not_interested,
    Have: _have,
    Bitfield: _availability,
    HaveAll: _availability,
    HaveNone: _availability,
    Request: _request,
    Piece: _answer,
    Reject: _answer,
    Cancel: _cancel,
    AllowedFast: _allowed_fast,
    Suggest: _suggest,
    Port: _port,
    ExtendedHandshake: _extended_handshake,
    DontHave: _dont_have,
    UploadOnly: _upload_only,
    MetadataRequest: _metadata_request,
    MetadataPiece: _metadata_answer,
    MetadataReject: _metadata_answer,
    PeerExchange: _peer_exchange,
    Holepunch: _holepunch,
    HashRequest: _hash_request,
    Hashes: _hash_answer,
    HashReject: _hash_answer,
}
"""Messages not named here change nothing: `KeepAlive`, `Extended`, and what cannot be read."""
