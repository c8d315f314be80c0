from collections.abc import Callable, Iterator

import pytest

from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.codec import PROTOCOL, encode
from torrent_peer.wire.handshake import HandshakeReader
from torrent_peer.wire.messages import Handshake, Malformed
from torrent_peer.wire.reserved import Reserved

HANDSHAKE = Handshake(Reserved.of(fast=True, dht=True), InfoHash(b"h" * 20), PeerId(b"-TP0001-abcdefghijkl"))
FRAME = encode(HANDSHAKE)


def test_a_handshake_is_read_however_it_is_cut_and_what_is_behind_it_is_given_back(
    ways_to_cut: Callable[[bytes], Iterator[list[bytes]]],
) -> None:
    for fragments in ways_to_cut(FRAME + b"behind"):
        reader, surplus = HandshakeReader(), b""
        for fragment in fragments:
            surplus += reader.feed(fragment)
        assert reader.handshake == HANDSHAKE
        assert surplus == b"behind"
        assert (reader.pending, reader.cut, reader.malformed) == (68, None, None)


@pytest.mark.parametrize("count", range(69))
def test_a_listener_may_answer_once_48_bytes_are_in(count: int) -> None:
    reader = HandshakeReader()
    assert len(reader.feed(memoryview(bytearray(FRAME[:count])))) == 0
    assert reader.info_hash == (HANDSHAKE.info_hash if count >= 48 else None)
    assert reader.reserved == (HANDSHAKE.reserved if count >= 48 else None)
    assert reader.handshake == (HANDSHAKE if count == 68 else None)
    assert reader.pending == count
    assert reader.cut == (None if count == 68 else f"the stream ends {count} bytes into the handshake's 68")


def test_reserved_bits_may_be_anything() -> None:
    reader = HandshakeReader()
    reader.feed(PROTOCOL + b"\xff" * 8 + FRAME[28:])
    assert reader.handshake == Handshake(Reserved(b"\xff" * 8), HANDSHAKE.info_hash, HANDSHAKE.peer_id)


@pytest.mark.parametrize("place", range(20))
def test_a_wrong_byte_is_refused_when_it_arrives_and_named(place: int) -> None:
    wrong = bytearray(FRAME)
    wrong[place] ^= 0x80
    reader = HandshakeReader()
    for at in range(place):
        reader.feed(wrong[at : at + 1])
        assert reader.malformed is None
    assert len(reader.feed(wrong[place : place + 1])) == 0
    assert reader.malformed is not None
    assert reader.malformed.rule == ("HS-02" if place else "HS-01")
    assert reader.malformed.reason.startswith(f"byte {place} of the handshake is 0x{wrong[place]:02x}, not ")
    assert (reader.handshake, reader.info_hash, reader.reserved) == (None, None, None)


@pytest.mark.parametrize(
    ("received", "rule", "reason"),
    [
        (
            b"GET / HTTP/1.1\r\n",
            "HS-01",
            'byte 0 of the handshake is 0x47 ("G"), not 19 (0x13): this looks like an HTTP request',
        ),
        (
            b"OPTIONS * HTTP/1.1\r\n",
            "HS-01",
            'byte 0 of the handshake is 0x4f ("O"), not 19 (0x13): this looks like an HTTP request',
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n",
            "HS-01",
            'byte 0 of the handshake is 0x48 ("H"), not 19 (0x13): this looks like an HTTP answer',
        ),
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "HS-01",
            "byte 0 of the handshake is 0x16, not 19 (0x13): this looks like a TLS hello",
        ),
        (
            b"SSH-2.0-OpenSSH_9.6\r\n",
            "HS-01",
            'byte 0 of the handshake is 0x53 ("S"), not 19 (0x13): this looks like an SSH greeting',
        ),
        (
            bytes(range(90, 186)),
            "HS-01",
            'byte 0 of the handshake is 0x5a ("Z"), not 19 (0x13): '
            "this may be the key of an encrypted (MSE) connection",
        ),
        (b"G", "HS-01", 'byte 0 of the handshake is 0x47 ("G"), not 19 (0x13)'),
        (b"\x00\x00\x00\x00", "HS-01", "byte 0 of the handshake is 0x00, not 19 (0x13)"),
        (b"\x14BitTorrent protocol!", "HS-01", "byte 0 of the handshake is 0x14, not 19 (0x13)"),
        (b"\x13bitTorrent protocol", "HS-02", 'byte 1 of the handshake is 0x62 ("b"), not 0x42 ("B")'),
        (b"\x13BitTorrent_protocol", "HS-02", 'byte 11 of the handshake is 0x5f ("_"), not 0x20'),
        (b"\x13BitTorrent protocoL", "HS-02", 'byte 19 of the handshake is 0x4c ("L"), not 0x6c ("l")'),
    ],
)
def test_what_is_no_handshake_is_named_for_what_it_may_be(received: bytes, rule: str, reason: str) -> None:
    reader = HandshakeReader()
    reader.feed(received)
    assert reader.malformed == Malformed(None, 0, rule, reason)


def test_after_a_refusal_nothing_more_is_taken() -> None:
    reader = HandshakeReader()
    reader.feed(b"GET ")
    refusal = reader.malformed
    assert len(reader.feed(FRAME)) == 0
    assert reader.malformed is refusal
    assert reader.pending == 4
