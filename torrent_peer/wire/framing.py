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
    wrong = next((i for i, (is_, due) in enumerate(zip(received, PROTOCOL, strict=False)) if is_ != due), None)
    if wrong is None:
        return None
    return Malformed(None, 0, "HS-02" if wrong else "HS-01", f"byte {wrong} of the handshake is wrong")


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


class Framer:
    """Cuts the stream behind the handshake into messages."""

    def __init__(self, limits: FrameLimits, *, offset: int = HANDSHAKE_LENGTH) -> None:
        raise NotImplementedError

    def feed(self, data: memoryview | bytes) -> None: ...

    def next_message(self) -> Message | None: ...

    @property
    def offset(self) -> int: ...

    @property
    def pending(self) -> int: ...

    @property
    def awaiting(self) -> int | None: ...

    @property
    def cut(self) -> str | None: ...
