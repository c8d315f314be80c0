"""Peers that follow a script, and may lie: raw wire through the codec, one step below legality.

async def seed_that_shouts(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveAll(), Unchoke())
    request = await talk.expect(Request)
    await talk.send(Piece(request.block, b"not what you asked for"))

async with open_scripted_peer(seed_that_shouts, info_hash=torrent.info_hash) as peer:
    …  # let a client dial peer.address, then look at peer.talks
"""

import contextlib
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import trio
from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import define
from torrent_peer.wire import codec
from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.handshake import HandshakeReader
from torrent_peer.wire.messages import Handshake, Malformed, Message, Piece
from torrent_peer.wire.reserved import Reserved

MOST_RECEIVED: Final = 256 * 1024
"""Bytes read from the socket at once."""
FULL_RESERVED: Final = Reserved.of(fast=True, extended=True)

MessageT = TypeVar("MessageT")


class HungUpError(Exception):
    """The other side closed or reset the connection while the script wanted more of it."""


class Talk:
    """One connection in a script's hands. Nothing is judged, neither what is sent nor what is heard."""

    def __init__(self, stream: trio.SocketStream, *, info_hash: InfoHash, peer_id: PeerId, dialed: bool) -> None:
        self.info_hash: Final = info_hash
        """What `handshake` names."""
        self.peer_id: Final = peer_id
        """What `handshake` calls us."""
        self.dialed: Final = dialed
        """Whether we made the connection."""
        self.address: Final = _address(stream.socket.getsockname())
        """Our end of the connection, as the other side knows it."""
        self.theirs: Handshake | None = None
        """Their handshake, once read."""
        self.ours: Handshake | None = None
        """Our handshake, once `handshake` has sent it."""
        self.heard: list[Message] = []
        """Every message read so far, in order; blocks are copied."""
        self.received_bytes = 0
        """Bytes read from the socket."""
        self.over = trio.Event()
        """Set when the script has ended and the connection is closed."""
        self.broken_off = False
        """Whether the other side hung up while the script wanted more of it."""
        self._stream = stream
        self._reader = HandshakeReader()
        self._framer = Framer(FrameLimits())
        self._ended = False

    @property
    def fast(self) -> bool:
        """Whether both handshakes had the bit of BEP 6."""
        return (
            self.ours is not None and self.ours.reserved.fast and self.theirs is not None and self.theirs.reserved.fast
        )

    async def handshake(
        self,
        *,
        reserved: Reserved = FULL_RESERVED,
        info_hash: InfoHash | None = None,
        peer_id: PeerId | None = None,
    ) -> Handshake:
        """Exchange handshakes, the dialler first; returns theirs. The arguments override what is said."""
        ours = self.ours = Handshake(reserved, info_hash or self.info_hash, peer_id or self.peer_id)
        if self.dialed:
            await self.send(ours)
            return await self.read_handshake()
        theirs = await self.read_handshake()
        await self.send(ours)
        return theirs

    async def read_handshake(self) -> Handshake:
        """Wait for their handshake."""
        while self._reader.handshake is None:
            if self._reader.malformed is not None:
                raise HungUpError(f"what came is no handshake: {self._reader.malformed.reason}")
            await self._receive()
        self.theirs = self._reader.handshake
        return self.theirs

    async def send(self, *messages: Message) -> None:
        """Say messages, legal or not, in one piece."""
        await self.send_bytes(b"".join(map(codec.encode, messages)))

    async def send_bytes(self, data: bytes) -> None:
        """Say anything at all. Raises HungUpError when nobody is there to hear it."""
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise HungUpError("the connection broke while we were sending") from error

    async def next(self) -> Message:
        """The next message; raises HungUpError when there is none and will be none."""
        while (message := self._framer.next_message()) is None:
            await self._receive()
        if isinstance(message, Malformed):
            raise HungUpError(f"what came is no message: {message.reason}")
        if isinstance(message, Piece):
            message = Piece(message.block, bytes(message.data))
        self.heard.append(message)
        return message

    async def expect(self, kind: type[MessageT]) -> MessageT:
        """The next message of this kind; others before it are only recorded."""
        while not isinstance(message := await self.next(), kind):
            pass
        return message

    async def closed(self) -> Sequence[Message]:
        """Read until the other side closes the connection; returns what it said until then."""
        before = len(self.heard)
        with contextlib.suppress(HungUpError):
            while True:
                await self.next()
        return self.heard[before:]

    async def hang_up(self) -> None:
        """Close the connection in order."""
        await self._stream.aclose()

    async def reset(self) -> None:
        """Close the connection with RST."""
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self._stream.aclose()

    async def _receive(self) -> None:
        if self._ended:
            raise HungUpError("the other side has closed the connection")
        try:
            data = await self._stream.receive_some(MOST_RECEIVED)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        self.received_bytes += len(data)
        if not data:
            self._ended = True
            raise HungUpError("the other side has closed the connection")
        if rest := self._reader.feed(data):
            self._framer.feed(rest)

    async def play(self, script: "Script") -> None:
        """Run `script`; being hung up on ends it quietly, and is noted."""
        try:
            await script(self)
        except HungUpError:
            self.broken_off = True
        finally:
            await trio.aclose_forcefully(self._stream)
            self.over.set()


Script = Callable[[Talk], Awaitable[None]]


@define(eq=False)
class ScriptedPeer:
    """A listening scripted peer; made with `open_scripted_peer`."""

    address: Address
    """Where it listens."""
    peer_id: PeerId
    talks: list[Talk] = field(factory=list)
    """Every connection made to it, oldest first."""
    _news: trio.Event = field(factory=trio.Event)

    async def talk(self, number: int = 0) -> Talk:
        """Wait for the connection `number`, counted from 0."""
        while len(self.talks) <= number:
            await self._news.wait()
        return self.talks[number]

    def _begin(self, talk: Talk) -> None:
        self.talks.append(talk)
        self._news.set()
        self._news = trio.Event()


@asynccontextmanager
async def open_scripted_peer(
    script: Script,
    *,
    info_hash: InfoHash,
    peer_id: PeerId | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[ScriptedPeer]:
    """Listen on `port` (0: any free one) and play `script` with everybody who connects, until the block is left.

    Errors of the script other than being hung up on come out of the block.
    """
    (listener,) = await trio.open_tcp_listeners(port, host=host)
    peer = ScriptedPeer(_address(listener.socket.getsockname()), peer_id or scripted_peer_id())

    async def handle(stream: trio.SocketStream) -> None:
        talk = Talk(stream, info_hash=info_hash, peer_id=peer.peer_id, dialed=False)
        peer._begin(talk)
        await talk.play(script)

    async with listener, trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, handle, [listener])
        yield peer
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def dial_scripted_peer(
    host: str, port: int, info_hash: InfoHash, script: Script, *, peer_id: PeerId | None = None
) -> AsyncIterator[Talk]:
    """Connect and play `script` beside the block; leaving the block ends it. Raises OSError when nobody is there."""
    stream = await trio.open_tcp_stream(host, port)
    talk = Talk(stream, info_hash=info_hash, peer_id=peer_id or scripted_peer_id(), dialed=True)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.play, script)
        yield talk
        nursery.cancel_scope.cancel()


def scripted_peer_id() -> PeerId:
    """A fresh peer id that says what it is."""
    return PeerId(b"-XX0001-" + secrets.token_hex(6).encode())


def _address(name: Sequence[object]) -> Address:
    return Address(str(name[0]), int(str(name[1])))
