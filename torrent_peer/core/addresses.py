"""Peer addresses and their compact form (BEP 23: 6 bytes for IPv4; BEP 7: 18 bytes for IPv6)."""

import ipaddress
from collections.abc import Iterator
from typing import Final, NamedTuple

COMPACT_IPV4_LENGTH: Final = 6
COMPACT_IPV6_LENGTH: Final = 18


class Address(NamedTuple):
    """Where a peer can be dialled: `host` is an IP literal without brackets (or a name given by the user)."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def from_compact(data: bytes, *, ipv6: bool = False) -> Iterator[Address]:
    """The addresses of a compact list; a tail shorter than one entry is left out.

    Entries are what the sender says; whether to dial them (port 0, multicast, ourselves) is not decided here.
    """
    step = COMPACT_IPV6_LENGTH if ipv6 else COMPACT_IPV4_LENGTH
    for at in range(0, len(data) - step + 1, step):
        ip = ipaddress.ip_address(data[at : at + step - 2])
        yield Address(str(ip), int.from_bytes(data[at + step - 2 : at + step], "big"))


def to_compact(address: Address) -> bytes:
    """6 bytes for IPv4, 18 for IPv6; raises ValueError when the host is no IP literal or the port is out of range."""
    if not 0 <= address.port <= 0xFFFF:
        raise ValueError(f"port {address.port} is outside 0-65535")
    return ipaddress.ip_address(address.host).packed + address.port.to_bytes(2, "big")


def is_dialable(address: Address) -> bool:
    """Whether an address somebody else told us may be dialled: no port 0, multicast, broadcast or unspecified."""
    try:
        ip = ipaddress.ip_address(address.host)
    except ValueError:
        return False
    return 0 < address.port <= 0xFFFF and not (
        ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback)
    )
