"""One peer spoken to directly, in judged messages: for programs that want the conversation, not the download."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import trio

from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.dial import dial, resolve
from torrent_peer.net.identity import new_peer_id
from torrent_peer.net.transport import ReceiveBuffer, SocketTransport, Transport
from torrent_peer.wire.connection import NEED_DATA, EndOfStream, InfoHashReceived, PeerConnection, Refused
from torrent_peer.wire.messages import Handshake, Message
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.side import Side


class PeerStream:
    """A connection to one peer that has exchanged handshakes; made by `connect_peer`.

    Iterating gives the peer's messages, each judged legal, until it closes the connection. A `Piece`'s data is good
    until the next message is received. Raises RemoteProtocolError at the first illegal message, LocalProtocolError
    when asked to send one, OSError when the connection breaks.
    """

    def __init__(self, transport: Transport, connection: PeerConnection) -> None:
        self._transport = transport
        self.connection = connection
        """The state machine: what each side has declared, and what may be said now."""

    async def send(self, *messages: Message) -> None:
        """Judge the messages in order and send them; those before an illegal one are sent."""
        try:
            for message in messages:
                self._transport.write(self.connection.send(message))
        finally:
            await self._transport.drain()

    async def greet(self) -> Handshake:
        """Send our handshake and wait for theirs."""
        self._transport.write(self.connection.initiate())
        await self._transport.drain()
        try:
            answer = await self.receive()
        except trio.EndOfChannel:
            raise ConnectionResetError("the peer closed the connection without a handshake") from None
        assert isinstance(answer, Handshake)
        return answer

    async def receive(self) -> Message | Refused:
        """The next message; raises trio.EndOfChannel when the peer has closed the connection."""
        while True:
            event = self.connection.next_event()
            if event is NEED_DATA:
                self.connection.receive_data(await self._transport.receive())
            elif isinstance(event, EndOfStream):
                if event.clean:
                    raise trio.EndOfChannel
                raise ConnectionResetError(event.detail or "the peer closed inside a message")
            else:
                assert not isinstance(event, InfoHashReceived)  # only listeners hear it
                return event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message | Refused:
        try:
            return await self.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Close the connection."""
        await self._transport.aclose()


@asynccontextmanager
async def connect_peer(
    host: str,
    port: int,
    info_hash: InfoHash,
    *,
    geometry: Geometry | None = None,
    peer_id: PeerId | None = None,
    profile: Profile = Profile.INTEROPERABLE,
) -> AsyncIterator[PeerStream]:
    """Dial one peer and exchange handshakes; leaving the block closes the connection.

    `geometry` (of `Torrent.geometry`) lets piece messages be judged and sent. Raises OSError when the peer cannot be
    reached or closes before its handshake, RemoteProtocolError when what it answers is no handshake for this torrent.
    Deadlines are the caller's: `with trio.fail_after(10): …`.
    """
    connection = PeerConnection(
        side=Side.DIALER, peer_id=peer_id or new_peer_id(), info_hash=info_hash, geometry=geometry, profile=profile
    )
    (address, *_) = await resolve(host, port)
    stream = PeerStream(SocketTransport(await dial(address), ReceiveBuffer()), connection)
    try:
        await stream.greet()
        yield stream
    finally:
        await stream.aclose()
