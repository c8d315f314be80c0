"""Tests of torrent_peer.strategy.piece_bits."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.piece_bits import bits_of, bits_of_each, draw_pieces, first_pieces, highest_bit

SETS = st.integers(1, 200).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1))))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 64, 1001])
def test_piece_0_is_the_highest_bit(size: int) -> None:
    assert bits_of(PieceSet(size, [0])) == 1 << highest_bit(size)
    assert bits_of(PieceSet(size, [size - 1])) == 1 << highest_bit(size) - (size - 1)


@given(SETS)
def test_both_ways_to_the_number_agree(case: tuple[int, set[int]]) -> None:
    size, pieces = case
    assert bits_of_each(pieces, size) == bits_of(PieceSet(size, pieces))


@given(SETS, st.integers(0, 250))
def test_first_pieces_are_the_lowest_in_order(case: tuple[int, set[int]], how_many: int) -> None:
    size, pieces = case
    assert first_pieces(bits_of_each(pieces, size), how_many, size) == sorted(pieces)[:how_many]


@given(SETS, st.integers(0, 250), st.integers())
def test_a_draw_holds_different_pieces_of_the_set(case: tuple[int, set[int]], how_many: int, seed: int) -> None:
    size, pieces = case
    drawn = draw_pieces(bits_of_each(pieces, size), how_many, size, Random(seed))
    assert len(drawn) == len(set(drawn)) == min(how_many, len(pieces))
    assert set(drawn) <= pieces


@given(SETS, st.integers(0, 30), st.integers(1, 40), st.integers())
def test_pieces_drawn_in_a_row_are_side_by_side(
    case: tuple[int, set[int]], how_many: int, in_a_row: int, seed: int
) -> None:
    size, pieces = case
    drawn = draw_pieces(bits_of_each(pieces, size), how_many, size, Random(seed), in_a_row=in_a_row)
    assert len(drawn) == len(set(drawn)) == min(how_many, len(pieces))
    assert set(drawn) <= pieces
    left, row = set(pieces), 0
    for piece, following in pairwise(drawn):
        left.remove(piece)
        row += 1
        if piece + 1 in left and row < in_a_row:
            assert following == piece + 1
        else:
            row = 0


def test_among_all_pieces_each_is_drawn_about_as_often() -> None:
    dice = Random(7)
    everything = bits_of(PieceSet.full(20))
    drawn = Counter(draw_pieces(everything, 1, 20, dice)[0] for _ in range(4000))
    assert set(drawn) == set(range(20))
    assert all(130 < times < 270 for times in drawn.values())
