"""One end of a connection, brought to where something interesting may happen."""

from collections.abc import Iterator

from tests.wire.scenes import GEOMETRY, INFO_HASH
from torrent_peer.core.ids import PeerId
from torrent_peer.wire import codec
from torrent_peer.wire.connection import NEED_DATA, EndOfStream, Event, PeerConnection
from torrent_peer.wire.messages import (
    Bitfield,
    Handshake,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

DIALER_ID, LISTENER_ID = PeerId(b"-XX0001-dialdialdial"), PeerId(b"-TR4010-listenlisten")
FAST = Reserved.of(fast=True, extended=True)
A, B = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)
DATA = bytes(range(256)) * 64


def dialer(**more: object) -> PeerConnection:
    return PeerConnection(side=Side.DIALER, info_hash=INFO_HASH, peer_id=DIALER_ID, geometry=GEOMETRY, **more)  # type: ignore[arg-type]


def listener(**more: object) -> PeerConnection:
    return PeerConnection(side=Side.LISTENER, info_hash=INFO_HASH, peer_id=LISTENER_ID, geometry=GEOMETRY, **more)  # type: ignore[arg-type]


def events(connection: PeerConnection, data: bytes | memoryview) -> list[Event]:
    connection.receive_data(data)
    return list(until_more_is_needed(connection))


def until_more_is_needed(connection: PeerConnection) -> Iterator[Event]:
    while (event := connection.next_event()) is not NEED_DATA:
        yield event
        if isinstance(event, EndOfStream):
            return


def greeted(ours: PeerConnection, *, reserved: Reserved = FAST) -> PeerConnection:
    """Both handshakes are through; theirs sets `reserved`."""
    theirs = DIALER_ID if ours.side is Side.LISTENER else LISTENER_ID
    ours.initiate()
    assert events(ours, codec.encode(Handshake(reserved, INFO_HASH, theirs))) == [
        Handshake(reserved, INFO_HASH, theirs)
    ]
    return ours


def hear(connection: PeerConnection, *messages: Message) -> list[Event]:
    return events(connection, b"".join(map(codec.encode, messages)))


def leech(*, fast: bool = True, **more: object) -> PeerConnection:
    """A dialler that may request everything."""
    connection = greeted(dialer(**more), reserved=FAST if fast else Reserved())
    if "extensions" in more:
        connection.send(connection.extended_handshake())
    if fast:
        connection.send(HaveNone())
    connection.send(Interested())
    hear(connection, HaveAll() if fast else Bitfield(b"\xff\xc0"), Unchoke())
    return connection


def seed(*, fast: bool = True, **more: object) -> PeerConnection:
    """A listener that may be asked for everything."""
    connection = greeted(listener(**more), reserved=FAST if fast else Reserved())
    if "extensions" in more:
        connection.send(connection.extended_handshake())
    connection.send(HaveAll() if fast else Bitfield(b"\xff\xc0"))
    hear(connection, *([HaveNone()] if fast else []), Interested())
    connection.send(Unchoke())
    return connection
