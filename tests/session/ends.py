"""One conversation in memory: our end a `Peer`, their end a plain stream to say bytes on."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import trio
import trio.testing
from attrs import define, field

from tests.session.stage import GEOMETRY, TORRENT
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import BlockRow
from torrent_peer.core.ids import PeerId
from torrent_peer.net.transport import StreamTransport
from torrent_peer.session.farewell import Cause
from torrent_peer.session.in_place import Places
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.reasons import Evidence, Signal, Stage
from torrent_peer.session.turns import Turns
from torrent_peer.wire import codec
from torrent_peer.wire.connection import NEED_DATA, PeerConnection, Refused
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.landing import Landing
from torrent_peer.wire.messages import Handshake, Message, Piece
from torrent_peer.wire.piece_run import PieceRun
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

US = PeerId(b"-XX0001-this is us!!")
THEM = PeerId(b"-XX0001-this is them")
ADDRESS = Address("10.0.0.1", 6881)
FULL_RESERVED = Reserved.of(fast=True, extended=True)
THEIR_HANDSHAKE = Handshake(FULL_RESERVED, TORRENT.info_hash, THEM)


def conversation(
    *, dialed: bool = True, reserved: Reserved = FULL_RESERVED, now: float = 0.0
) -> tuple[Peer, trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]:
    """Our peer, what they say it on, what they hear us on."""
    ours, theirs = trio.testing.memory_stream_pair()
    connection = PeerConnection(
        side=Side.DIALER if dialed else Side.LISTENER,
        peer_id=US,
        info_hash=TORRENT.info_hash,
        geometry=GEOMETRY,
        reserved=reserved,
    )
    peer = Peer(ADDRESS, connection, StreamTransport(ours), dialed=dialed, now=now)
    return peer, theirs.send_stream, theirs.receive_stream


def encoded(*messages: Message) -> bytes:
    """The messages as they go onto the wire."""
    return b"".join(map(codec.encode, messages))


def events_of(peer: Peer, *messages: Message) -> Iterator[Message | Refused]:
    """The peer's connection receives these messages; what it makes of them, one by one."""
    if messages:  # no bytes would be the end of the stream
        peer.connection.receive_data(encoded(*messages))
        while (event := peer.connection.next_event()) is not NEED_DATA:
            yield event  # type: ignore[misc]  # neither end of stream nor the listener's own events


def hear(peer: Peer, *messages: Message) -> list[Message | Refused]:
    """The same, all at once, with nobody to act on it."""
    return list(events_of(peer, *messages))


class Nowhere:
    """Nothing is to be received in place."""

    landing = Landing()

    def place(self, peer: Peer, row: BlockRow) -> list[memoryview] | None:
        return None

    def take_placed(self, peer: Peer, rows: Iterable[BlockRow]) -> None:
        raise AssertionError


@define
class Listener:
    """An owner that only remembers."""

    download_limit: RateLimit = field(factory=lambda: RateLimit(None))
    leaving: Turns = field(factory=Turns)
    heard: list[object] = field(factory=list)
    buffers: list[int] = field(factory=list)
    findings: list[Finding] = field(factory=list)
    ends: list[tuple[Signal, Stage]] = field(factory=list)
    requests: list[int] = field(factory=list)
    downloading: Places = field(factory=Nowhere)
    forgotten: int = 0
    close_at: type | None = None
    """Close the conversation when such a message is heard."""

    def handle(self, peer: Peer, event: Message | Refused) -> None:
        self.heard.append(Piece(event.block, bytes(event.data)) if isinstance(event, Piece) else event)
        if self.close_at is not None and isinstance(event, self.close_at):
            peer.close(Cause.UNWANTED, "heard enough")

    def take(self, peer: Peer, runs: Sequence[PieceRun]) -> None:
        for piece in chain.from_iterable(runs):
            self.handle(peer, piece)

    def asked(self, peer: Peer, count: int) -> None:
        self.requests.append(count)

    def after_buffer(self, peer: Peer, length: int, *, now: float) -> None:
        self.buffers.append(length)
        peer.flush(now=now)

    def note_findings(self, peer: Peer) -> None:
        self.findings += peer.connection.take_findings()

    def forget(self, peer: Peer) -> None:
        self.forgotten += 1

    def evidence(self, peer: Peer, signal: Signal, stage: Stage, *, now: float) -> Evidence:
        self.ends.append((signal, stage))
        return Evidence(signal=signal, stage=stage, since_connect=1.0, since_ours=0.01, since_theirs=0.5)
