"""IP packets read: TCP, UDP, padding, cuts, fragments, headers in between."""

import random
import struct
from ipaddress import ip_address

import pytest

from tests.capture.frames import ACK, FIN, RST, SYN, ip, tcp, udp
from torrent_peer.capture.segment import Datagram, Segment, transport

A, B = ("192.0.2.1", 6881), ("198.51.100.7", 50_001)
A6, B6 = ("2001:db8::1", 6881), ("2001:db8::2", 50_001)


def read(data: bytes) -> Segment | Datagram | None:
    return transport(memoryview(data))


@pytest.mark.parametrize(("source", "target"), [(A, B), (A6, B6)])
def test_a_segment_is_read_from_either_version(source: tuple[str, int], target: tuple[str, int]) -> None:
    packet = tcp(source, target, seq=2**32 - 1, ack=7, flags=FIN, payload=b"words", options=b"\1" * 8)
    found = read(packet)
    assert isinstance(found, Segment)
    assert (found.source, found.target) == tuple((ip_address(host).packed, port) for host, port in (source, target))
    assert (found.seq, found.ack, found.syn, found.fin, found.rst) == (2**32 - 1, 7, False, True, False)
    assert (bytes(found.payload), found.cut) == (b"words", 0)


def test_flags_and_what_is_not_acknowledged() -> None:
    first, last = read(tcp(A, B, flags=SYN)), read(tcp(A, B, flags=RST))
    assert isinstance(first, Segment)
    assert isinstance(last, Segment)
    assert (first.syn, first.rst, first.ack) == (True, False, None)
    assert (last.syn, last.rst, last.ack) == (False, True, None)
    assert ACK == 0x10


@pytest.mark.parametrize(("source", "target"), [(A, B), (A6, B6)])
def test_what_fills_up_the_frame_is_no_payload_and_what_was_cut_is_counted(
    source: tuple[str, int], target: tuple[str, int]
) -> None:
    packet = tcp(source, target, payload=b"0123456789")
    padded, short = read(packet + b"padding"), read(packet[:-4])
    assert isinstance(padded, Segment)
    assert isinstance(short, Segment)
    assert (bytes(padded.payload), padded.cut) == (b"0123456789", 0)
    assert (bytes(short.payload), short.cut) == (b"012345", 4)


@pytest.mark.parametrize("length_at", [2, 4])
def test_a_length_left_to_the_network_card_is_what_was_captured(length_at: int) -> None:
    packet = bytearray(tcp(*((A, B) if length_at == 2 else (A6, B6)), payload=b"words"))
    packet[length_at : length_at + 2] = b"\0\0"
    found = read(bytes(packet))
    assert isinstance(found, Segment)
    assert bytes(found.payload) == b"words"


def test_ipv6_headers_in_between_are_stepped_over() -> None:
    inner = tcp(A6, B6, payload=b"x")[40:]
    hop, options = bytes([60, 0]) + bytes(6), bytes([6, 1]) + bytes(14)
    found = read(ip(A6[0], B6[0], 0, hop + options + inner))
    assert isinstance(found, Segment)
    assert bytes(found.payload) == b"x"
    endless = bytes([0, 0]) + bytes(6)
    assert read(ip(A6[0], B6[0], 0, endless * 20 + inner)) is None
    assert read(ip(A6[0], B6[0], 0, b"\6")) is None


def test_datagrams_are_read_as_far_as_it_matters() -> None:
    found = read(udp(A, B, b"d1:ae") + b"padding")
    assert isinstance(found, Datagram)
    assert (found.source[1], found.target[1], bytes(found.payload)) == (6881, 50_001, b"d1:ae")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(40),
        tcp(A, B)[:39],
        tcp(A6, B6)[:59],
        tcp(A6, B6)[:30],
        ip("192.0.2.1", "192.0.2.2", 1, bytes(64)),
        ip("192.0.2.1", "192.0.2.2", 6, tcp(A, B)[20:], fragment=0x2000),
        ip("192.0.2.1", "192.0.2.2", 6, tcp(A, B)[20:], fragment=100),
        ip("192.0.2.1", "192.0.2.2", 17, b"1234567"),
        b"\x44" + tcp(A, B)[1:],
        b"\x4f" + tcp(A, B)[1:],
        tcp(A, B)[:2] + struct.pack(">H", 19) + tcp(A, B)[4:],
        tcp(A, B)[:2] + struct.pack(">H", 39) + tcp(A, B)[4:],
        tcp(A, B)[:32] + b"\x40" + tcp(A, B)[33:],
        tcp(A, B)[:32] + b"\xf0" + tcp(A, B)[33:],
    ],
)
def test_what_is_neither_or_damaged_is_nothing(data: bytes) -> None:
    assert read(data) is None


def test_any_bytes_are_something_or_nothing() -> None:
    dice = random.Random(5)
    for _ in range(3000):
        data = bytearray(tcp(A, B, payload=b"abc") if dice.random() < 0.5 else tcp(A6, B6, payload=b"abc"))
        for _ in range(dice.randint(1, 5)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        found = read(bytes(data[: dice.randint(0, len(data))]))
        if isinstance(found, Segment):
            assert found.cut >= 0
