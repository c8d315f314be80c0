"""Painting in place, seen by a terminal."""

from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.console import Console
from rich.text import Text

from tests.cli.terminal import Terminal
from torrent_peer.cli.screen import ABOVE_AT_ONCE, Screen


class Window:
    """A screen and the terminal it paints on."""

    def __init__(self, columns: int = 20, lines: int = 6) -> None:
        self.file = StringIO()
        self.console = Console(file=self.file, width=columns, height=lines, force_terminal=True, color_system=None)
        self.terminal = Terminal(columns, lines)
        self.screen = Screen(self.console)

    def paint(self, *lines: str) -> str:
        """Paint; what was written for it."""
        self.screen.paint([Text(line) for line in lines])
        return self.look()

    def look(self) -> str:
        written = self.file.getvalue()
        self.file.seek(0)
        self.file.truncate()
        self.terminal.feed(written)
        return written


def test_a_frame_replaces_the_last_one() -> None:
    window = Window()
    for lines in (["a", "b"], ["a", "c", "d"], ["x"], [], ["y", "z"]):
        window.paint(*lines)
        assert [line for line in window.terminal.text if line] == lines
    assert window.terminal.scrolled == []


def test_lines_that_stay_are_not_written_again() -> None:
    window = Window()
    window.paint("stays", "changes")
    assert "stays" not in window.paint("stays", "changed")


def test_other_lines_scroll_by_above() -> None:
    window = Window()
    window.paint("a", "b")
    for number in range(5):
        window.screen.above(f"note {number}")
    window.paint("a", "c")
    assert [*window.terminal.scrolled, *window.terminal.text] == [*(f"note {n}" for n in range(5)), "a", "c", ""]


def test_lines_above_are_neither_kept_for_long_nor_lost() -> None:
    window = Window()
    window.paint("a")
    for number in range(ABOVE_AT_ONCE + 1):
        window.screen.above(f"note {number}")
    assert f"note {ABOVE_AT_ONCE - 1}" in window.look()
    window.screen.close()
    window.look()
    assert window.terminal.text[-3:] == [f"note {ABOVE_AT_ONCE}", "a", ""]


def test_a_frame_higher_than_the_terminal_is_cut() -> None:
    window = Window(lines=4)
    window.paint(*"abcdefg")
    assert window.terminal.text == ["a", "b", "c", ""]
    assert window.terminal.scrolled == []


def test_a_terminal_made_narrower_is_painted_afresh_over_the_wrapped_lines() -> None:
    window = Window(columns=20)
    window.paint("a" * 20, "b" * 11)
    window.console.size = window.console.size._replace(width=10)
    assert window.paint("c").startswith("\r\x1b[4A\x1b[J")  # two rows each now


def test_a_line_as_wide_as_the_terminal_is_not_damaged() -> None:
    window = Window(columns=20)
    for char in "ab":
        window.paint(char * 20, "x")
        assert window.terminal.text[0] == char * 20
    assert window.terminal.broken == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_unicode_gets_what_it_can_show(encoding: str) -> None:
    raw = BytesIO()
    file = TextIOWrapper(raw, encoding=encoding)
    screen = Screen(Console(file=file, width=20, height=5, force_terminal=True, color_system=None))
    screen.above("日 note")
    screen.paint([Text("[█▓▒░·] 日…")])
    assert raw.getvalue().decode("ascii") == "\r\x1b[J? note\n[#+:.-] ?~\n"


def test_a_terminal_that_goes_away_ends_nothing() -> None:
    class Gone(StringIO):
        def flush(self) -> None:
            raise OSError(5, "Input/output error")

    screen = Screen(Console(file=Gone(), width=20, height=5, force_terminal=True))
    screen.paint([Text("a")])
    screen.paint([Text("b")])
