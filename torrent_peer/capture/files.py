"""Capture files of either format: told apart by their first four bytes, never by their names."""

from collections.abc import Iterator
from typing import BinaryIO

from torrent_peer.capture.packet import CaptureError, Packet
from torrent_peer.capture.pcap import MAGICS, read_pcap
from torrent_peer.capture.pcapng import MAGIC, read_pcapng


def read_packets(file: BinaryIO, notes: list[str]) -> Iterator[Packet]:
    """The packets of a pcap or pcapng file, one at a time.

    What is odd about the file, but no reason to stop, is added to `notes`. Raises CaptureError for what is no capture.
    """
    magic = file.read(4)
    if magic in MAGICS:
        yield from read_pcap(file, magic, notes)
    elif magic == MAGIC:
        yield from read_pcapng(file, notes)
    elif not magic:
        raise CaptureError("the file is empty")
    elif magic[:2] == b"\x1f\x8b":
        raise CaptureError("the file is compressed; unpack it with gunzip first")
    else:
        raise CaptureError(f"neither pcap nor pcapng: it begins with 0x{magic.hex()}")
