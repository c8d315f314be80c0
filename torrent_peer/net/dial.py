"""Making a connection to a peer."""

import ipaddress
import socket
from typing import Final

import trio

from torrent_peer.core.addresses import Address

DIAL_TIMEOUT: Final = 15.0
"""Seconds. libtorrent's `peer_connect_timeout`."""


async def resolve(host: str, port: int) -> tuple[Address, ...]:
    """The addresses a name stands for; an IP literal is its own. Raises OSError when it stands for none."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(Address(str(sockaddr[0]), port) for *_, sockaddr in found))
    return (Address(host, port),)


async def dial(address: Address, *, bind: str | None = None) -> socket.socket:
    """A connected, non-blocking TCP socket with Nagle's algorithm off.

    `bind` is a source address or the name of a network interface. Raises OSError; the caller owns the deadline.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if bind is not None:
            await _bind(sock, bind, family)
        await sock.connect((address.host, address.port))
        connected = socket.socket(fileno=sock.detach())
    except BaseException:
        sock.close()
        raise
    connected.setblocking(False)
    return connected


async def _bind(sock: trio.socket.SocketType, bind: str, family: int) -> None:
    try:
        version = ipaddress.ip_address(bind).version
    except ValueError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bind.encode() + b"\0")
        return
    if (version == 6) != (family == socket.AF_INET6):
        raise OSError(f"cannot reach an IPv{4 if version == 6 else 6} peer from {bind}")
    await sock.bind((bind, 0))
