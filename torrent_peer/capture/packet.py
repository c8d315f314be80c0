"""`Packet`: one packet as a capture file has it; and the error for a file that is none."""

from typing import Final

from torrent_peer.core.values import frozen

LARGEST_PACKET: Final = 1024 * 1024
"""Bytes captured of one packet. tcpdump's own limit is 256 KiB; Linux's largest, unsegmented, is 512 KiB."""


class CaptureError(ValueError):
    """A file that cannot be read as a capture; one line for the user, without the file's name."""


@frozen(slots=True)
class Packet:
    """One packet, of whatever kind."""

    number: int
    """Its place in the file, from 1, as Wireshark numbers it."""
    at: float
    """When it was captured, seconds since 1970."""
    link: int
    """The kind of link it was captured on (`LINKTYPE_…`)."""
    data: bytes
    """What was captured of it."""
    length: int
    """Bytes on the wire; more than `data` has when the capture was told to cut packets."""


def check_length(number: int, captured: int) -> None:
    """Raises CaptureError for a packet larger than any link carries, before anything of it is read."""
    if captured > LARGEST_PACKET:
        raise CaptureError(f"packet {number} claims {captured} bytes; no link carries that: the file is damaged")
