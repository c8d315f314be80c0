"""Where connections come from and go to: TCP in real life; the test kit has a network in memory that fits here."""

import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from torrent_peer.core.addresses import Address
from torrent_peer.net.announcer import Ask
from torrent_peer.net.dial import dial, resolve
from torrent_peer.net.listen import Complain, Listener, open_listener
from torrent_peer.net.source_address import SourceAddress
from torrent_peer.net.transport import ReceiveBuffer, SocketTransport, Transport

Welcome = Callable[[Transport, Address], None]
"""What is called with each connection that comes in, and where it comes from; raises nothing."""


class Door(Protocol):
    """A port on which connections come in."""

    port: int

    async def serve(self, welcome: Welcome, complain: Complain) -> None:
        """Let connections in until cancelled; `complain` is told in a line, now and then, while that cannot be done."""

    def close(self) -> None: ...


class Network(Protocol):
    """What a session needs of the world outside."""

    ask: Ask | None
    """How trackers are asked; `None`: over the network of this machine."""

    async def listen(self, host: str | None, ports: Sequence[int]) -> Door:
        """Open the first of `ports` that can be had, 0 being any. Raises ListenError when none can."""

    async def dial(self, address: Address, *, source: SourceAddress) -> Transport:
        """A connection to `address`. Raises OSError; the caller owns the deadline."""

    async def resolve(self, host: str, port: int) -> tuple[Address, ...]:
        """The addresses a name stands for. Raises OSError when it stands for none."""


class Tcp:
    """The TCP of this machine; all its connections read into one buffer."""

    ask: Ask | None = None

    def __init__(self) -> None:
        self._buffer = ReceiveBuffer()

    async def listen(self, host: str | None, ports: Sequence[int]) -> Door:
        return _TcpDoor(await open_listener(host, ports), self._buffer)

    async def dial(self, address: Address, *, source: SourceAddress) -> Transport:
        return SocketTransport(await dial(address, source=source), self._buffer)

    async def resolve(self, host: str, port: int) -> tuple[Address, ...]:
        return await resolve(host, port)


class _TcpDoor:
    def __init__(self, listener: Listener, buffer: ReceiveBuffer) -> None:
        self._listener = listener
        self._buffer = buffer
        self.port = listener.port

    async def serve(self, welcome: Welcome, complain: Complain) -> None:
        def wrap(sock: socket.socket, address: Address) -> None:
            welcome(SocketTransport(sock, self._buffer), address)

        await self._listener.serve(wrap, complain)

    def close(self) -> None:
        self._listener.close()
