"""A byte stream ↔ the handshake and whole frames; judges a frame by its header, before its body is kept.

Does not know what messages mean; the codec's table says how long they may be.
"""

import struct
from typing import Final

from attrs import define

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.core.ids import INFO_HASH_LENGTH, PEER_ID_LENGTH, InfoHash, PeerId
from torrent_peer.wire.codec import BODY_DECODERS, FIXED_SIZES, PIECE_ID, PROTOCOL, ROWS, decode, size_fault
from torrent_peer.wire.messages import Handshake, KeepAlive, Malformed, Message
from torrent_peer.wire.reserved import RESERVED_LENGTH, Reserved

HANDSHAKE_LENGTH: Final = len(PROTOCOL) + RESERVED_LENGTH + INFO_HASH_LENGTH + PEER_ID_LENGTH
"""68 bytes."""
SECOND_HANDSHAKE: Final = int.from_bytes(PROTOCOL[:4])
"""A handshake read as a length prefix: 0x13426974."""
BITFIELD_LIMIT_UNKNOWN: Final = 256 * 1024
"""Bytes of a bitfield while the number of pieces is unknown (magnet links): 2,097,152 pieces, libtorrent's limit."""
UNKNOWN_LIMIT: Final = 1024
"""Payload bytes of a message nobody has defined; enough for what BitComet and SimpleBT are known to send."""
EXTENDED_LIMIT: Final = 64 * 1024
"""Payload bytes of an extended message; no BEP says, the largest extended handshakes and peer exchanges fit."""
_HASH_REQUEST: Final = 49
_HASHES: Final = 49 + 32 * (512 + 32)
"""BEP 52: five fields, then at most 512 hashes (more "SHOULD NOT" be asked for) and a proof of a tree 32 high."""
_HASH_LIMITS: Final = {21: _HASH_REQUEST, 22: _HASHES, 23: _HASH_REQUEST}
_STRANGERS: Final = (
    (b"GET ", "an HTTP request"),
    (b"HEAD ", "an HTTP request"),
    (b"POST ", "an HTTP request"),
    (b"PUT ", "an HTTP request"),
    (b"OPTIONS ", "an HTTP request"),
    (b"CONNECT ", "an HTTP request"),
    (b"HTTP/", "an HTTP answer"),
    (b"\x16\x03", "a TLS hello"),
    (b"SSH-", "an SSH greeting"),
)
"""How other protocols begin that are met on a peer's port."""

_EMPTY: Final = memoryview(b"")
_KEEP_ALIVE: Final = KeepAlive()
_unpack_header: Final = struct.Struct(">IB").unpack_from
_unpack_length: Final = struct.Struct(">I").unpack_from
_struct_error: Final = struct.error


class HandshakeReader:
    """The 68 bytes a peer opens with, in whatever fragments they come."""

    __slots__ = ("_malformed", "_received")

    def __init__(self) -> None:
        self._received = b""
        self._malformed: Malformed | None = None

    def feed(self, data: memoryview | bytes) -> memoryview:
        """Takes what belongs to the handshake and returns the rest, bytes of the messages behind it (HS-14).

        A wrong handshake is refused at its first wrong byte: `malformed` is set, and nothing is taken any more.
        """
        view = memoryview(data)
        if self._malformed is not None:
            return _EMPTY
        before = len(self._received)
        taken = bytes(view[: HANDSHAKE_LENGTH - before])
        self._received += taken
        if before < len(PROTOCOL):
            self._malformed = _prefix_fault(self._received)
        return _EMPTY if self._malformed is not None else view[len(taken) :]

    @property
    def malformed(self) -> Malformed | None:
        """Why these bytes are no handshake (HS-01, HS-02)."""
        return self._malformed

    @property
    def reserved(self) -> Reserved | None:
        """Known together with `info_hash`."""
        return None if self.info_hash is None else Reserved(self._received[20:28])

    @property
    def info_hash(self) -> InfoHash | None:
        """Known once 48 bytes are in; a listener answers then (HS-07)."""
        return InfoHash(self._received[28:48]) if len(self._received) >= 48 and self._malformed is None else None

    @property
    def handshake(self) -> Handshake | None:
        """Known once all 68 bytes are in."""
        if len(self._received) < HANDSHAKE_LENGTH or self._malformed is not None:
            return None
        received = self._received
        return Handshake(Reserved(received[20:28]), InfoHash(received[28:48]), PeerId(received[48:]))

    @property
    def pending(self) -> int:
        """Bytes received so far."""
        return len(self._received)

    @property
    def cut(self) -> str | None:
        """Evidence that a stream ending here has cut the handshake short (HS-09)."""
        if len(self._received) == HANDSHAKE_LENGTH:
            return None
        return f"the stream ends {len(self._received)} bytes into the handshake's {HANDSHAKE_LENGTH}"


def _prefix_fault(received: bytes) -> Malformed | None:
    if PROTOCOL.startswith(received[: len(PROTOCOL)]):
        return None
    place = next(i for i, due in enumerate(PROTOCOL) if received[i] != due)
    found, due = received[place], PROTOCOL[place]
    if place:
        return Malformed(None, 0, "HS-02", f"byte {place} of the handshake is {_byte(found)}, not {_byte(due)}")
    looks = _recognised(received)
    return Malformed(None, 0, "HS-01", f"byte 0 of the handshake is {_byte(found)}, not 19 (0x13){looks}")


def _byte(value: int) -> str:
    return f'0x{value:02x} ("{value:c}")' if 0x20 < value < 0x7F else f"0x{value:02x}"


def _recognised(received: bytes) -> str:
    """What the other side may have thought this port is for."""
    for start, what in _STRANGERS:
        if received.startswith(start):
            return f": this looks like {what}"
    if received.isascii():
        return ""
    return ": this may be the key of an encrypted (MSE) connection"


@define
class FrameLimits:
    """How long messages may be on one connection; changes as the connection learns more."""

    piece_count: int | None = None
    """Pieces of the torrent, `None` while its metadata is unknown."""
    max_block: int = BLOCK_LENGTH
    """Longest block that was ever requested, bytes."""
    max_extended: int = EXTENDED_LIMIT
    """Payload of an extended message, bytes."""

    def limit(self, message_id: int) -> int:
        """The longest a message of this id may be, id included, bytes."""
        if message_id == 5:
            return 1 + BITFIELD_LIMIT_UNKNOWN if self.piece_count is None else 2 + (self.piece_count + 7) // 8
        if message_id == PIECE_ID:
            return 9 + self.max_block
        if message_id == 20:
            return 2 + self.max_extended
        row = ROWS.get(message_id)
        if row is not None:
            return row.least
        return _HASH_LIMITS.get(message_id, 1 + UNKNOWN_LIMIT)

    @property
    def largest(self) -> int:
        """The longest any message may be, id included, bytes."""
        return max(self.limit(5), self.limit(PIECE_ID), self.limit(20), _HASHES, 1 + UNKNOWN_LIMIT)

    def prefix_fault(self, length: int) -> Malformed | None:
        """What is wrong with a length prefix, judged by its four bytes alone (FR-02, HS-13)."""
        if length <= self.largest:
            return None
        if length == SECOND_HANDSHAKE:
            return Malformed(None, length, "HS-13", "a second handshake on the same connection")
        return Malformed(
            None, length, "FR-02", f"a message of length {length}: none is longer than {self.largest} here"
        )

    def header_fault(self, length: int, message_id: int) -> Malformed | None:
        """What is wrong with a length for this id, judged before the body arrives (FR-02, FR-03, FR-05, BF-04)."""
        fault = size_fault(message_id, length)
        if fault is not None:
            return fault
        limit = self.limit(message_id)
        if length <= limit:
            return None
        if message_id == 5 and self.piece_count is not None:
            bits = f"a bitfield of {length - 1} bytes: {self.piece_count} pieces need {(self.piece_count + 7) // 8}"
            return Malformed(message_id, length, "BF-04", bits)
        reason = f"{_name(message_id)} of length {length}: it is at most {limit} here"
        return Malformed(message_id, length, "FR-02", reason)


class Framer:
    """Cuts the stream behind the handshake into messages.

    Whole messages are read straight out of the bytes that were fed; only the beginning of one whose end has not come
    is copied, and that only once its length and id have been found acceptable. So a connection never holds more than
    one legal message, and an idle one holds nothing.
    """

    __slots__ = ("_data", "_limits", "_origin", "_over", "_position", "_size", "_start", "_tail", "_whole")

    def __init__(self, limits: FrameLimits, *, offset: int = HANDSHAKE_LENGTH) -> None:
        """`offset`: bytes of the stream before the first fed here."""
        self._limits = limits
        self._data = _EMPTY
        self._size = 0
        self._position = 0
        """Where the next message starts in `_data`."""
        self._origin = offset
        """Stream offset of `_data[0]`."""
        self._start = 0
        """Where the last message started, from `_origin`; negative when it began in earlier data."""
        self._tail: bytearray | None = None
        """The beginning of a message whose end is still to come."""
        self._whole = 0
        """Its length when complete, once its header has been judged."""
        self._over = False

    def feed(self, data: memoryview | bytes) -> None:
        """Gives the next bytes of the stream, which must not change until `next_message` returns `None`."""
        if self._over:
            return
        if self._position < self._size:  # the caller did not ask for all there was: costs a copy
            data = bytes(self._data[self._position :]) + bytes(data)
        self._release()
        self._data = memoryview(data)
        self._size = len(data)

    def next_message(self) -> Message | None:
        """The next message, or `None` when more bytes are needed.

        `Piece.data` is a view, good until the next `feed`. After a `Malformed` there is nothing more, for ever: where
        the next message would start cannot be known.
        """
        if self._tail is not None:
            return self._finish_tail(self._tail)
        data, start = self._data, self._position
        length: int
        message_id: int
        try:
            length, message_id = _unpack_header(data, start)
        except _struct_error:
            return self._without_id()
        # This function is the receive path: nearly all messages leave it here.
        if length == FIXED_SIZES[message_id] or (message_id == PIECE_ID and 9 <= length <= self._limits.max_block + 9):
            end = start + 4 + length
            if end <= self._size:
                self._start = start
                self._position = end
                return BODY_DECODERS[message_id](data, start + 5, end)
        return self._judged(length, message_id)

    @property
    def offset(self) -> int:
        """Stream offset of the message last returned, in bytes from the first of the handshake."""
        return self._origin + self._start

    @property
    def pending(self) -> int:
        """Bytes kept of a message that is not whole yet."""
        return 0 if self._tail is None else len(self._tail)

    @property
    def awaiting(self) -> int | None:
        """Bytes of the whole message that `pending` is the beginning of, prefix included; `None` while unknown."""
        return None if self._tail is None or len(self._tail) < 4 else 4 + _unpack_length(self._tail)[0]

    @property
    def cut(self) -> str | None:
        """Evidence that a stream ending here ends inside a message; `None` between messages (FR-06)."""
        if self._tail is None:
            return None
        if self.awaiting is None:
            return f"the stream ends {self.pending} bytes into a length prefix"
        name = _name(self._tail[4]) if self.pending > 4 else "message"
        return f"the stream ends {self.pending} bytes into a {name} of {self.awaiting}"

    def _judged(self, length: int, message_id: int) -> Message | None:
        """The message at `_position`, whose prefix and (unless `length` is 0) id are these."""
        if length == 0:
            return self._deliver(4, _KEEP_ALIVE)
        fault = self._limits.prefix_fault(length) or self._limits.header_fault(length, message_id)
        if fault is not None:
            return self._refuse(fault)
        start, end = self._position, self._position + 4 + length
        if end > self._size:
            self._keep_tail()
            return None
        message = decode(message_id, self._data[start + 5 : end])
        return self._refuse(message) if type(message) is Malformed else self._deliver(4 + length, message)

    def _without_id(self) -> Message | None:
        """Fewer than five bytes are left: nothing, a keep-alive, or the beginning of a message."""
        left = self._size - self._position
        if left == 4:
            (length,) = _unpack_length(self._data, self._position)
            if length == 0:
                return self._deliver(4, _KEEP_ALIVE)
            fault = self._limits.prefix_fault(length)
            if fault is not None:
                return self._refuse(fault)
        self._keep_tail() if left else self._release()
        return None

    def _finish_tail(self, tail: bytearray) -> Message | None:
        """Completes the message begun in `tail`, judging as soon as there is something to judge."""
        if not self._whole:
            fault = self._judge_tail(tail)
            if fault is not None:
                self._position -= len(tail)
                return self._refuse(fault)
        if not self._whole or not self._gather(tail, self._whole):
            return None
        self._tail, self._whole = None, 0
        self._position -= len(tail)
        message = decode(tail[4], memoryview(tail)[5:]) if len(tail) > 4 else _KEEP_ALIVE
        return self._refuse(message) if type(message) is Malformed else self._deliver(len(tail), message)

    def _judge_tail(self, tail: bytearray) -> Malformed | None:
        """Finds the length of the whole message, if its header comes together and is acceptable."""
        if not self._gather(tail, 4):
            return None
        (length,) = _unpack_length(tail)
        if length:
            fault = self._limits.prefix_fault(length)
            if fault is not None:
                return fault
            if not self._gather(tail, 5):
                return None
            fault = self._limits.header_fault(length, tail[4])
            if fault is not None:
                return fault
        self._whole = 4 + length
        return None

    def _gather(self, tail: bytearray, size: int) -> bool:
        """Lets `tail` grow to `size` bytes; False if the data does not reach so far."""
        missing = size - len(tail)
        if missing <= 0:
            return True
        taken = self._data[self._position : self._position + missing]
        tail += taken
        self._position += len(taken)
        if len(taken) == missing:
            return True
        self._release()
        return False

    def _keep_tail(self) -> None:
        self._tail = bytearray(self._data[self._position :])
        self._position = self._size
        self._release()

    def _deliver(self, length: int, message: Message) -> Message:
        self._start = self._position
        self._position += length
        return message

    def _refuse(self, fault: Malformed) -> Malformed:
        self._start = self._position
        self._tail = None
        self._over = True
        self._release()
        return fault

    def _release(self) -> None:
        """Lets go of the caller's bytes, all of which up to `_position` are dealt with."""
        self._origin += self._position
        self._start -= self._position
        self._data = _EMPTY
        self._size = self._position = 0


def _name(message_id: int) -> str:
    row = ROWS.get(message_id)
    return f"message {message_id}" if row is None else row.name
