"""pcapng files: blocks of every kind in either byte order, and what is wrong with them."""

import struct
from io import BytesIO

import pytest

from tests.capture.frames import block, section
from torrent_peer.capture.packet import CaptureError, Packet
from torrent_peer.capture.pcapng import read_pcapng


def interface(link: int = 1, snap_length: int = 0, options: bytes = b"", *, order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snap_length) + options, order=order)


def packet(data: bytes, *, index: int = 0, ticks: int = 0, length: int | None = None, order: str = "<") -> bytes:
    head = struct.pack(
        order + "IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) if length is None else length
    )
    return block(6, head + data, order=order)


def read(data: bytes) -> tuple[list[Packet], list[str]]:
    file, notes = BytesIO(data), list[str]()
    file.read(4)
    return list(read_pcapng(file, notes)), notes


@pytest.mark.parametrize("order", "<>")
def test_packets_are_read_in_either_byte_order(order: str) -> None:
    data = section(order) + interface(113, order=order) + packet(b"abcde", ticks=5_000_001, length=9, order=order)
    packets, notes = read(data)
    assert [(each.number, each.link, each.data, each.length) for each in packets] == [(1, 113, b"abcde", 9)]
    assert packets[0].at == pytest.approx(5.000001)
    assert notes == []


@pytest.mark.parametrize(
    ("option", "seconds"), [(b"\x09", 1e-9 * 2**33), (b"\x83", 2**33 / 8), (b"\x00", float(2**33)), (b"", 2**33 / 1e6)]
)
def test_the_clock_is_the_interfaces_own(option: bytes, seconds: float) -> None:
    options = struct.pack("<HH", 9, len(option)) + option + bytes(-len(option) % 4) + bytes(4)
    packets, _ = read(section() + interface(options=options) + packet(b"", ticks=2**33))
    assert packets[0].at == pytest.approx(seconds)


def test_old_and_simple_packets_and_unknown_blocks() -> None:
    old = block(2, struct.pack("<HHIIII", 1, 0, 0, 7_000_000, 2, 2) + b"ol")
    simple = block(3, struct.pack("<I", 6) + b"simp")
    data = section() + interface(1, 4) + interface(101) + block(0x0BAD, b"whatever") + old + simple
    packets, _ = read(data)
    assert [(each.number, each.link, each.at, each.data, each.length) for each in packets] == [
        (1, 101, 7.0, b"ol", 2),
        (2, 1, 0.0, b"simp", 6),
    ]


def test_a_new_section_has_interfaces_of_its_own_and_its_own_byte_order() -> None:
    data = section("<") + interface(1) + packet(b"a")
    data += section(">") + interface(101, order=">") + packet(b"b", order=">")
    packets, _ = read(data)
    assert [(each.link, each.data) for each in packets] == [(1, b"a"), (101, b"b")]


def test_packets_lost_as_the_capture_was_made_are_noted() -> None:
    options = struct.pack("<HHQHHQHHQHH", 4, 8, 100, 5, 8, 3, 7, 8, 4, 0, 0)
    _, notes = read(section() + interface() + block(5, bytes(12) + options))
    assert notes == ["7 packets were lost as the capture was made"]


def test_a_file_cut_off_anywhere_is_read_as_far_as_it_goes() -> None:
    whole = section() + interface() + packet(b"one") + packet(b"two")
    for end in range(5, len(whole)):
        packets, notes = read(whole[:end])
        assert len(packets) == (1 if end >= len(whole) - 36 else 0)
        boundary = end in (28, 28 + 20, len(whole) - 36)
        assert notes == ([] if boundary else ["the file ends inside a block"])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (section()[:8] + b"BOOO" + bytes(16), "pcapng section with byte order 0x424f4f4f: the file is damaged"),
        (section() + struct.pack("<II", 6, 0xFFFFFFFC), "pcapng block of 4294967292 bytes: the file is damaged"),
        (section() + struct.pack("<II", 6, 13), "pcapng block of 13 bytes: the file is damaged"),
        (section() + struct.pack("<II", 6, 8), "pcapng block of 8 bytes: the file is damaged"),
        (
            section() + struct.pack("<III", 9, 12, 16),
            "pcapng block of 12 bytes that ends otherwise: the file is damaged",
        ),
        (section() + block(1, b"1234"), "pcapng interface that says nothing: the file is damaged"),
        (section() + interface() + block(6, b"1234"), "packet 1 has no header: the file is damaged"),
        (section() + packet(b"x"), "packet 1 is of interface 0, which is not described: the file is damaged"),
        (
            section() + interface() + block(6, struct.pack("<IIIII", 0, 0, 0, 9, 9) + b"1234"),
            "packet 1 is longer than its block: the file is damaged",
        ),
        (
            section() + interface() + block(6, struct.pack("<IIIII", 0, 0, 0, 2**31, 9)),
            "packet 1 claims 2147483648 bytes; no link carries that: the file is damaged",
        ),
        (section() + interface() * 4097, "more than 4096 interfaces: the file is damaged"),
    ],
)
def test_a_damaged_file_is_named(data: bytes, said: str) -> None:
    with pytest.raises(CaptureError) as caught:
        read(data)
    assert str(caught.value) == said
