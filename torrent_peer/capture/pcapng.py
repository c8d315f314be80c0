"""The pcapng file: blocks, of which those that describe interfaces and those that carry packets are read."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from torrent_peer.capture.packet import CaptureError, Packet, check_length
from torrent_peer.core.values import frozen

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
"""The type of a section header, the same in either byte order."""
LARGEST_BLOCK: Final = 4 * 1024 * 1024
"""Bytes of one block: a packet with its options, or a table of names."""
INTERFACES: Final = 4096
"""Interfaces in one section."""
_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 2, 3, 5, 6
_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_TICKS_OPTION: Final = 9
_DROP_OPTIONS: Final = (5, 7)
"""Packets that the interface, and the system, had no room for."""


@frozen
class _Interface:
    link: int
    snap_length: int
    tick: float
    """Seconds."""


class _Section:
    """Everything between one section header and the next."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.interfaces: list[_Interface] = []


def read_pcapng(file: BinaryIO, notes: list[str]) -> Iterator[Packet]:
    """The packets of a file whose first four bytes are read already.

    A file that ends inside a block is read up to there, and noted, and so are packets lost as it was made. Raises
    CaptureError.
    """
    section, number, start = _Section("<"), 0, MAGIC
    while start:
        kind, body, order = _block(file, start, section.order)
        if body is None:
            notes.append("the file ends inside a block")
            return
        if kind == _SECTION:
            section = _Section(order)
        elif kind == _INTERFACE:
            if len(section.interfaces) >= INTERFACES:
                raise CaptureError(f"more than {INTERFACES} interfaces: the file is damaged")
            section.interfaces.append(_interface(body, order))
        elif kind in (_PACKET, _OLD_PACKET, _SIMPLE):
            number += 1
            yield _packet(kind, body, section, number)
        elif kind == _STATISTICS and (lost := _lost(body, order)):
            notes.append(f"{lost} packets were lost as the capture was made")
        start = file.read(4)


def _block(file: BinaryIO, start: bytes, order: str) -> tuple[int, bytes | None, str]:
    """One block: its type, what is in it, and its byte order; `None` when the file ends inside it."""
    length_bytes = file.read(4)
    magic = b""
    if start == MAGIC:
        magic = file.read(4)
        if len(magic) == 4 and magic not in _ORDERS:
            raise CaptureError(f"pcapng section with byte order 0x{magic.hex()}: the file is damaged")
        order = _ORDERS.get(magic, order)
    if len(start) < 4 or len(length_bytes) < 4 or (start == MAGIC and len(magic) < 4):
        return 0, None, order
    (kind,), (length,) = struct.unpack(order + "I", start), struct.unpack(order + "I", length_bytes)
    rest = length - 8 - len(magic)
    if length % 4 or rest < 4 or length > LARGEST_BLOCK:
        raise CaptureError(f"pcapng block of {length} bytes: the file is damaged")
    body = file.read(rest)
    if len(body) < rest:
        return kind, None, order
    if body[-4:] != length_bytes:
        raise CaptureError(f"pcapng block of {length} bytes that ends otherwise: the file is damaged")
    return kind, body[:-4], order


def _interface(body: bytes, order: str) -> _Interface:
    if len(body) < 8:
        raise CaptureError("pcapng interface that says nothing: the file is damaged")
    link, snap_length = struct.unpack_from(order + "HxxI", body)
    value = _options(body[8:], order).get(_TICKS_OPTION, b"\x06")[:1]
    power = value[0] if value else 6
    tick = 2.0 ** -(power & 0x7F) if power & 0x80 else 10.0**-power
    return _Interface(link, snap_length, tick)


def _options(data: bytes, order: str) -> dict[int, bytes]:
    """Options by their number; what cannot be read is left out."""
    options: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        number, length = struct.unpack_from(order + "HH", data, at)
        if number == 0:
            break
        options.setdefault(number, data[at + 4 : at + 4 + length])
        at += 4 + (length + 3) // 4 * 4
    return options


def _packet(kind: int, body: bytes, section: _Section, number: int) -> Packet:
    order = section.order
    try:
        if kind == _SIMPLE:
            index, ticks, (length,), start = 0, 0, struct.unpack_from(order + "I", body), 4
            captured = min(length, len(body) - start)
            if section.interfaces and section.interfaces[0].snap_length:
                captured = min(captured, section.interfaces[0].snap_length)
        else:
            index, high, low, captured, length = struct.unpack_from(order + "IIIII", body)
            index = struct.unpack_from(order + "H", body)[0] if kind == _OLD_PACKET else index
            ticks, start = high << 32 | low, 20
    except struct.error:
        raise CaptureError(f"packet {number} has no header: the file is damaged") from None
    check_length(number, captured)
    if index >= len(section.interfaces):
        raise CaptureError(f"packet {number} is of interface {index}, which is not described: the file is damaged")
    if start + captured > len(body):
        raise CaptureError(f"packet {number} is longer than its block: the file is damaged")
    interface = section.interfaces[index]
    return Packet(number, ticks * interface.tick, interface.link, body[start : start + captured], length)


def _lost(body: bytes, order: str) -> int:
    """Packets that an interface's statistics say were dropped."""
    options = _options(body[12:], order)
    values = (options.get(number, b"") for number in _DROP_OPTIONS)
    return sum(struct.unpack(order + "Q", value)[0] for value in values if len(value) == 8)
