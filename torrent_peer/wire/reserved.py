"""The eight reserved bytes of the handshake (BEP 4's registry)."""

from typing import Final, Self

RESERVED_LENGTH: Final = 8


class Reserved(bytes):
    """Which optional protocols a peer speaks. Raises ValueError when not exactly 8 bytes long."""

    __slots__ = ()

    def __new__(cls, value: bytes = bytes(RESERVED_LENGTH)) -> Self:
        if len(value) != RESERVED_LENGTH:
            raise ValueError(f"there are {RESERVED_LENGTH} reserved bytes, not {len(value)}")
        return super().__new__(cls, value)

    @classmethod
    def of(cls, *, fast: bool = False, extended: bool = False, dht: bool = False, v2: bool = False) -> Self:
        """The bytes with just these bits set."""
        seventh = (0x04 if fast else 0) | (0x01 if dht else 0) | (0x10 if v2 else 0)
        return cls(bytes([0, 0, 0, 0, 0, 0x10 if extended else 0, 0, seventh]))

    @property
    def fast(self) -> bool:
        """BEP 6: byte 7, 0x04."""
        return bool(self[7] & 0x04)

    @property
    def extended(self) -> bool:
        """BEP 10: byte 5, 0x10."""
        return bool(self[5] & 0x10)

    @property
    def dht(self) -> bool:
        """BEP 5: byte 7, 0x01."""
        return bool(self[7] & 0x01)

    @property
    def v2(self) -> bool:
        """BEP 52: byte 7, 0x10."""
        return bool(self[7] & 0x10)

    def __repr__(self) -> str:
        return f"Reserved({self.hex()})"


DEFAULT_RESERVED: Final = Reserved.of(fast=True, extended=True)
"""What we speak ourselves."""
