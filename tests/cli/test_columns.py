"""Widths: nothing is ever wider than its place, whatever it is made of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torrent_peer.cli.columns import MOST_MARKS, cell_width, fit, pad


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("plain", 5, "plain"),
        ("plain", 4, "pla…"),
        ("plain", 1, "…"),
        ("plain", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("e\u0301a", 2, "e\u0301a"),
        ("a" + "\u0301" * 6 + "b", 2, "a" + "\u0301" * MOST_MARKS + "b"),
        ("\x1b[2J", 7, "\\x1b[2J"),
        ("\x1b[2J", 6, "\\x1b[…"),
    ],
)
def test_text_is_cut_to_columns_not_to_characters(text: str, width: int, shown: str) -> None:
    assert fit(text, width) == shown


@settings(max_examples=50)
@given(st.text(), st.integers(0, 30))
def test_no_text_is_wider_than_told(text: str, width: int) -> None:
    assert sum(map(cell_width, fit(text, width))) <= width
    assert sum(map(cell_width, pad(text, width))) == width


def test_where_terminals_disagree_the_wider_one_is_meant() -> None:
    assert [cell_width(char) for char in ("a", "日", "\u0301", "\u200d", "\ufe0f", "\U0003fffd")] == [1, 2, 0, 0, 1, 2]
