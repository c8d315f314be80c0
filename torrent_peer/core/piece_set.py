"""`PieceSet`: a set of piece indices that knows its wire form, the bitfield."""

from collections.abc import Iterable, Iterator
from typing import Self

_COUNT = bytes(i.bit_count() for i in range(256))


class PieceSet:
    """Which of a torrent's `size` pieces somebody has; one bit each, high bit first (BEP 3, "bitfield").

    Indices outside 0…size-1 raise IndexError in `add` and `discard`, and are simply not `in` the set.
    """

    __slots__ = ("_bits", "count", "size")

    def __init__(self, size: int, pieces: Iterable[int] = ()) -> None:
        self.size = size
        self.count = 0
        self._bits = bytearray((size + 7) // 8)
        for piece in pieces:
            self.add(piece)

    @classmethod
    def full(cls, size: int) -> Self:
        """All of `size` pieces."""
        new = cls(size)
        new._bits[:] = b"\xff" * len(new._bits)
        if size % 8:
            new._bits[-1] = (0xFF00 >> (size % 8)) & 0xFF
        new.count = size
        return new

    @classmethod
    def from_bitfield(cls, bitfield: bytes | bytearray | memoryview, size: int) -> Self:
        """Read a bitfield; spare bits are cleared. Raises ValueError when it is not ⌈size/8⌉ bytes long."""
        new = cls(size)
        if len(bitfield) != len(new._bits):
            raise ValueError(f"a bitfield for {size} pieces has {len(new._bits)} bytes, not {len(bitfield)}")
        new._bits[:] = bitfield
        if size % 8:
            new._bits[-1] &= (0xFF00 >> (size % 8)) & 0xFF
        new.count = sum(new._bits.translate(_COUNT))
        return new

    def to_bitfield(self) -> bytes:
        """The wire form, spare bits zero."""
        return bytes(self._bits)

    def copy(self) -> "PieceSet":
        new = PieceSet(self.size)
        new._bits[:] = self._bits
        new.count = self.count
        return new

    def add(self, piece: int) -> bool:
        """Put `piece` in; whether it was new."""
        if not 0 <= piece < self.size:
            raise IndexError(f"piece {piece} of {self.size}")
        mask = 0x80 >> (piece & 7)
        if self._bits[piece >> 3] & mask:
            return False
        self._bits[piece >> 3] |= mask
        self.count += 1
        return True

    def discard(self, piece: int) -> bool:
        """Take `piece` out; whether it was there."""
        if not 0 <= piece < self.size:
            raise IndexError(f"piece {piece} of {self.size}")
        mask = 0x80 >> (piece & 7)
        if not self._bits[piece >> 3] & mask:
            return False
        self._bits[piece >> 3] &= ~mask & 0xFF
        self.count -= 1
        return True

    @property
    def is_full(self) -> bool:
        return self.count == self.size

    def __contains__(self, piece: int) -> bool:
        return 0 <= piece < self.size and bool(self._bits[piece >> 3] & (0x80 >> (piece & 7)))

    def __iter__(self) -> Iterator[int]:
        bits = self._bits
        for at, byte in enumerate(bits):
            if byte:
                base = at * 8
                for bit in range(8):
                    if byte & (0x80 >> bit):
                        yield base + bit

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.count > 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PieceSet) and self.size == other.size and self._bits == other._bits

    __hash__ = None  # type: ignore[assignment]  # it changes

    def _as_int(self) -> int:
        return int.from_bytes(self._bits, "big")

    def _of_int(self, value: int) -> "PieceSet":
        new = PieceSet(self.size)
        new._bits[:] = value.to_bytes(len(self._bits), "big")
        new.count = value.bit_count()
        return new

    def __and__(self, other: "PieceSet") -> "PieceSet":
        return self._of_int(self._as_int() & other._as_int())

    def __or__(self, other: "PieceSet") -> "PieceSet":
        return self._of_int(self._as_int() | other._as_int())

    def __sub__(self, other: "PieceSet") -> "PieceSet":
        return self._of_int(self._as_int() & ~other._as_int())

    def has_any_of(self, other: "PieceSet") -> bool:
        """Whether the two share a piece; no set is built."""
        return bool(self._as_int() & other._as_int())

    def __repr__(self) -> str:
        return f"<PieceSet {self.count}/{self.size}>"
