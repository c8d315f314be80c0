"""Message ids and bodies ↔ messages: one row per id. Total: every frame becomes some message.

Knows no order and no state: whether a message may be said now is not asked here.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.core.values import frozen
from torrent_peer.wire import extensions
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
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

PROTOCOL: Final = b"\x13BitTorrent protocol"
"""What every handshake starts with. BEP 3: "character ninteen (decimal) followed by the string"."""
REQUEST_ID: Final = 6
PIECE_ID: Final = 7
PIECE_HEADER_LENGTH: Final = 13
FULL_PIECE_LENGTH: Final = PIECE_HEADER_LENGTH + BLOCK_LENGTH
"""Bytes of a `piece` message with a full block."""
"""Bytes of a piece message before its data: prefix, id, index, begin."""
REQUEST_LENGTH: Final = 17
"""Bytes of a whole request."""

_PREFIX: Final = struct.Struct(">IB")
_INDEX: Final = struct.Struct(">IBI")
_PORT: Final = struct.Struct(">IBH")
_PIECE: Final = struct.Struct(">IBII")
_BLOCK: Final = struct.Struct(">IBIII")
_HASH_RANGE: Final = struct.Struct(">32s4I")
HASH_LENGTH: Final = 32
"""Bytes of a hash in a file's merkle tree (BEP 52)."""

_one_word: Final = struct.Struct(">I").unpack_from
_one_short: Final = struct.Struct(">H").unpack_from
_two_words: Final = struct.Struct(">II").unpack_from
_three_words: Final = struct.Struct(">III").unpack_from
_as_tuple: Final = tuple.__new__
"""`Block(*words)` runs a Python `__new__`; this makes the same value in C, at half the cost."""

BodyDecoder = Callable[[memoryview, int, int], Message]
"""The message whose body, behind the id, is `data[start:end]`; its size has been judged already."""


@frozen
class Row:
    """What the wire knows about one message id."""

    id: int
    name: str
    """The BEP's name, for evidence."""
    size: int | None
    """Length of the whole message, id included, bytes; `None` when it varies."""
    least: int
    """The shortest it may be, id included, bytes."""
    decode: BodyDecoder
    encoders: Mapping[type, Callable[[Any], bytes]]
    """Message types that go out under this id."""
    fault: str = ""
    """Rule that names a wrong size; the general ones of framing, unless the BEP's own rules have one."""


def _no_fields(message_id: int, name: str, message: Message) -> Row:
    frame = _PREFIX.pack(1, message_id)
    return Row(message_id, name, 1, 1, lambda data, start, end: message, {type(message): lambda _: frame})


def _piece_index(message_id: int, name: str, kind: type[Have | Suggest | AllowedFast]) -> Row:
    def decode(data: memoryview, start: int, end: int) -> Message:
        return kind(_one_word(data, start)[0])

    def encode(message: Have | Suggest | AllowedFast) -> bytes:
        return _INDEX.pack(5, message_id, message.piece)

    return Row(message_id, name, 5, 5, decode, {kind: encode})


def _block(message_id: int, name: str, kind: type[Request | Cancel | Reject]) -> Row:
    def decode(data: memoryview, start: int, end: int) -> Message:
        return kind(_as_tuple(Block, _three_words(data, start)))

    def encode(message: Request | Cancel | Reject) -> bytes:
        return _BLOCK.pack(13, message_id, *message.block)

    return Row(message_id, name, 13, 13, decode, {kind: encode})


def _decode_bitfield(data: memoryview, start: int, end: int) -> Message:
    return Bitfield(bytes(data[start:end]))


def _encode_bitfield(message: Bitfield) -> bytes:
    return _frame(5, message.bits)


def _decode_piece(data: memoryview, start: int, end: int) -> Message:
    piece, begin = _two_words(data, start)
    return Piece(_as_tuple(Block, (piece, begin, end - start - 8)), data[start + 8 : end])


def _encode_piece(message: Piece) -> bytes:
    header = _PIECE.pack(9 + len(message.data), PIECE_ID, message.block.piece, message.block.begin)
    return b"".join((header, message.data))


def _decode_port(data: memoryview, start: int, end: int) -> Message:
    return Port(_one_short(data, start)[0])


def _encode_port(message: Port) -> bytes:
    return _PORT.pack(3, 9, message.port)


def _hash_question(message_id: int, name: str, kind: type[HashRequest | HashReject]) -> Row:
    def decode(data: memoryview, start: int, end: int) -> Message:
        return kind(HashRange(*_HASH_RANGE.unpack_from(data, start)))

    def encode(message: HashRequest | HashReject) -> bytes:
        return _frame(message_id, _hash_range(message.range))

    return Row(message_id, name, 49, 49, decode, {kind: encode}, "HASH-02")


def _decode_hashes(data: memoryview, start: int, end: int) -> Message:
    hashes = bytes(data[start + _HASH_RANGE.size : end])
    if len(hashes) % HASH_LENGTH:
        return Malformed(22, 1 + end - start, "HASH-02", f"hashes with {len(hashes)} bytes of hashes: each has 32")
    return Hashes(HashRange(*_HASH_RANGE.unpack_from(data, start)), hashes)


def _encode_hashes(message: Hashes) -> bytes:
    return _frame(22, _hash_range(message.range), message.hashes)


def _hash_range(asked: HashRange) -> bytes:
    return _HASH_RANGE.pack(asked.pieces_root, asked.base_layer, asked.index, asked.length, asked.proof_layers)


def _decode_extended(data: memoryview, start: int, end: int) -> Message:
    extended_id, payload = data[start], bytes(data[start + 1 : end])
    return Extended(extended_id, payload) if extended_id else extensions.decode_handshake(payload)


def _encode_extended(message: Extended) -> bytes:
    return _frame(20, bytes([message.id]), message.payload)


def _encode_extended_handshake(message: ExtendedHandshake) -> bytes:
    return _frame(20, b"\x00", extensions.encode_handshake(message))


def _frame(message_id: int, *body: bytes) -> bytes:
    return b"".join((_PREFIX.pack(1 + sum(map(len, body)), message_id), *body))


_ROWS: Final = (
    _no_fields(0, "choke", Choke()),
    _no_fields(1, "unchoke", Unchoke()),
    _no_fields(2, "interested", Interested()),
    _no_fields(3, "not interested", NotInterested()),
    _piece_index(4, "have", Have),
    Row(5, "bitfield", None, 1, _decode_bitfield, {Bitfield: _encode_bitfield}),
    _block(6, "request", Request),
    Row(7, "piece", None, 9, _decode_piece, {Piece: _encode_piece}),
    _block(8, "cancel", Cancel),
    Row(9, "port", 3, 3, _decode_port, {Port: _encode_port}),
    _piece_index(13, "suggest piece", Suggest),
    _no_fields(14, "have all", HaveAll()),
    _no_fields(15, "have none", HaveNone()),
    _block(16, "reject request", Reject),
    _piece_index(17, "allowed fast", AllowedFast),
    Row(
        20,
        "extended",
        None,
        2,
        _decode_extended,
        {Extended: _encode_extended, ExtendedHandshake: _encode_extended_handshake},
    ),
    _hash_question(21, "hash request", HashRequest),
    Row(22, "hashes", None, 49, _decode_hashes, {Hashes: _encode_hashes}, "HASH-02"),
    _hash_question(23, "hash reject", HashReject),
)
ROWS: Final[Mapping[int, Row]] = {row.id: row for row in _ROWS}
"""By message id."""
FIXED_SIZES: Final = tuple(-1 if (row := ROWS.get(i)) is None or row.size is None else row.size for i in range(256))
"""By message id: its one legal length, id included; -1 for ids without one. A tuple, for the receive path."""


def _decode_nothing(data: memoryview, start: int, end: int) -> Message:
    raise AssertionError("ids without a row are decoded by decode()")


BODY_DECODERS: Final[tuple[BodyDecoder, ...]] = tuple(
    ROWS[i].decode if i in ROWS else _decode_nothing for i in range(256)
)
"""By message id, for the receive path, which has judged the size itself."""


def message_name(message_id: int) -> str:
    """What the BEPs call it, for evidence."""
    row = ROWS.get(message_id)
    return f"message {message_id}" if row is None else row.name


def size_fault(message_id: int, length: int) -> Malformed | None:
    """What is wrong with a message of this id being `length` bytes long, id included (FR-03, FR-05, HASH-02)."""
    row = ROWS.get(message_id)
    if row is None or length == row.size or (row.size is None and length >= row.least):
        return None
    if row.size is None:
        reason = f"{row.name} of length {length}: it is at least {row.least}"
        return Malformed(message_id, length, row.fault or "FR-05", reason)
    return Malformed(
        message_id, length, row.fault or "FR-03", f"{row.name} of length {length}: it is always {row.size}"
    )


def decode(message_id: int, body: memoryview) -> Message:
    """The message with this id and body, whatever they are; raises nothing.

    `Piece.data` is a view into `body`, everything else is copied. Ids without a row become `Unknown`, bodies that
    cannot be their id's `Malformed`.
    """
    fault = size_fault(message_id, 1 + len(body))
    if fault is not None:
        return fault
    row = ROWS.get(message_id)
    return Unknown(message_id, bytes(body)) if row is None else row.decode(body, 0, len(body))


def _encode_handshake(message: Handshake) -> bytes:
    return b"".join((PROTOCOL, message.reserved, message.info_hash, message.peer_id))


def _encode_unknown(message: Unknown) -> bytes:
    return _frame(message.id, message.payload)


_ENCODERS: Final[Mapping[type, Callable[[Any], bytes]]] = {
    Handshake: _encode_handshake,
    KeepAlive: lambda _: bytes(4),
    Unknown: _encode_unknown,
    **{kind: encoder for row in _ROWS for kind, encoder in row.encoders.items()},
}


def encode(message: Message) -> bytes:
    """The message as it goes onto the wire, length prefix included.

    Raises TypeError for `Malformed`, which is no message, and for what goes inside an `Extended` (`extensions.written`
    makes it); struct.error for a field that does not fit its bytes.
    """
    encoder = _ENCODERS.get(type(message))
    if encoder is None:
        raise TypeError(f"a {type(message).__name__} cannot be encoded")
    return encoder(message)


def piece_header(block: Block) -> bytes:
    """The 13 bytes of a piece message before its data, which the caller sends behind them."""
    return _PIECE.pack(9 + block.length, PIECE_ID, block.piece, block.begin)


def put_piece_headers(blocks: Sequence[Block], buffer: memoryview) -> int:
    """The same for blocks in `buffer`, into the room left before each; returns the length of it all."""
    put, at = _PIECE.pack_into, 0
    for piece, begin, length in blocks:
        put(buffer, at, 9 + length, PIECE_ID, piece, begin)
        at += PIECE_HEADER_LENGTH + length
    return at


def piece_headers(row: BlockRow) -> bytes:
    """The headers of the pieces with these blocks, without the data between them."""
    piece, begin, length, count = row
    headers = bytearray(_PIECE.pack(9 + length, PIECE_ID, piece, 0)) * count
    begins = _many_numbers(count).pack(*range(begin, begin + count * length, length))
    for byte in range(4):
        headers[9 + byte :: PIECE_HEADER_LENGTH] = begins[byte::4]
    return bytes(headers)


def encode_requests(blocks: Sequence[Block]) -> bytes:
    """One request after the other, for one write."""
    count = len(blocks)
    frames = bytearray(_many_requests(count).pack(*chain.from_iterable(blocks)))
    frames[3::REQUEST_LENGTH] = b"\x0d" * count
    frames[4::REQUEST_LENGTH] = b"\x06" * count
    return bytes(frames)


@lru_cache(maxsize=64)
def _many_numbers(count: int) -> struct.Struct:
    return struct.Struct(f">{count}I")


@lru_cache(maxsize=64)
def _many_requests(count: int) -> struct.Struct:
    """All their numbers in one pack, the length and id of each left out: half the time of packing one by one."""
    return struct.Struct(">" + "5x3I" * count)
