"""How long a message may be, judged by its first five bytes, before its body is kept."""

from typing import Final

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.core.values import define
from torrent_peer.wire.codec import HASH_LENGTH, PIECE_ID, PROTOCOL, ROWS, message_name, size_fault
from torrent_peer.wire.messages import Malformed

SECOND_HANDSHAKE: Final = int.from_bytes(PROTOCOL[:4])
"""A handshake read as a length prefix: 0x13426974."""
BITFIELD_LIMIT_UNKNOWN: Final = 256 * 1024
"""Bytes of a bitfield while the number of pieces is unknown (magnet links): 2,097,152 pieces, libtorrent's limit."""
UNKNOWN_LIMIT: Final = 1024
"""Payload bytes of a message nobody has defined; enough for what BitComet and SimpleBT are known to send."""
EXTENDED_LIMIT: Final = 64 * 1024
"""Payload bytes of an extended message; no BEP says, the largest extended handshakes and peer exchanges fit."""
_HASHES_ID: Final = 22
_HASHES: Final = 49 + HASH_LENGTH * (512 + 32)
"""BEP 52: five fields, then at most 512 hashes (more "SHOULD NOT" be asked for) and a proof of a tree 32 high."""


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
        if message_id == _HASHES_ID:
            return _HASHES
        row = ROWS.get(message_id)
        return 1 + UNKNOWN_LIMIT if row is None else row.least

    @property
    def largest(self) -> int:
        """The longest any message may be, id included, bytes."""
        return max(self.limit(5), self.limit(PIECE_ID), self.limit(20), _HASHES, 1 + UNKNOWN_LIMIT)

    def prefix_fault(self, length: int) -> Malformed | None:
        """What is wrong with a length prefix, judged by its four bytes alone (FR-02, HS-13)."""
        if length <= 2 + self.max_extended or length <= self.largest:
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
        reason = f"{message_name(message_id)} of length {length}: it is at most {limit} here"
        return Malformed(message_id, length, "FR-02", reason)
