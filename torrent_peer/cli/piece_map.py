"""A torrent's pieces on one line: each column a share of them, the darker the more of it is verified."""

from collections.abc import Collection
from typing import Final

SHADES: Final = "·░▒▓█"
"""Nothing, up to a third, up to two thirds, nearly everything, everything."""


def piece_map(bitfield: bytes, pieces: int, width: int) -> str:
    """`width` columns for `pieces` pieces, of which those in `bitfield` (BEP 3) are here."""
    if pieces <= 0 or width <= 0:
        return SHADES[-1] * max(width, 0)
    bits = f"{int.from_bytes(bitfield):0{len(bitfield) * 8}b}"[:pieces]
    return "".join(_shade(bits[start:end]) for start, end in _columns(pieces, width))


def columns_of(indices: Collection[int], pieces: int, width: int) -> set[int]:
    """The columns in which these pieces are."""
    return {min(index * width // pieces, width - 1) for index in indices} if pieces > 0 else set()


def _columns(pieces: int, width: int) -> list[tuple[int, int]]:
    """The pieces of each column; with fewer pieces than columns, a piece has several."""
    return [
        (column * pieces // width, max((column + 1) * pieces // width, column * pieces // width + 1))
        for column in range(width)
    ]


def _shade(bits: str) -> str:
    here = bits.count("1")
    if not here:
        return SHADES[0]
    return SHADES[-1] if here == len(bits) else SHADES[1 + 3 * here // len(bits)]
