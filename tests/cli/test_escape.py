"""`escape`: no string written by a stranger can move a cursor or turn the reading direction."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.cli.escape import escape, shorten, to_json

ANY_TEXT = st.text(st.characters(codec=None))
BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain.iso", "plain.iso"),
        ("día – 世界 🐍", "día – 世界 🐍"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("\x7f\x85\x9b31m", "\\x7f\\x85\\x9b31m"),
        ("exe.\u202etxt", "exe.\\u202etxt"),
        ("\ud800", "\\ud800"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_what_a_terminal_would_obey_is_spelt_out(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(ANY_TEXT)
def test_nothing_escaped_is_a_control_a_surrogate_or_a_direction(text: str) -> None:
    shown = escape(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {ord(char) for char in shown} & set(BIDI)
    shown.encode("utf-8")
    assert escape(shown) == shown


def test_every_control_and_every_direction_is_caught() -> None:
    for code in [*range(0x20), *range(0x7F, 0xA0), *BIDI]:
        assert chr(code) not in escape(f"a{chr(code)}b")


@given(ANY_TEXT, st.integers(1, 40))
def test_a_shortened_text_is_as_wide_as_asked_at_most(text: str, width: int) -> None:
    assert len(shorten(text, width)) <= width


def test_a_cut_is_shown() -> None:
    assert shorten("a long name", 6) == "a lon…"
    assert shorten("short", 6) == "short"


@given(ANY_TEXT)
def test_json_is_printable_ascii_and_says_the_same(text: str) -> None:
    line = to_json({"name": text})
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {"name": text}
