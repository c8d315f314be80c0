import random
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.block import Block, BlockRow
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.codec import (
    BODY_DECODERS,
    FIXED_SIZES,
    ROWS,
    decode,
    encode,
    encode_requests,
    message_name,
    piece_header,
    piece_headers,
    put_piece_headers,
)
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Malformed,
    Message,
    NotInterested,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
)
from torrent_peer.wire.reserved import Reserved

BLOCK = Block(0x01020304, 0x4000, 0x4000)
RANGE = HashRange(b"r" * 32, 1, 512, 256, 9)
HASH_RANGE = "72" * 32 + " 00000001 00000200 00000100 00000009"

ON_THE_WIRE: Mapping[str, tuple[Message, str]] = {
    "keep-alive": (KeepAlive(), "00000000"),
    "choke": (Choke(), "00000001 00"),
    "unchoke": (Unchoke(), "00000001 01"),
    "interested": (Interested(), "00000001 02"),
    "not interested": (NotInterested(), "00000001 03"),
    "have": (Have(0xFFFFFFFF), "00000005 04 ffffffff"),
    "bitfield": (Bitfield(b"\xf0\x01"), "00000003 05 f001"),
    "empty bitfield": (Bitfield(b""), "00000001 05"),
    "request": (Request(BLOCK), "0000000d 06 01020304 00004000 00004000"),
    "piece": (Piece(Block(1, 2, 3), b"abc"), "0000000c 07 00000001 00000002 616263"),
    "empty piece (Q-17)": (Piece(Block(1, 2, 0), b""), "00000009 07 00000001 00000002"),
    "cancel": (Cancel(BLOCK), "0000000d 08 01020304 00004000 00004000"),
    "port": (Port(6881), "00000003 09 1ae1"),
    "suggest piece": (Suggest(7), "00000005 0d 00000007"),
    "have all": (HaveAll(), "00000001 0e"),
    "have none": (HaveNone(), "00000001 0f"),
    "reject request": (Reject(BLOCK), "0000000d 10 01020304 00004000 00004000"),
    "allowed fast": (AllowedFast(7), "00000005 11 00000007"),
    "extended handshake": (ExtendedHandshake(), "00000009 14 00 64313a6d646565"),
    "extended": (Extended(3, b"xyz"), "00000005 14 03 78797a"),
    "empty extended": (Extended(255, b""), "00000002 14 ff"),
    "hash request": (HashRequest(RANGE), "00000031 15" + HASH_RANGE),
    "hashes": (Hashes(RANGE, b"h" * 64), "00000071 16" + HASH_RANGE + "68" * 64),
    "no hashes": (Hashes(RANGE, b""), "00000031 16" + HASH_RANGE),
    "hash reject": (HashReject(RANGE), "00000031 17" + HASH_RANGE),
    "unknown": (Unknown(0xA0, b"?"), "00000002 a0 3f"),
}


@pytest.mark.parametrize(("message", "frame"), ON_THE_WIRE.values(), ids=ON_THE_WIRE)
def test_a_message_is_these_bytes_on_the_wire_and_back(message: Message, frame: str) -> None:
    encoded = encode(message)
    assert encoded == bytes.fromhex(frame)
    if not isinstance(message, KeepAlive):
        assert decode(encoded[4], memoryview(encoded)[5:]) == message


def test_every_id_with_a_row_is_in_the_table_above() -> None:
    assert {bytes.fromhex(frame)[4] for _, frame in ON_THE_WIRE.values() if len(frame) > 8} == {*ROWS, 0xA0}


def test_the_handshake_is_68_bytes() -> None:
    handshake = Handshake(Reserved.of(fast=True, extended=True), InfoHash(b"h" * 20), PeerId(b"-TP0001-abcdefghijkl"))
    expected = b"\x13BitTorrent protocol\x00\x00\x00\x00\x00\x10\x00\x04" + b"h" * 20 + b"-TP0001-abcdefghijkl"
    assert encode(handshake) == expected


def test_the_data_of_a_piece_is_a_view_and_all_else_is_copied() -> None:
    buffer = bytearray(bytes(8) + b"data")
    piece = decode(7, memoryview(buffer))
    bitfield, extended, unknown = (
        decode(5, memoryview(buffer)),
        decode(20, memoryview(b"\x01xy")),
        decode(99, memoryview(buffer)),
    )
    buffer[8:] = b"DATA"
    assert isinstance(piece, Piece)
    assert bytes(piece.data) == b"DATA"
    assert bitfield == Bitfield(bytes(8) + b"data")
    assert extended == Extended(1, b"xy")
    assert unknown == Unknown(99, bytes(8) + b"data")


def test_what_is_decoded_on_the_receive_path_is_a_block_and_not_a_mere_tuple() -> None:
    request, piece = decode(6, memoryview(bytes(12))), decode(7, memoryview(bytes(10)))
    assert isinstance(request, Request)
    assert isinstance(piece, Piece)
    assert type(request.block) is type(piece.block) is Block
    assert piece.block == Block(0, 0, 2)


@pytest.mark.parametrize(
    ("message_id", "length", "rule", "reason"),
    [
        (0, 2, "FR-03", "choke of length 2: it is always 1"),
        (3, 5, "FR-03", "not interested of length 5: it is always 1"),
        (4, 4, "FR-03", "have of length 4: it is always 5"),
        (4, 6, "FR-03", "have of length 6: it is always 5"),
        (6, 12, "FR-03", "request of length 12: it is always 13"),
        (8, 14, "FR-03", "cancel of length 14: it is always 13"),
        (9, 5, "FR-03", "port of length 5: it is always 3"),
        (13, 1, "FR-03", "suggest piece of length 1: it is always 5"),
        (14, 2, "FR-03", "have all of length 2: it is always 1"),
        (15, 2, "FR-03", "have none of length 2: it is always 1"),
        (16, 5, "FR-03", "reject request of length 5: it is always 13"),
        (17, 13, "FR-03", "allowed fast of length 13: it is always 5"),
        (7, 8, "FR-05", "piece of length 8: it is at least 9"),
        (7, 1, "FR-05", "piece of length 1: it is at least 9"),
        (20, 1, "FR-05", "extended of length 1: it is at least 2"),
        (21, 48, "HASH-02", "hash request of length 48: it is always 49"),
        (22, 48, "HASH-02", "hashes of length 48: it is at least 49"),
        (22, 50, "HASH-02", "hashes with 1 bytes of hashes: each has 32"),
        (23, 50, "HASH-02", "hash reject of length 50: it is always 49"),
    ],
)
def test_a_message_of_the_wrong_size_is_malformed(message_id: int, length: int, rule: str, reason: str) -> None:
    assert decode(message_id, memoryview(bytes(length - 1))) == Malformed(message_id, length, rule, reason)


@pytest.mark.parametrize("message_id", range(256))
def test_each_id_takes_only_the_sizes_of_its_row(message_id: int) -> None:
    for length in range(1, 60):
        message = decode(message_id, memoryview(bytes(length - 1)))
        row = ROWS.get(message_id)
        if row is None:
            assert message == Unknown(message_id, bytes(length - 1))
        elif length == row.size or (row.size is None and length >= row.least):
            assert type(message) in row.encoders or isinstance(message, Malformed), (message_id, length)
            faults = [(20, "EXT-03"), (22, "HASH-02")]
            assert not isinstance(message, Malformed) or (message_id, message.rule) in faults
        else:
            assert isinstance(message, Malformed)
            assert message.rule == (row.fault or ("FR-03" if row.size else "FR-05"))
    assert (FIXED_SIZES[message_id] > 0) == (message_id in ROWS and ROWS[message_id].size is not None)


def test_a_body_decoder_without_a_row_is_never_reached_by_accident() -> None:
    with pytest.raises(AssertionError, match=r"^ids without a row are decoded by decode\(\)$"):
        BODY_DECODERS[10](memoryview(b""), 0, 0)


@pytest.mark.parametrize("count", [8_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_random_frames_raise_nothing_and_hit_every_decoder(count: int) -> None:
    dice = random.Random(20)
    seen: set[type] = set()
    rules: set[str] = set()
    for _ in range(count):
        choice = dice.random()
        body = dice.randbytes(dice.choice((0, 1, 2, 4, 8, 12, 48, 48 + 32, dice.randrange(60))))
        if choice < 0.2:
            body = b"\x00" + bytes(dice.choices(b"deil:0123456789mpv", k=dice.randrange(12)))
        message = decode(20 if choice < 0.2 else dice.randrange(24), memoryview(body))
        seen.add(type(message))
        if isinstance(message, Malformed):
            rules.add(message.rule)
    assert seen >= {kind for row in ROWS.values() for kind in row.encoders} | {Unknown, Malformed}
    assert rules == {"FR-03", "FR-05", "EXT-03", "HASH-02"}


@given(message_id=st.integers(0, 255), body=st.binary(max_size=100))
def test_any_frame_is_some_message_and_one_that_is_well_formed_goes_back_to_the_same_bytes(
    message_id: int, body: bytes
) -> None:
    message = decode(message_id, memoryview(body))
    if not isinstance(message, Malformed | ExtendedHandshake):
        assert encode(message) == struct.pack(">IB", 1 + len(body), message_id) + body


@pytest.mark.parametrize(("message_id", "name"), [(3, "not interested"), (20, "extended"), (99, "message 99")])
def test_an_id_has_the_name_the_beps_give_it(message_id: int, name: str) -> None:
    assert message_name(message_id) == name


@pytest.mark.parametrize("message", [Malformed(4, 3, "FR-03", "too short"), DontHave(3)])
def test_what_is_no_message_of_its_own_is_not_encoded(message: Message) -> None:
    with pytest.raises(TypeError, match=rf"^a {type(message).__name__} cannot be encoded$"):
        encode(message)


@pytest.mark.parametrize("message", [Have(-1), Have(2**32), Request(Block(0, -1, 1)), Port(65536)])
def test_a_number_that_does_not_fit_is_not_encoded(message: Any) -> None:
    with pytest.raises(struct.error):
        encode(message)


@pytest.mark.parametrize("count", [0, 1, 2, 64, 1000])
def test_many_requests_are_each_request_one_after_the_other(count: int) -> None:
    blocks = [Block(70_000 + i, i << 14, 16384 - i) for i in range(count)]
    assert encode_requests(blocks) == b"".join(encode(Request(block)) for block in blocks)
    assert encode_requests(tuple(blocks)) == encode_requests(blocks)


def test_the_header_of_a_piece_and_its_data_are_the_piece() -> None:
    block = Block(5, 16384, 4)
    assert len(piece_header(block)) == 13
    assert piece_header(block) + b"data" == encode(Piece(block, memoryview(b"data")))


def test_headers_are_put_into_the_room_before_each_block() -> None:
    blocks = [Block(5, 16384, 4), Block(6, 0, 1)]
    buffer = bytearray(b"".join(bytes(13) + b"data"[: block.length] for block in blocks) + b"more")
    assert put_piece_headers(blocks, memoryview(buffer)) == 13 + 4 + 13 + 1
    assert buffer == encode(Piece(blocks[0], b"data")) + encode(Piece(blocks[1], b"d")) + b"more"
    assert put_piece_headers([], memoryview(buffer)) == 0


@pytest.mark.parametrize(
    "row", [BlockRow(0, 0, 16384, 1), BlockRow(70_000, 16384 * 3, 16384, 64), BlockRow(2**32 - 1, 2**31, 7, 3)]
)
def test_the_headers_of_a_row_are_those_of_its_pieces(row: BlockRow) -> None:
    assert piece_headers(row) == b"".join(map(piece_header, row.blocks))
