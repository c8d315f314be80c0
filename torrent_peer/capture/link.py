"""Frames of a link → the IP packet inside."""

import struct
from collections.abc import Callable, Mapping
from typing import Final

_ETHERTYPES: Final = {0x0800: 4, 0x86DD: 6}
_VLANS: Final = (0x8100, 0x88A8, 0x9100)
_LOOPBACK_FAMILIES: Final = {2: 4, 10: 6, 24: 6, 28: 6, 30: 6}
"""AF_INET, and what Linux, the BSDs and macOS have for AF_INET6."""
_NOTHING: Final = memoryview(b"")


def _typed(data: memoryview, type_at: int, start: int) -> memoryview:
    """Behind an EtherType at `type_at` and VLAN tags, if any, which follow it at `start`."""
    kind = int.from_bytes(data[type_at : type_at + 2])
    while kind in _VLANS and start + 4 <= len(data):
        kind = int.from_bytes(data[start + 2 : start + 4])
        start += 4
    return data[start:] if kind in _ETHERTYPES else _NOTHING


def _ethernet(data: memoryview) -> memoryview:
    return _typed(data, 12, 14)


def _cooked(data: memoryview) -> memoryview:
    return _typed(data, 14, 16)


def _cooked_2(data: memoryview) -> memoryview:
    return _typed(data, 0, 20)


def _raw(data: memoryview) -> memoryview:
    return data


def _loopback(data: memoryview) -> memoryview:
    """Behind an address family, in the byte order of whoever wrote it: the values are small, so either will do."""
    if len(data) < 4:
        return _NOTHING
    families = struct.unpack("<I", data[:4]) + struct.unpack(">I", data[:4])
    return data[4:] if any(family in _LOOPBACK_FAMILIES for family in families) else _NOTHING


LINKS: Final[Mapping[int, Callable[[memoryview], memoryview]]] = {
    0: _loopback,
    1: _ethernet,
    12: _raw,
    14: _raw,
    101: _raw,
    108: _loopback,
    113: _cooked,
    228: _raw,
    229: _raw,
    276: _cooked_2,
}
"""Kinds of link that can be read (`LINKTYPE_…`)."""
NAMES: Final = "Ethernet, Linux cooked, loopback and raw IP"
"""The same for people."""


def ip_packet(link: int, data: bytes) -> memoryview | None:
    """The IP packet in a frame, empty when it carries something else; `None` for a link that cannot be read."""
    read = LINKS.get(link)
    return None if read is None else read(memoryview(data))
