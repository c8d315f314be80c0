"""One download without sockets, disks or threads: everything between the wire and the disk is real, time is jumped."""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any, TypeVar, cast

import trio
import trio.testing

from tests.session.uploader import Uploader
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.net.disk import Disk
from torrent_peer.net.transport import Transport
from torrent_peer.session.block_buffers import BlockBuffers
from torrent_peer.session.downloading import Downloading, Written
from torrent_peer.session.exchange import Exchange
from torrent_peer.session.farewell import Cause
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.serving import Serving
from torrent_peer.session.swarm import Swarm
from torrent_peer.session.turns import Turns
from torrent_peer.session.upkeep import Upkeep
from torrent_peer.storage.store import Store
from torrent_peer.strategy.picker import Picker
from torrent_peer.strategy.slots import Slots
from torrent_peer.wire import codec
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.connection import NEED_DATA, PeerConnection
from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.handshake import HANDSHAKE_LENGTH
from torrent_peer.wire.messages import Bitfield, Handshake, HaveAll, Message
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

PIECE_LENGTH = 64 * 1024
CONTENT = Random(1).randbytes(7 * PIECE_LENGTH + 20_000)
TORRENT = parse_torrent(create_torrent("content.bin", CONTENT, piece_length=PIECE_LENGTH))
OUR_ID = PeerId(b"-TP0001-our own self")
FULL_RESERVED = Reserved.of(fast=True, extended=True)

MessageT = TypeVar("MessageT")


class Wire:
    """Our end of a connection in memory: what is written waits until it is delivered."""

    def __init__(self) -> None:
        self.backlog = 0
        self.written = bytearray()

    def write(self, data: bytes) -> None:
        self.written += data


class Jobs:
    """Disk threads that work when they are told to."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def submit(self, job: Callable[[], None], done: Callable[[], None]) -> None:
        self.jobs.append((job, done))

    def work(self) -> None:
        while self.jobs:
            job, done = self.jobs.pop(0)
            job()
            done()


class Paper:
    """A store that remembers pieces."""

    def __init__(self) -> None:
        self.pieces: dict[int, bytes] = {}

    def write_pieces(self, first: int, data: Sequence[memoryview], *, around: bool = False) -> None:
        self.pieces.update(enumerate(map(bytes, data), first))


class Company:
    """The swarm as the exchange sees it: those who are connected."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []

    def __iter__(self) -> Iterator[Peer]:
        return iter(tuple(self.peers))

    def __len__(self) -> int:
        return len(self.peers)

    def greeted(self, peer: Peer) -> None:
        """Everybody is welcome."""

    def ban(self, address: Address, reason: str) -> bool:
        for peer in self:
            if peer.address == address:
                peer.close(Cause.BANNED, reason)
        return True

    def spawn(self, function: object, peer: Peer) -> None:
        raise AssertionError("nobody asks us for anything")


class World:
    """One download, its uploaders and the wires between; made and used inside Trio."""

    def __init__(self, dice: Random, clock: trio.testing.MockClock, *, sequential: bool = False) -> None:
        self.dice = dice
        self.clock = clock
        self.jobs, self.paper, self.company = Jobs(), Paper(), Company()
        count = TORRENT.geometry.piece_count
        self.picker: Picker[Peer] = Picker(
            TORRENT.geometry,
            have=PieceSet(count),
            wanted=PieceSet.full(count),
            dice=dice,
            sequential=sequential,
            open_limit=dice.choice((1, 3)),
        )
        store = cast("Store", self.paper)
        self.downloading = Downloading(TORRENT, self.picker, store, cast("Disk", self.jobs), self._written)
        buffers = BlockBuffers(gap=PIECE_HEADER_LENGTH)
        serving = Serving(store, slots=Slots(None).share(4), limit=RateLimit(None), dice=dice, buffers=buffers)
        self.exchange = Exchange(
            have=PieceSet(count),
            picker=self.picker,
            downloading=self.downloading,
            serving=serving,
            download_limit=RateLimit(None),
            leaving=Turns(),
            listen_port=None,
            report=lambda event: None,
        )
        self.exchange.swarm = cast("Swarm", self.company)
        self.upkeep = Upkeep(self.exchange)
        self.ends: dict[Peer, Uploader] = {}
        self.wires: dict[Peer, Wire] = {}
        self.met = 0
        self.unsettled: list[Written] = []

    def _written(self, batch: list[Written]) -> None:
        self.unsettled += batch

    def settle(self) -> None:
        self.jobs.work()
        batch, self.unsettled = self.unsettled, []
        self.exchange.settle(batch)

    def connect(self, uploader: Uploader | None = None, *, reserved: Reserved = FULL_RESERVED) -> Peer:
        """Dial somebody: an uploader, or a peer whose words the test says with `say`."""
        self.met += 1
        connection = PeerConnection(
            side=Side.DIALER,
            peer_id=OUR_ID,
            info_hash=TORRENT.info_hash,
            geometry=TORRENT.geometry,
            reserved=reserved,
        )
        wire = Wire()
        now = trio.current_time()
        peer = Peer(Address("192.0.2.1", self.met), connection, cast("Transport", wire), dialed=True, now=now)
        self.company.peers.append(peer)
        self.wires[peer] = wire
        if uploader is not None:
            self.ends[peer] = uploader
        peer.greet(now=now)
        return peer

    def greet(self, *, reserved: Reserved = FULL_RESERVED, then: Sequence[Message] = ()) -> Peer:
        """A peer without an uploader that has everything, and says `then`."""
        peer = self.connect(reserved=reserved)
        everything = HaveAll() if reserved.fast else Bitfield(PieceSet.full(TORRENT.geometry.piece_count).to_bitfield())
        them = PeerId(b"-XX0001-%012d" % self.met)
        self.say(peer, Handshake(reserved, TORRENT.info_hash, them), everything, *then)
        return peer

    def disconnect(self, peer: Peer) -> None:
        """It is gone."""
        peer.ending = peer.ending or peer.farewell(Cause.CLOSED, "gone")
        self.exchange.forget(peer)
        self.company.peers.remove(peer)
        self.ends.pop(peer, None)

    def say(self, peer: Peer, *messages: Message) -> None:
        """The peer says this, in one buffer."""
        self.hear(peer, b"".join(map(codec.encode, messages)))

    def hear(self, peer: Peer, data: bytes) -> None:
        """What `converse` does with a buffer."""
        if not data or peer.ending is not None:
            return
        peer.clocks.received = trio.current_time()
        peer.connection.receive_data(data)
        while True:
            self.exchange.take(peer, peer.connection.next_pieces())
            if (event := peer.connection.next_event()) is NEED_DATA:
                break
            self.exchange.handle(peer, cast("Any", event))
            if self.is_over(peer):
                return
        self.exchange.after_buffer(peer, len(data), now=peer.clocks.received)

    @staticmethod
    def is_over(peer: Peer) -> bool:
        """Whether the conversation is to end."""
        return peer.ending is not None

    def everything_said(self, peer: Peer) -> list[Message]:
        """What we said to the peer since the last call."""
        written = self.wires[peer].written
        if written.startswith(codec.PROTOCOL):
            del written[:HANDSHAKE_LENGTH]
        framer = Framer(FrameLimits(TORRENT.geometry.piece_count))
        framer.feed(bytes(written))
        written.clear()
        return list(iter(framer.next_message, None))

    def said(self, peer: Peer, kind: type[MessageT]) -> list[MessageT]:
        """The messages of this kind among them; the others are gone."""
        return [message for message in self.everything_said(peer) if isinstance(message, kind)]

    def deliver_to_us(self, peer: Peer, length: int) -> None:
        """Bytes of the uploader's arrive."""
        said = self.ends[peer].said
        data = bytes(said[:length])
        del said[:length]
        self.hear(peer, data)

    def deliver_to_them(self, peer: Peer, length: int) -> None:
        """Bytes of ours arrive."""
        written = self.wires[peer].written
        data = bytes(written[:length])
        del written[:length]
        if data:
            self.ends[peer].hear(data)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.clock.jump(seconds)
        self.upkeep.tick(now=trio.current_time())

    def reap(self) -> None:
        for peer in self.company:
            if peer.ending is not None:
                assert peer.ending.cause in (Cause.BANNED, Cause.TIMEOUT), peer.ending
                self.disconnect(peer)
