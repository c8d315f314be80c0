"""Where our connections come from, if the user says so: a source address, or the name of a network interface."""

import ipaddress
import socket
from typing import Final, Self

import trio

from torrent_peer.core.values import frozen


@frozen
class SourceAddress:
    """What every socket of ours is bound to before it connects; nothing may leave by another way."""

    address: str | None = None
    """IP literal."""
    interface: str | None = None

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """An IP literal or the name of an interface; None binds nothing."""
        if text is None:
            return cls()
        try:
            return cls(address=str(ipaddress.ip_address(text)))
        except ValueError:
            return cls(interface=text)

    def reaches(self, host: str) -> bool:
        """Whether `host`, an IP literal, is of the address family we come from."""
        return self.address is None or (":" in self.address) == (":" in host)

    @property
    def options(self) -> tuple[tuple[int, int, bytes], ...]:
        """Socket options to set, as `setsockopt` takes them."""
        if self.interface is None:
            return ()
        return ((socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.interface.encode() + b"\0"),)

    async def bind(self, sock: trio.socket.SocketType, host: str) -> None:
        """Bind `sock`, which is going to connect to `host`. Raises OSError."""
        for option in self.options:
            sock.setsockopt(*option)
        if self.address is not None:
            if not self.reaches(host):
                raise OSError(f"{host} cannot be reached from {self.address}")
            await sock.bind((self.address, 0))


ANYWHERE: Final = SourceAddress()
"""The operating system chooses."""
