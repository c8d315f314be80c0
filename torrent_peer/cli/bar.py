"""The live view on a terminal, redrawn when it is told to: no thread of its own."""

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.console import Console

from torrent_peer.cli.live_view import draw, last_frame
from torrent_peer.cli.look import Look
from torrent_peer.cli.output import Output
from torrent_peer.cli.screen import Screen
from torrent_peer.cli.settings import Settings

BAR_INTERVAL: Final = 0.5
"""Seconds between two redraws."""


class BarProgress:
    """The view on stderr; lines of `output` go above it while it is there."""

    interval = BAR_INTERVAL
    at_ends = True
    shows_peers = True

    def __init__(self, settings: Settings, output: Output, *, console: Console | None = None) -> None:
        self._news = not settings.verbose  # with -v it is told above
        self._output = output
        self._screen = Screen(
            console
            or Console(
                stderr=True, no_color=True if settings.no_color else None, markup=False, emoji=False, highlight=False
            )
        )
        self._last: Sequence[Look] = ()

    def __enter__(self) -> Self:
        self._output.above = self._screen.above
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.above = None
        width, height = self._screen.size
        self._screen.paint(last_frame(self._last, width=width, height=height))
        self._screen.close()

    def show(self, looks: Sequence[Look]) -> None:
        """Draw the torrents as they are now."""
        self._last = looks
        width, height = self._screen.size
        self._screen.paint(draw(looks, width=width, height=height, news=self._news))
