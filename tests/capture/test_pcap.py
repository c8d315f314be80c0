"""pcap files: byte orders, clocks, and what is wrong with them."""

import struct
from io import BytesIO

import pytest

from tests.capture.frames import pcap
from torrent_peer.capture.packet import CaptureError, Packet
from torrent_peer.capture.pcap import MAGICS, read_pcap


def read(data: bytes) -> tuple[list[Packet], list[str]]:
    file, notes = BytesIO(data), list[str]()
    return list(read_pcap(file, file.read(4), notes)), notes


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("magic", "tick"), [(0xA1B2C3D4, 1e-6), (0xA1B23C4D, 1e-9)])
def test_packets_are_read_in_either_byte_order_with_either_clock(order: str, magic: int, tick: float) -> None:
    packets, notes = read(pcap([b"one", b"", b"three"], link=113, order=order, magic=magic))
    assert [(each.number, each.link, each.data, each.length) for each in packets] == [
        (1, 113, b"one", 3),
        (2, 113, b"", 0),
        (3, 113, b"three", 5),
    ]
    assert packets[2].at == pytest.approx(1002 + 5 * tick, abs=1e-9)
    assert notes == []


def test_a_packet_that_was_cut_tells_its_length() -> None:
    data = bytearray(pcap([b"cut"]))
    data[24 + 12 : 24 + 16] = struct.pack("<I", 1500)
    packets, _ = read(bytes(data))
    assert (packets[0].data, packets[0].length) == (b"cut", 1500)


def test_what_is_said_of_check_sequences_is_not_taken_for_the_link() -> None:
    packets, _ = read(pcap([b"x"], link=0x4C000001))
    assert packets[0].link == 1


@pytest.mark.parametrize("left", [1, 15, 16, 18])
def test_a_file_cut_off_is_read_as_far_as_it_goes(left: int) -> None:
    whole = pcap([b"one", b"two"])
    packets, notes = read(whole[: 24 + 19 + left])
    assert [each.data for each in packets] == [b"one"]
    assert notes == ["the file ends inside packet 2"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pcap([])[:23], "the file ends inside its header"),
        (pcap([])[:4] + b"\x09" + pcap([])[5:], "pcap of version 9: only version 2 can be read"),
        (
            pcap([]) + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 1),
            "packet 1 claims 4294967295 bytes; no link carries that: the file is damaged",
        ),
    ],
)
def test_a_damaged_file_is_named(data: bytes, said: str) -> None:
    with pytest.raises(CaptureError) as caught:
        read(data)
    assert str(caught.value) == said


def test_the_magics_are_four() -> None:
    assert sorted(order for order, _ in MAGICS.values()) == ["<", "<", ">", ">"]
