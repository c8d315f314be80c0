"""IP packets → TCP segments, and UDP as far as it matters here."""

import struct
from typing import Final

from torrent_peer.core.values import frozen

Endpoint = tuple[bytes, int]
"""Packed IP address and port."""

TCP, UDP = 6, 17
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_SKIPPED: Final = (0, 43, 60)
"""IPv6 extension headers that may stand before TCP: hop-by-hop, routing, destination options."""
_EXTENSIONS: Final = 8
"""Extension headers looked at in one packet."""


@frozen(slots=True)
class Segment:
    """One TCP segment."""

    source: Endpoint
    target: Endpoint
    seq: int
    ack: int | None
    """`None` when it acknowledges nothing."""
    syn: bool
    fin: bool
    rst: bool
    payload: memoryview
    cut: int
    """Bytes of the payload that were not captured."""


@frozen(slots=True)
class Datagram:
    """One UDP packet."""

    source: Endpoint
    target: Endpoint
    payload: memoryview


def transport(data: memoryview) -> Segment | Datagram | None:
    """What an IP packet carries; `None` if it is neither, a fragment, or damaged."""
    if len(data) < 20:
        return None
    version = data[0] >> 4
    if version == 4:
        return _version_4(data)
    return _version_6(data) if version == 6 else None


def _version_4(data: memoryview) -> Segment | Datagram | None:
    header = (data[0] & 0x0F) * 4
    total, fragment, protocol = int.from_bytes(data[2:4]), int.from_bytes(data[6:8]), data[9]
    if header < 20 or len(data) < header or fragment & 0x3FFF:
        return None
    total = total or len(data)  # 0: the network card was to fill it in
    if total < header:
        return None
    return _carried(protocol, data[header:], total - header, bytes(data[12:16]), bytes(data[16:20]))


def _version_6(data: memoryview) -> Segment | Datagram | None:
    if len(data) < 40:
        return None
    length, following, start = int.from_bytes(data[4:6]), data[6], 40
    end = 40 + length if length else len(data)
    for _ in range(_EXTENSIONS):
        if following not in _SKIPPED:
            break
        if start + 8 > len(data):
            return None
        following, start = data[start], start + 8 + data[start + 1] * 8
    if start > min(end, len(data)):
        return None
    return _carried(following, data[start:], end - start, bytes(data[8:24]), bytes(data[24:40]))


def _carried(protocol: int, data: memoryview, size: int, source: bytes, target: bytes) -> Segment | Datagram | None:
    """`size`: bytes of `data` on the wire; there may be fewer, if they were cut, or more, if the link fills up."""
    if protocol == UDP and len(data) >= 8:
        ports = struct.unpack_from(">HH", data)
        return Datagram((source, ports[0]), (target, ports[1]), data[8:size])
    if protocol != TCP or len(data) < 20 or size < 20:
        return None
    from_port, to_port, seq, ack, offset, flags = struct.unpack_from(">HHIIBB", data)
    header = (offset >> 4) * 4
    if header < 20 or header > size:
        return None
    payload = data[header:size]
    return Segment(
        source=(source, from_port),
        target=(target, to_port),
        seq=seq,
        ack=ack if flags & _ACK else None,
        syn=bool(flags & _SYN),
        fin=bool(flags & _FIN),
        rst=bool(flags & _RST),
        payload=payload,
        cut=size - header - len(payload),
    )
