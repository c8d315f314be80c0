"""The map: every piece is in some column, and a column is full only when all of its pieces are there."""

import pytest

from torrent_peer.cli.piece_map import SHADES, columns_of, piece_map
from torrent_peer.core.piece_set import PieceSet


@pytest.mark.parametrize(
    ("pieces", "size", "width", "shown"),
    [
        ([], 10, 5, "·····"),
        (range(10), 10, 5, "█████"),
        (range(5), 10, 5, "██▒··"),
        ([0], 10, 1, "░"),
        (range(9), 10, 1, "▓"),
        ([1], 3, 9, "···███···"),
        ([0], 1, 4, "████"),
        ([], 0, 3, "███"),
        ([0], 1, 0, ""),
    ],
)
def test_a_column_is_as_dark_as_much_of_it_is_there(pieces: list[int], size: int, width: int, shown: str) -> None:
    assert piece_map(PieceSet(size, pieces).to_bitfield(), size, width) == shown


@pytest.mark.parametrize("size", [1, 7, 79, 80, 81, 1000, 65537])
def test_one_missing_piece_shows_wherever_it_is(size: int) -> None:
    for missing in {0, size // 2, size - 1}:
        have = PieceSet.full(size)
        have.discard(missing)
        assert piece_map(have.to_bitfield(), size, 80) != SHADES[-1] * 80


def test_open_pieces_are_marked_in_their_columns() -> None:
    assert columns_of((0, 5, 9), 10, 5) == {0, 2, 4}
    assert columns_of((2,), 3, 80) == {53}
    assert columns_of((), 0, 80) == set()
