"""Making a connection to a peer."""

import ipaddress
import socket
from typing import Final

import trio

from torrent_peer.core.addresses import Address
from torrent_peer.net.source_address import ANYWHERE, SourceAddress

DIAL_TIMEOUT: Final = 15.0
"""Seconds. libtorrent's `peer_connect_timeout`."""


async def resolve(host: str, port: int) -> tuple[Address, ...]:
    """The addresses a name stands for; an IP literal is its own. Raises OSError when it stands for none."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:  # IDNA's: a label that is empty or too long
            raise OSError(f"'{host}' is no host name") from None
        return tuple(dict.fromkeys(Address(str(sockaddr[0]), port) for *_, sockaddr in found))
    return (Address(host, port),)


async def dial(address: Address, *, source: SourceAddress = ANYWHERE) -> socket.socket:
    """A connected, non-blocking TCP socket with Nagle's algorithm off. Raises OSError; the caller owns the deadline."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await source.bind(sock, address.host)
        await sock.connect((address.host, address.port))
        connected = socket.socket(fileno=sock.detach())
    except BaseException:
        sock.close()
        raise
    connected.setblocking(False)
    return connected
