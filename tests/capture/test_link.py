"""The IP packet in a frame of each kind of link."""

import struct

import pytest

from torrent_peer.capture.link import LINKS, NAMES, ip_packet

IP = b"\x45 an IP packet"


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, bytes(12) + b"\x08\x00"),
        (1, bytes(12) + b"\x86\xdd"),
        (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00"),
        (1, bytes(12) + b"\x88\xa8\x00\x01\x81\x00\x00\x05\x08\x00"),
        (113, bytes(14) + b"\x08\x00"),
        (276, b"\x08\x00" + bytes(18)),
        (276, b"\x86\xdd" + bytes(18)),
        (0, struct.pack("<I", 2)),
        (0, struct.pack(">I", 2)),
        (0, struct.pack("<I", 30)),
        (108, struct.pack(">I", 24)),
        (101, b""),
        (12, b""),
        (228, b""),
        (229, b""),
    ],
)
def test_ip_is_found_on_every_link(link: int, frame: bytes) -> None:
    assert bytes(ip_packet(link, frame + IP) or b"") == IP


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, bytes(12) + b"\x08\x06" + bytes(28)),
        (1, bytes(12) + b"\x81\x00\x00\x05\x08\x06"),
        (1, bytes(12) + b"\x81\x00"),
        (1, b"short"),
        (113, bytes(10)),
        (276, b"\x08"),
        (0, struct.pack("<I", 7) + IP),
        (0, b"\2"),
    ],
)
def test_other_things_are_empty(link: int, frame: bytes) -> None:
    found = ip_packet(link, frame)
    assert found is not None
    assert bytes(found) == b""


def test_other_links_are_unknown() -> None:
    assert ip_packet(147, IP) is None
    assert 147 not in LINKS
    assert NAMES == "Ethernet, Linux cooked, loopback and raw IP"
