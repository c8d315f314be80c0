"""How content is cut into pieces and blocks, checked against the plainest arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry

KIB = 1024


@pytest.mark.parametrize(
    ("total", "piece_length", "count", "last"),
    [
        (1, 1, 1, 1),
        (1, 16 * KIB, 1, 1),
        (32 * KIB, 32 * KIB, 1, 32 * KIB),
        (32 * KIB + 1, 32 * KIB, 2, 1),
        (1_000_003, 32 * KIB, 31, 16_963),
        (100, 7, 15, 2),
        (2**48, 2**29, 2**19, 2**29),
    ],
)
def test_the_last_piece_takes_what_is_left(total: int, piece_length: int, count: int, last: int) -> None:
    geometry = Geometry(total, piece_length)
    assert (geometry.piece_count, geometry.last_piece_length) == (count, last)
    assert geometry.piece_size(count - 1) == last


@pytest.mark.parametrize(("total", "piece_length"), [(0, 1), (-1, 1), (1, 0), (1, -5)])
def test_lengths_are_positive(total: int, piece_length: int) -> None:
    with pytest.raises(ValueError, match=f"^lengths must be positive: {total} bytes in pieces of {piece_length}$"):
        Geometry(total, piece_length)


def test_blocks_lie_on_a_grid_of_16_kib() -> None:
    geometry = Geometry(100 * KIB + 5, 40 * KIB)
    assert list(geometry.blocks(0)) == [Block(0, 0, 16384), Block(0, 16384, 16384), Block(0, 32768, 8192)]
    assert list(geometry.blocks(2)) == [Block(2, 0, 16384), Block(2, 16384, 4 * KIB + 5)]
    assert [geometry.block_count(piece) for piece in range(3)] == [3, 3, 2]
    assert [geometry.piece_offset(piece) for piece in range(3)] == [0, 40 * KIB, 80 * KIB]


@pytest.mark.parametrize("piece", [-1, 3, 2**40])
def test_a_piece_outside_is_an_index_error(piece: int) -> None:
    geometry = Geometry(100 * KIB, 40 * KIB)
    with pytest.raises(IndexError, match=f"^piece {piece} of 3$"):
        geometry.piece_size(piece)
    with pytest.raises(IndexError, match=f"^piece {piece} of 3$"):
        geometry.block(piece, 0)


@pytest.mark.parametrize("number", [-1, 3])
def test_a_block_outside_is_an_index_error(number: int) -> None:
    with pytest.raises(IndexError, match=f"^block {number} of piece 0$"):
        Geometry(100 * KIB, 40 * KIB).block(0, number)


@pytest.mark.parametrize(
    ("block", "inside"),
    [
        (Block(0, 0, 1), True),
        (Block(0, 0, 40 * KIB), True),
        (Block(0, 1, 40 * KIB), False),
        (Block(2, 20 * KIB - 1, 1), True),
        (Block(2, 20 * KIB - 1, 2), False),
        (Block(2, 20 * KIB, 1), False),
        (Block(3, 0, 1), False),
        (Block(-1, 0, 1), False),
        (Block(0, -1, 1), False),
        (Block(0, 0, 0), False),
        (Block(0, 5, -5), False),
        (Block(0, 2**32 - 1, 2**32 - 1), False),
        (Block(2**32 - 1, 0, 1), False),
    ],
)
def test_what_lies_inside_its_piece(block: Block, inside: bool) -> None:
    assert Geometry(100 * KIB, 40 * KIB).contains(block) is inside


@given(st.integers(1, 3_000_000), st.integers(16_000, 200_000))
def test_blocks_cover_every_byte_once(total: int, piece_length: int) -> None:
    geometry = Geometry(total, piece_length)
    at = 0
    for piece in range(geometry.piece_count):
        for block in geometry.blocks(piece):
            assert geometry.contains(block)
            assert 0 < block.length <= BLOCK_LENGTH
            assert geometry.piece_offset(piece) + block.begin == at
            at += block.length
    assert at == total
