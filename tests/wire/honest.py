"""An honest end: what it has, what it said that is still on its way, and everything it might say next."""

from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import define, field

from torrent_peer.core.addresses import Address
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Suggest,
    Unchoke,
    UploadOnly,
)

METADATA_SIZE: Final = 40_000
PORTS: Final = range(6881, 6889)


@define
class End:
    """One end: its connection, what it has, and what it said that has not arrived."""

    connection: PeerConnection
    has: set[int]
    geometry: Geometry
    said: deque[Message] = field(factory=deque)
    """What the other end has not heard yet."""
    wire: bytearray = field(factory=bytearray)
    """The bytes of that."""
    refused: list[Message] = field(factory=list)
    """Requests that the machine would not have served; with fast they are owed a reject."""
    exchanged: set[Address] = field(factory=set)

    def say(self, message: Message) -> bool:
        """Say it if it is legal; whether it was."""
        if self.connection.may_send(message) is not None:
            return False
        if isinstance(message, Piece):
            self.wire += self.connection.piece_header(message.block) + bytes(message.data)
        else:
            self.wire += self.connection.send(message)
        self.said.append(message)
        return True

    def may_say(self, message: Message) -> bool:
        """Whether it is legal, and can be written at all."""
        name = NAMES.get(type(message))
        if name is not None and name not in self.connection.theirs.extensions:
            return False
        if self.connection.geometry is None and isinstance(message, Bitfield | HaveAll | Have | AllowedFast | Suggest):
            return False  # who does not know the torrent's size has nothing to offer of it
        return self.connection.may_send(message) is None

    def sayable(self, number: int) -> list[Message]:
        """All that it may say now, some of it several times."""
        return [
            message
            for word, make in WORDS.items()
            if (message := make(self, number)) is not None and self.may_say(message)
            for _ in range(WEIGHTS.get(word, 1))
        ]

    @property
    def wanted(self) -> list[int]:
        """Pieces that the other end offers, and this one has not."""
        theirs = self.connection.theirs
        return sorted(({*(theirs.pieces or ()), *theirs.allowed_fast}) - self.has)


Word = Callable[[End, int], Message | None]
"""What an end might say now, a number deciding among several."""


def _availability(end: End, number: int) -> Message:
    if end.connection.fast and not end.has:
        return HaveNone()
    if end.connection.fast and len(end.has) == end.geometry.piece_count and not number & 1:
        return HaveAll()
    return Bitfield(PieceSet(end.geometry.piece_count, end.has).to_bitfield())


def _cancel(end: End, number: int) -> Message | None:
    live = list(end.connection.outstanding)
    return Cancel(live[number % len(live)]) if live else None


def serve(end: End, number: int) -> Message | None:
    live = list(end.connection.requested)
    if not live:
        return None
    block = live[number % len(live)]
    return Piece(block, bytes(block.length))


def _serve_oldest(end: End, number: int) -> Message | None:
    return serve(end, 0)


def _reject(end: End, number: int) -> Message | None:
    live = list(end.connection.requested)
    return Reject(live[number % len(live)]) if live else None


def _have(end: End, number: int) -> Message | None:
    missing = sorted(set(range(end.geometry.piece_count)) - end.has)
    return Have(missing[number % len(missing)]) if missing else None


def _dont_have(end: End, number: int) -> Message | None:
    return DontHave(sorted(end.has)[number % len(end.has)]) if end.has else None


def _extended_handshake(end: End, number: int) -> Message:
    return end.connection.extended_handshake(
        client=f"test {number % 3}", metadata_size=None if end.connection.geometry is None else METADATA_SIZE
    )


def _metadata_answer(end: End, number: int) -> Message | None:
    asked = list(end.connection.theirs.metadata.live)
    if not asked:
        return None
    piece = asked[number % len(asked)]
    if number & 64 or end.connection.ours.metadata_size is None:
        return MetadataReject(piece)
    return MetadataPiece(piece, METADATA_SIZE, bytes(min(16384, METADATA_SIZE - 16384 * piece)))


def _peer_exchange(end: End, number: int) -> Message:
    known = {Address("10.0.0.9", port) for port in PORTS if number >> (port - PORTS[0]) & 1}
    added, dropped = sorted(known - end.exchanged, key=str), sorted(end.exchanged - known, key=str)
    return PeerExchange(tuple(added), bytes(len(added)), tuple(dropped))


def _constant(message: Message) -> Word:
    return lambda end, number: message


WORDS: Final[dict[str, Word]] = {
    "availability": _availability,
    "interested": _constant(Interested()),
    "not interested": _constant(NotInterested()),
    "unchoke": _constant(Unchoke()),
    "choke": _constant(Choke()),
    "piece": serve,
    "oldest piece": _serve_oldest,
    "reject": _reject,
    "cancel": _cancel,
    "have": _have,
    "dont have": _dont_have,
    "suggest": lambda end, number: Suggest(number % end.geometry.piece_count),
    "allowed fast": lambda end, number: AllowedFast(number % end.geometry.piece_count),
    "extended handshake": _extended_handshake,
    "metadata request": lambda end, number: MetadataRequest(number % 3),
    "metadata answer": _metadata_answer,
    "peer exchange": _peer_exchange,
    "upload only": lambda end, number: UploadOnly(bool(number & 1)),
    "port": lambda end, number: Port(1 + number),
    "keep-alive": _constant(KeepAlive()),
}
"""Blocks are asked for in bursts, by a rule of their own."""
WEIGHTS: Final = {"piece": 8, "oldest piece": 8, "have": 3, "unchoke": 3, "cancel": 3, "interested": 2, "reject": 2}
"""How much likelier than others they are, where they are legal."""
NAMES: Final[dict[type, str]] = {
    **dict.fromkeys((MetadataRequest, MetadataPiece, MetadataReject), "ut_metadata"),
    PeerExchange: "ut_pex",
    UploadOnly: "upload_only",
    DontHave: "lt_donthave",
}
"""Messages of extensions, which can only be written once the other end wants them."""
