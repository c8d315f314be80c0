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
        bit = ((bits & ((2 << place) - 1)) or bits).bit_length() - 1
        for _ in range(min(in_a_row, how_many - len(drawn))):
            if bit < 0 or not bits >> bit & 1:
                break
            drawn.append(top - bit)
            bits ^= 1 << bit
            bit -= 1
    return drawn
