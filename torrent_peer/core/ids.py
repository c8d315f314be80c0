"""Fixed-width names of the protocol: info-hashes and peer ids."""

from typing import Final, Self

INFO_HASH_LENGTH: Final = 20
"""Bytes; BEP 3 (SHA-1), BEP 52 (SHA-256 truncated on the wire)."""
PEER_ID_LENGTH: Final = 20
"""Bytes; BEP 3."""


class InfoHash(bytes):
    """The 20 bytes that name a torrent on the wire and to trackers (BEP 3).

    Raises ValueError when not exactly 20 bytes long.
    """

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) != INFO_HASH_LENGTH:
            raise ValueError(f"an info-hash has {INFO_HASH_LENGTH} bytes, not {len(value)}")
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"InfoHash({self.hex()})"

    def __str__(self) -> str:
        return self.hex()


class PeerId(bytes):
    """The 20 bytes a peer calls itself by; by convention `-XXnnnn-` and twelve random bytes (BEP 20).

    Raises ValueError when not exactly 20 bytes long.
    """

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) != PEER_ID_LENGTH:
            raise ValueError(f"a peer id has {PEER_ID_LENGTH} bytes, not {len(value)}")
        return super().__new__(cls, value)

    def __repr__(self) -> str:
        return f"PeerId({self!s})"

    def __str__(self) -> str:
        return "".join(chr(c) if 0x21 <= c <= 0x7E else "." for c in self)
