"""All parts of one torrent, wired as in real life, without sockets, tasks and disk threads; peers are spoken for."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import trio
from attrs import define, field

from tests.session.ends import FULL_RESERVED, US, events_of
from tests.session.stage import CONTENT, GEOMETRY, PLAIN, TORRENT, place
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.ids import PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.net.network import Tcp
from torrent_peer.session.block_buffers import BlockBuffers
from torrent_peer.session.content import Content
from torrent_peer.session.downloading import Written
from torrent_peer.session.events import Event
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.parts import Parts
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.turns import Turns
from torrent_peer.storage.pool import FilePool
from torrent_peer.strategy.slots import Slots
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.framing import FrameLimits, Framer
from torrent_peer.wire.messages import Bitfield, Handshake, HaveAll, HaveNone, Message, Piece, Request, Unchoke
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

MessageT = TypeVar("MessageT")
ResultT = TypeVar("ResultT")


class Ear:
    """The other end of a connection: hears what we say."""

    def __init__(self) -> None:
        self.backlog = 0
        self.heard: list[Message] = []
        self._handshake = bytearray()
        self._framer = Framer(FrameLimits())

    async def receive(self, at_most: int = 0) -> memoryview:
        await trio.sleep_forever()
        raise AssertionError

    async def readable(self) -> None: ...

    async def give_way(self) -> None: ...

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:

        raise AssertionError

    def write(self, data: bytes | memoryview) -> None:
        missing = 68 - len(self._handshake)
        self._handshake += data[:missing]
        self._framer.feed(bytes(data[missing:]))
        while (message := self._framer.next_message()) is not None:
            self.heard.append(Piece(message.block, bytes(message.data)) if isinstance(message, Piece) else message)

    async def drain(self, below: int = 0) -> None: ...

    async def aclose(self) -> None: ...

    def take(self, kind: type[MessageT]) -> list[MessageT]:
        """The messages of one kind heard since the last call; all others stay."""
        found: list[MessageT] = [message for message in self.heard if isinstance(message, kind)]
        self.heard = [message for message in self.heard if not isinstance(message, kind)]
        return found

    def asked(self) -> list[Block]:
        """The blocks requested since the last call."""
        return [request.block for request in self.take(Request)]


class Clerk:
    """Disk threads that work when they are told to."""

    def __init__(self) -> None:
        self._jobs: list[tuple[Callable[[], None], Callable[[], None]]] = []

    def submit(self, job: Callable[[], None], done: Callable[[], None]) -> None:
        self._jobs.append((job, done))

    def work(self) -> None:
        jobs, self._jobs = self._jobs, []
        for job, done in jobs:
            job()
            done()

    async def run(self, function: Callable[[], ResultT]) -> ResultT:
        return function()


@define
class House:
    """What the session would share."""

    pool: FilePool
    options: SessionOptions = field(factory=SessionOptions)
    peer_id: PeerId = US
    dice: Random = field(factory=lambda: Random(1))
    network: Tcp = field(factory=Tcp)
    blocks: BlockBuffers = field(factory=lambda: BlockBuffers(gap=PIECE_HEADER_LENGTH))
    disk: Clerk = field(factory=Clerk)
    download_limit: RateLimit = field(factory=lambda: RateLimit(None))
    leaving: Turns = field(factory=Turns)
    upload_limit: RateLimit = field(factory=lambda: RateLimit(None))
    slots: Slots = field(factory=lambda: Slots(None))
    port: int | None = 6881
    began: float = 0.0

    def room(self) -> int:
        return 100


class Hall:
    """One torrent's parts and everybody who has joined."""

    def __init__(self, house: House, content: Content, options: TorrentOptions) -> None:
        self.events: list[Event] = []
        self.disk = house.disk
        self.settled: list[Written] = []
        self.parts = Parts(
            house,  # type: ignore[arg-type]  # the clerk stands in for the disk threads
            TORRENT,
            content,
            options,
            report=self.events.append,
            disk_reports=self.settled.extend,
        )
        self._joined = 0

    def join(
        self,
        pieces: Iterable[int] | None = None,
        *,
        reserved: Reserved = FULL_RESERVED,
        unchoked: bool = True,
        then: Iterable[Message] = (),
    ) -> tuple[Peer, Ear]:
        """A peer with these pieces (None: all of them), and what hears us at its end."""
        peer, ear = self._greet(reserved)
        if pieces is None and reserved.fast:
            self.say(peer, HaveAll())
        else:
            which = range(GEOMETRY.piece_count) if pieces is None else pieces
            bits = PieceSet(GEOMETRY.piece_count, which).to_bitfield()
            self.say(peer, *[Bitfield(bits)] * any(bits), *[HaveNone()] * (reserved.fast and not any(bits)))
        self.say(peer, *[Unchoke()] * unchoked, *then)
        return peer, ear

    def meet(self, *messages: Message) -> Peer:
        """A peer that begins with these messages, and nothing else."""
        peer, _ = self._greet(FULL_RESERVED)
        self.say(peer, *messages)
        return peer

    def _greet(self, reserved: Reserved) -> tuple[Peer, Ear]:
        self._joined += 1
        number = self._joined
        connection = PeerConnection(
            side=Side.DIALER, peer_id=US, info_hash=TORRENT.info_hash, geometry=GEOMETRY, request_queue=500
        )
        ear = Ear()
        address = Address(f"10.0.0.{number}", 6881)
        peer = self.parts.swarm._enter(address, connection, ear, dialed=True)
        peer.greet(now=trio.current_time())
        self.say(peer, Handshake(reserved, TORRENT.info_hash, PeerId(b"-XX0001-%012d" % number)))
        return peer, ear

    def say(self, peer: Peer, *messages: Message) -> None:
        """The peer says this, in one buffer."""
        now = peer.clocks.received = trio.current_time()
        for event in events_of(peer, *messages):
            if peer.ending is None:
                self.parts.exchange.handle(peer, event)
        self.parts.exchange.after_buffer(peer, 1, now=now)

    def leave(self, peer: Peer) -> None:
        """The peer's conversation is over."""
        self.parts.exchange.forget(peer)
        self.parts.swarm._peers.pop(peer, None)

    def give(self, peer: Peer, *blocks: Block) -> None:
        """The peer sends true blocks, in one buffer."""
        self.say(peer, *map(true_piece, blocks))

    def settle(self) -> None:
        """The disk threads do what they were given, and the torrent is told."""
        self.disk.work()
        batch, self.settled[:] = list(self.settled), []
        self.parts.exchange.settle(batch)

    def all(self, kind: type[MessageT]) -> list[MessageT]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]


def true_piece(block: Block) -> Piece:
    """The honest answer."""
    start = GEOMETRY.piece_offset(block.piece) + block.begin
    return Piece(block, CONTENT[start : start + block.length])


@asynccontextmanager
async def open_hall(root: Path, *, pieces: int = 0, options: TorrentOptions = PLAIN) -> AsyncIterator[Hall]:
    """A torrent of which the first `pieces` are here."""
    with FilePool() as pool:
        content = await Content.open(TORRENT, place(root, pieces=pieces), options, pool)
        await content.take_stock(lambda event: None, recheck=False, cancelled=lambda: False)
        try:
            yield Hall(House(pool), content, options)
        finally:
            await content.close()
