"""Piece sets as one big integer: what a hundred thousand pieces cost is then a few words of C, not a Python loop."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from torrent_peer.core.piece_set import PieceSet

if TYPE_CHECKING:
    from random import Random

_FEW: Final = 64
"""Bits that are walked one by one instead of being halved again."""


def bits_of(pieces: PieceSet) -> int:
    """The bitfield read as a big-endian number: piece 0 is the highest bit, spare bits are zero."""
    return int.from_bytes(pieces.to_bitfield(), "big")


def bits_of_each(pieces: Iterable[int], size: int) -> int:
    """The number for some of `size` pieces."""
    return bits_of(PieceSet(size, pieces))


def highest_bit(size: int) -> int:
    """The bit number of piece 0 among `size`; that of piece p is `highest_bit(size) - p`."""
    return (size + 7) // 8 * 8 - 1


def first_pieces(bits: int, how_many: int, size: int) -> list[int]:
    """The lowest `how_many` piece indices among `bits`, in order."""
    top = highest_bit(size)
    found: list[int] = []
    while bits and len(found) < how_many:
        bit = bits.bit_length() - 1
        found.append(top - bit)
        bits ^= 1 << bit
    return found


def draw_pieces(bits: int, how_many: int, size: int, dice: "Random") -> list[int]:
    """At most `how_many` different piece indices among `bits`, every choice and order equally likely."""
    count = bits.bit_count()
    ranks = sorted(dice.sample(range(count), min(how_many, count)))
    top = highest_bit(size)
    drawn = [top - bit for bit in _bits_by_rank(bits, top + 1, ranks, 0)]
    dice.shuffle(drawn)
    return drawn


def _bits_by_rank(bits: int, width: int, ranks: Sequence[int], base: int) -> Iterator[int]:
    """The numbers of the set bits that come at `ranks` (ascending, from 0) counted from the lowest bit.

    Halves the number until little is left, so that a draw costs about as much as copying the number twice.
    """
    if not ranks:
        return
    if width <= _FEW:
        wanted = set(ranks)
        for rank in range(ranks[-1] + 1):
            low = bits & -bits
            if rank in wanted:
                yield base + low.bit_length() - 1
            bits ^= low
        return
    half = width // 2
    lower = bits & ((1 << half) - 1)
    below = lower.bit_count()
    cut = bisect_left(ranks, below)
    yield from _bits_by_rank(lower, half, ranks[:cut], base)
    yield from _bits_by_rank(bits >> half, width - half, [rank - below for rank in ranks[cut:]], base + half)
