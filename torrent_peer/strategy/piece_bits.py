"""Piece sets as one big integer: what a hundred thousand pieces cost is then a few words of C, not a Python loop."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from torrent_peer.core.piece_set import PieceSet

if TYPE_CHECKING:
    from random import Random


def bits_of(pieces: PieceSet) -> int:
    """The bitfield read as a big-endian number: piece 0 is the highest bit, spare bits are zero."""
    return int.from_bytes(pieces.to_bitfield(), "big")


def bits_of_each(pieces: Iterable[int], size: int) -> int:
    """The number for some of `size` pieces."""
    field = bytearray((size + 7) // 8)
    for piece in pieces:
        field[piece >> 3] |= 0x80 >> (piece & 7)
    return int.from_bytes(field, "big")


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


def draw_pieces(bits: int, how_many: int, size: int, dice: "Random", *, in_a_row: int = 1) -> list[int]:
    """At most `how_many` different piece indices among `bits`, each the next one from a random place on.

    With each come those right behind it, as far as they are among `bits`, until there are `in_a_row`. A piece behind a
    long gap is likelier than its neighbours; for breaking ties that is random enough, and it costs no search.
    """
    top = highest_bit(size)
    drawn: list[int] = []
    while bits and len(drawn) < how_many:
        place = top - int(dice.random() * size)
        below = (bits & ((2 << place) - 1)) or bits
        bit = below.bit_length() - 1
        most = min(in_a_row, how_many - len(drawn), bit + 1)
        row = below >> bit + 1 - most
        count = most - (row ^ ((1 << most) - 1)).bit_length()  # the ones it begins with
        drawn += range(top - bit, top - bit + count)
        bits ^= ((1 << count) - 1) << bit + 1 - count
    return drawn
