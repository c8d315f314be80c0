"""Merkle trees of SHA-256 over 16 KiB blocks, as BEP 52 hashes a file."""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeAlias

BLOCK: Final = 16 * 1024
"""Bytes under one leaf (BEP 52)."""
HASH_LENGTH: Final = 32
ZERO: Final = bytes(HASH_LENGTH)
"""BEP 52: leaf hashes beyond the end of the file "are set to zero"."""

Buffer: TypeAlias = bytes | bytearray | memoryview


def leaves(data: Buffer) -> list[bytes]:
    """The hash of each block; the last block may be short, an empty file has none."""
    view = memoryview(data)
    return [hashlib.sha256(view[at : at + BLOCK]).digest() for at in range(0, len(view), BLOCK)]


def parents(hashes: Sequence[bytes], missing: bytes) -> list[bytes]:
    """The layer above `hashes`; an odd end is paired with `missing`."""
    padded = [*hashes, missing] if len(hashes) % 2 else hashes
    return [hashlib.sha256(padded[i] + padded[i + 1]).digest() for i in range(0, len(padded), 2)]


def root(hashes: Sequence[bytes], missing: bytes = ZERO) -> bytes:
    """The root over one layer, filled up with `missing` to a power of two; raises ValueError for no hashes."""
    if not hashes:
        raise ValueError("an empty file has no root")
    while len(hashes) > 1:
        hashes = parents(hashes, missing)
        missing = hashlib.sha256(missing + missing).digest()
    return hashes[0]


def piece_layer(leaf_hashes: Sequence[bytes], piece_length: int) -> tuple[list[bytes], bytes]:
    """The layer where one hash covers a piece, and the hash of a piece wholly beyond the end (for `root`).

    `piece_length` is in bytes, 16 KiB times a power of two; raises ValueError otherwise.
    """
    if piece_length < BLOCK or piece_length & (piece_length - 1):
        raise ValueError(f"a piece length of {piece_length} is not 16 KiB times a power of two")
    layer, missing, covered = list(leaf_hashes), ZERO, BLOCK
    while covered < piece_length:
        layer = parents(layer, missing)
        missing = hashlib.sha256(missing + missing).digest()
        covered *= 2
    return layer, missing
