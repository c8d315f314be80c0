"""A terminal of so many columns and lines, as far as the live view needs one; it notes when a line breaks.

A line is only ever written from its beginning.
"""

import re
from typing import Final

from torrent_peer.cli.columns import cell_width

TOKEN: Final = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)|(\x1b)")


class Terminal:
    """Fed with what a program prints; `text` is what can be seen."""

    def __init__(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self.scrolled: list[str] = []
        self.broken: list[str] = []
        """Texts that ran over the right edge."""
        self.unknown: list[str] = []
        """Control sequences nobody expected."""
        self._grid = [""] * lines
        self._row = self._column = 0

    @property
    def text(self) -> list[str]:
        return [line.rstrip() for line in self._grid]

    def feed(self, data: str) -> None:
        for match in TOKEN.finditer(data):
            parameters, command, control, text, stray = match.groups()
            if text is not None:
                self._print(text)
            elif control == "\r":
                self._column = 0
            elif control == "\n":
                self._newline()
            elif command == "A":
                self._row = max(0, self._row - int(parameters or 1))
            elif command == "J" and parameters in ("", "0"):
                self._grid[self._row :] = [""] * (self.lines - self._row)
            elif command == "K" and parameters == "2":
                self._grid[self._row] = ""
            elif command != "m":
                self.unknown.append(stray or match[0])

    def _print(self, text: str) -> None:
        used = self._column + sum(map(cell_width, text))
        if used > self.columns:
            self.broken.append(text)
        self._grid[self._row] = (self._grid[self._row] if self._column else "") + text
        self._column = used

    def _newline(self) -> None:
        self._column = 0
        if self._row < self.lines - 1:
            self._row += 1
        else:
            self.scrolled.append(self._grid.pop(0))
            self._grid.append("")
