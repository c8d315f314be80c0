"""Payloads of extended messages, both ways, and what is no payload."""

import random
from collections.abc import Callable

import pytest

from torrent_peer.core import bencoding
from torrent_peer.core.addresses import Address
from torrent_peer.core.bencoding import Value
from torrent_peer.wire import payloads
from torrent_peer.wire.extensions import NAMES, ROWS
from torrent_peer.wire.messages import (
    DontHave,
    Holepunch,
    HolepunchKind,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
    PeerExchange,
    UploadOnly,
)

FOUR, SIX = Address("10.0.0.1", 6881), Address("2001:db8::1", 80)
EARLY = "is not bencoded: the data end too early at byte"
FOUR_BYTES, SIX_BYTES = b"\n\0\0\1\x1a\xe1", bytes.fromhex("20010db8000000000000000000000001") + b"\0P"

AS_BYTES: list[tuple[Message, bytes]] = [
    (MetadataRequest(0), b"d8:msg_typei0e5:piecei0ee"),  # the examples of BEP 9
    (MetadataPiece(0, 34256, b"xxxxxxxx"), b"d8:msg_typei1e5:piecei0e10:total_sizei34256eexxxxxxxx"),
    (MetadataReject(0), b"d8:msg_typei2e5:piecei0ee"),
    (MetadataPiece(3, None, b""), b"d8:msg_typei1e5:piecei3ee"),
    (MetadataUnknown(3), b"d8:msg_typei3ee"),
    (PeerExchange(), b"de"),
    (PeerExchange((FOUR,), b"\x10"), b"d5:added6:" + FOUR_BYTES + b"7:added.f1:\x10e"),
    (PeerExchange((FOUR, SIX), b"\1\2"), b"".join(
        (b"d5:added6:", FOUR_BYTES, b"7:added.f1:\x016:added618:", SIX_BYTES, b"8:added6.f1:\x02e"),
    )),
    (PeerExchange(dropped=(FOUR, SIX)), b"d7:dropped6:" + FOUR_BYTES + b"8:dropped618:" + SIX_BYTES + b"e"),
    (UploadOnly(upload_only=True), b"\1"),
    (UploadOnly(upload_only=False), b"\0"),
    (DontHave(0x01020304), b"\1\2\3\4"),
    (Holepunch(HolepunchKind.RENDEZVOUS, FOUR), b"\0\0" + FOUR_BYTES + bytes(4)),
    (Holepunch(HolepunchKind.CONNECT, SIX), b"\1\1" + SIX_BYTES + bytes(4)),
    (Holepunch(HolepunchKind.ERROR, FOUR, 3), b"\2\0" + FOUR_BYTES + b"\0\0\0\3"),
    (Holepunch(HolepunchKind.CONNECT, FOUR, None), b"\1\0" + FOUR_BYTES),
    (Holepunch(9, SIX, None), b"\t\1" + SIX_BYTES),
]  # fmt: skip


@pytest.mark.parametrize(("message", "payload"), AS_BYTES, ids=lambda value: repr(value)[:60])
def test_a_message_is_these_bytes_and_back(message: Message, payload: bytes) -> None:
    row = ROWS[NAMES[type(message)]]
    assert row.encoders[type(message)](message) == payload
    assert row.decode(payload) == message


def test_every_kind_of_message_is_in_the_table_above() -> None:
    assert {type(message) for message, _ in AS_BYTES} == set(NAMES)


@pytest.mark.parametrize(
    ("decode", "payload", "rule", "reason"),
    [
        (payloads.decode_metadata, b"", "META-01", f"ut_metadata message {EARLY} 0"),
        (payloads.decode_metadata, b"le", "META-01", "ut_metadata message is not a dictionary"),
        (payloads.decode_metadata, b"d5:piecei0ee", "META-01", "ut_metadata message without a msg_type"),
        (payloads.decode_metadata, b"d8:msg_type1:0e", "META-01", "ut_metadata message without a msg_type"),
        (payloads.decode_metadata, b"d8:msg_typei0ee", "META-01", "ut_metadata message that names no piece"),
        (payloads.decode_metadata, b"d8:msg_typei1e5:piecei-1ee", "META-01", "ut_metadata message that names no piece"),
        (payloads.decode_peer_exchange, b"d", "PEX-01", f"ut_pex message {EARLY} 1"),
        (payloads.decode_peer_exchange, b"i5e", "PEX-01", "ut_pex message is not a dictionary"),
        (payloads.decode_upload_only, b"", "UO-01", "upload_only message of 0 bytes: it is always 1"),
        (payloads.decode_upload_only, bytes(4), "UO-01", "upload_only message of 4 bytes: it is always 1"),
        (payloads.decode_dont_have, bytes(3), "DH-01", "lt_donthave message of 3 bytes: it is always 4"),
        (payloads.decode_dont_have, bytes(5), "DH-01", "lt_donthave message of 5 bytes: it is always 4"),
        (payloads.decode_holepunch, b"\0", "HP-01", "ut_holepunch message of 1 bytes"),
        (payloads.decode_holepunch, b"\0\2" + bytes(10), "HP-01", "ut_holepunch message for addresses of type 2"),
        (payloads.decode_holepunch, bytes(11), "HP-01", "ut_holepunch message of 11 bytes: it is always 12"),
        (payloads.decode_holepunch, bytes(24), "HP-01", "ut_holepunch message of 24 bytes: it is always 12"),
        (payloads.decode_holepunch, b"\0\1" + bytes(10), "HP-01", "ut_holepunch message of 12 bytes: it is always 24"),
    ],
)  # fmt: skip
def test_garbage_is_malformed(decode: Callable[[bytes], Message], payload: bytes, rule: str, reason: str) -> None:
    assert decode(payload) == Malformed(20, 2 + len(payload), rule, reason)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"d8:msg_typei0e5:piecei1ee..", MetadataRequest(1, trailing=2)),
        (b"d8:msg_typei2e5:piecei1ee.", MetadataReject(1, trailing=1)),
        (b"d8:msg_typei1e5:piecei1e10:total_size1:5edata", MetadataPiece(1, None, b"data")),
        (b"d8:msg_typei-1e5:piecei1ee", MetadataUnknown(-1)),
        (b"d4:else0:8:msg_typei0e5:piecei1ee", MetadataRequest(1)),
    ],
)
def test_metadata_messages_are_read_as_far_as_they_go(payload: bytes, message: Message) -> None:
    assert payloads.decode_metadata(payload) == message


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({b"added": FOUR_BYTES}, PeerExchange((FOUR,), b"\0")),
        ({b"added": FOUR_BYTES + b"?"}, PeerExchange(ignored=("added",))),
        ({b"added": 5}, PeerExchange(ignored=("added",))),
        ({b"added": FOUR_BYTES, b"added.f": b""}, PeerExchange((FOUR,), b"\0", ignored=("added.f",))),
        ({b"added": FOUR_BYTES, b"added.f": [1]}, PeerExchange((FOUR,), b"\0", ignored=("added.f",))),
        ({b"added.f": b"\1"}, PeerExchange(ignored=("added.f",))),
        ({b"added6": FOUR_BYTES, b"dropped6": SIX_BYTES}, PeerExchange(dropped=(SIX,), ignored=("added6",))),
        ({b"dropped": b"1", b"dropped6": b"1"}, PeerExchange(ignored=("dropped", "dropped6"))),
        ({b"nobody knows": 1}, PeerExchange()),
    ],
)
def test_lists_of_no_whole_peers_are_left_out_and_named(keys: dict[bytes, Value], message: PeerExchange) -> None:
    assert payloads.decode_peer_exchange(bencoding.encode(dict(sorted(keys.items())))) == message


def test_flags_that_are_not_given_are_none() -> None:
    assert payloads.encode_peer_exchange(PeerExchange((FOUR,))) == b"d5:added6:" + FOUR_BYTES + b"7:added.f1:\0e"


def test_payloads_changed_at_random_raise_nothing() -> None:
    dice = random.Random(11)
    for message, payload in AS_BYTES:
        for _ in range(100):
            changed = bytearray(payload)
            changed[dice.randrange(len(changed))] = dice.choice(b"deil:0123456789\x00\xff")
            ROWS[NAMES[type(message)]].decode(bytes(changed[: dice.randrange(len(changed) + 1)]))
