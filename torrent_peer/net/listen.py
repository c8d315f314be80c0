"""Accepting connections from peers."""

import errno
import socket
from collections.abc import Callable, Sequence
from math import inf
from typing import Final

import trio

from torrent_peer.core.addresses import Address

BACKLOG: Final = 256
"""Connections the kernel holds for us between two accepts."""
DESCRIPTORS_GONE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
PAUSE_WITHOUT_DESCRIPTORS: Final = 0.5
"""Seconds to wait before accepting again when the process may open nothing more."""


COMPLAINT_INTERVAL: Final = 60.0
"""Seconds between two complaints about that."""
Complain = Callable[[str], None]


class ListenError(OSError):
    """None of the ports could be had; says which and why."""


class Listener:
    """The listening sockets of one port: IPv4, and IPv6 where the machine has it."""

    def __init__(self, sockets: Sequence[trio.socket.SocketType]) -> None:
        self._sockets = tuple(sockets)
        self.port: int = sockets[0].getsockname()[1]

    async def serve(self, handler: Callable[[socket.socket, Address], None], complain: Complain) -> None:
        """Accept until cancelled; `handler` gets each connected, non-blocking socket and must not raise.

        `complain` is told in a line, once a minute at most, when nobody can be accepted for want of descriptors.
        """
        async with trio.open_nursery() as nursery:
            for sock in self._sockets:
                nursery.start_soon(self._accept, sock, handler, complain)

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()

    async def _accept(
        self, sock: trio.socket.SocketType, handler: Callable[[socket.socket, Address], None], complain: Complain
    ) -> None:
        said = -inf
        while True:
            try:
                accepted, name = await sock.accept()
            except OSError as error:
                if error.errno in DESCRIPTORS_GONE:
                    if trio.current_time() - said >= COMPLAINT_INTERVAL:
                        said = trio.current_time()
                        reason = error.strerror or str(error)
                        complain(f"{reason}: peers that call have to wait; raise the limit (ulimit -n)")
                    await trio.sleep(PAUSE_WITHOUT_DESCRIPTORS)
                continue
            connected = socket.socket(fileno=accepted.detach())
            connected.setblocking(False)
            try:
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:  # it is gone already
                connected.close()
                continue
            host = str(name[0]).removeprefix("::ffff:").partition("%")[0]
            handler(connected, Address(host, int(name[1])))


async def open_listener(host: str | None, ports: Sequence[int]) -> Listener:
    """Listen on the first of `ports` that can be had (0: any); raises ListenError when none can."""
    reason: OSError | None = None
    for port in ports:
        try:
            return Listener(await _open(host, port))
        except OSError as error:
            reason = error
    wanted = ", ".join(map(str, ports))
    where = f"{host}, port" if host else "port"
    cause = reason.strerror if reason is not None else "no port was named"
    raise ListenError(f"cannot listen on {where} {wanted}: {cause}; choose another with --listen")


async def _open(host: str | None, port: int) -> list[trio.socket.SocketType]:
    if host is not None:
        return [await _bound(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port)]
    first = await _bound(socket.AF_INET, "0.0.0.0", port)  # noqa: S104  # accepting peers from anywhere is the job
    try:
        second = await _bound(socket.AF_INET6, "::", first.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE and port != 0:
            first.close()
            raise
        return [first]  # no IPv6 here
    return [first, second]


async def _bound(family: int, host: str, port: int) -> trio.socket.SocketType:
    sock = trio.socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        await sock.bind((host, port))
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock
