"""The classic pcap file: a header of 24 bytes, then packets."""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from torrent_peer.capture.packet import CaptureError, Packet, check_length

MAGICS: Final = {
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
}
"""First four bytes → byte order, and seconds in a tick of the clock."""
_LINK_BITS: Final = 0xFFFF
"""The bits above tell whether packets end in a frame check sequence, which nothing here looks at."""


def read_pcap(file: BinaryIO, magic: bytes, notes: list[str]) -> Iterator[Packet]:
    """The packets of a file whose first four bytes, `magic`, are read already.

    A file that ends inside a packet is read up to there, and noted. Raises CaptureError.
    """
    order, tick = MAGICS[magic]
    header = file.read(20)
    if len(header) < 20:
        raise CaptureError("the file ends inside its header")
    major, link = struct.unpack(order + "H14xI", header)
    if major != 2:
        raise CaptureError(f"pcap of version {major}: only version 2 can be read")
    link &= _LINK_BITS
    record = struct.Struct(order + "IIII")
    number = 0
    while head := file.read(record.size):
        number += 1
        if len(head) < record.size:
            notes.append(f"the file ends inside packet {number}")
            return
        seconds, ticks, captured, length = record.unpack(head)
        check_length(number, captured)
        data = file.read(captured)
        if len(data) < captured:
            notes.append(f"the file ends inside packet {number}")
            return
        yield Packet(number, seconds + ticks * tick, link, data, length)
