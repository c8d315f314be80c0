"""How many columns of a terminal a string takes, and cutting and padding it to a width: no line may break."""

import unicodedata
from functools import lru_cache
from typing import Final

from torrent_peer.cli.escape import escape

VARIATION_16: Final = "\ufe0f"
"""Makes a narrow character an emoji, which many terminals draw two columns wide."""
NO_COLUMN: Final = frozenset({"Mn", "Me", "Cf"})
WIDE: Final = frozenset("WF")
MOST_MARKS: Final = 4
"""Characters without a column kept in a row; texts with hundreds of them cover their neighbours."""


@lru_cache(8192)
def cell_width(char: str) -> int:
    """0, 1 or 2 columns; where terminals disagree, the larger."""
    if char == VARIATION_16:
        return 1
    category = unicodedata.category(char)
    if category in NO_COLUMN:
        return 0
    if category == "Cn":  # newer than Python's tables: perhaps an emoji
        return 2
    return 2 if unicodedata.east_asian_width(char) in WIDE else 1


def width_of(shown: str) -> int:
    """Columns that a text takes which is escaped already."""
    return len(shown) if shown.isascii() else sum(map(cell_width, shown))


def fit(text: str, width: int) -> str:
    """`escape(text)` in at most `width` columns, the cut shown by an ellipsis; empty when there is no room."""
    text = text[: 2 * max(width, 0) + 8]  # nobody waits for a megabyte of name
    shown = escape(text)
    if shown.isascii():
        return shown if len(shown) <= width else f"{shown[: width - 1]}…" if width > 0 else ""
    kept, used, marks = [], 0, 0
    for char in shown:
        columns = cell_width(char)
        marks = 0 if columns else marks + 1
        if marks > MOST_MARKS:
            continue
        kept.append(char)
        used += columns
        if used > width:
            break
    else:
        return "".join(kept)
    while kept and used > width - 1:
        used -= cell_width(kept.pop())
    return "".join(kept) + "…" if width > 0 else ""


def pad(text: str, width: int) -> str:
    """`fit(text, width)` filled up with spaces to exactly `width` columns."""
    shown = fit(text, width)
    return shown + " " * (width - width_of(shown))
