"""A block of lines at the bottom of a terminal, painted over in place; other lines scroll by above it.

It writes each frame at once, and of it only the lines that changed, so that nothing flickers; the cursor waits on the
line below, where a typed ^C does no harm, and stays visible, so that even kill -9 leaves a sane terminal.
"""

from collections.abc import Sequence
from io import StringIO
from typing import Final

from rich.console import Console
from rich.text import Text

from torrent_peer.cli.columns import width_of

ASCII: Final = str.maketrans({"·": "-", "░": ".", "▒": ":", "▓": "+", "█": "#", "…": "~", "×": "x", "–": "-", "÷": "/"})
"""For terminals that know no other characters."""
ABOVE_AT_ONCE: Final = 200
"""Lines that wait for the next frame, at most."""


class Screen:
    """The last lines of the terminal behind `console`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: list[str] = []
        self._widths: list[int] = []
        self._above: list[str] = []
        self._size = (0, 0)
        self._gone = False
        self._ink = Console(
            file=StringIO(),
            force_terminal=True,
            color_system=console.color_system,  # type: ignore[arg-type]  # a name that it gave itself
            no_color=console.no_color,
        )
        encoding = (console.encoding or "").lower()
        self._plain = not encoding.startswith("utf")

    @property
    def size(self) -> tuple[int, int]:
        """Columns, and lines there are for the block: the cursor has its own."""
        size = self._console.size
        return size.width, max(1, size.height - 1)

    def above(self, line: str) -> None:
        """Print a line above the block, with the next frame."""
        self._above.append(self._readable(line))
        if len(self._above) >= ABOVE_AT_ONCE:
            self._write(self._again())

    def paint(self, lines: Sequence[Text]) -> None:
        """Show these lines, none wider than the terminal, instead of the last ones."""
        size = self.size
        rows = self._rows(size[0])
        resized, self._size = size != self._size, size
        new = [self._ansi(line) for line in lines[: size[1]]]
        if resized or self._above or rows > size[1]:
            out = self._back(rows) + "\x1b[J" + self._take_above() + "".join(f"{line}\n" for line in new)
        else:
            old = [*self._shown, *[None] * len(new)]
            changed = (f"\x1b[2K{line}\n" if line != was else "\n" for line, was in zip(new, old, strict=False))
            out = self._back(rows) + "".join(changed) + "\x1b[J"
        self._shown, self._widths = new, [width_of(line.plain) for line in lines[: size[1]]]
        self._write(out)

    def close(self) -> None:
        """What is shown stays; nothing is lost."""
        if self._above:
            self._write(self._again())

    def _again(self) -> str:
        """The same block, below the lines that waited."""
        back = self._back(self._rows(self._console.size.width))
        return back + "\x1b[J" + self._take_above() + "".join(f"{line}\n" for line in self._shown)

    def _take_above(self) -> str:
        taken = "".join(f"{line}\n" for line in self._above)
        self._above.clear()
        return taken

    def _rows(self, width: int) -> int:
        """Rows the block takes now: a terminal that was made narrower has wrapped its lines."""
        return sum(max(1, -(-columns // max(width, 1))) for columns in self._widths)

    @staticmethod
    def _back(rows: int) -> str:
        return f"\r\x1b[{rows}A" if rows else "\r"

    def _ansi(self, line: Text) -> str:
        with self._ink.capture() as captured:
            self._ink.print(line, end="", soft_wrap=True)
        return self._readable(captured.get())

    def _readable(self, text: str) -> str:
        if not self._plain:
            return text
        return text.translate(ASCII).encode(self._console.encoding, "replace").decode(self._console.encoding)

    def _write(self, out: str) -> None:
        if self._gone:
            return
        try:
            self._console.file.write(out)
            self._console.file.flush()
        except OSError:  # the terminal is gone: the download goes on
            self._gone = True
