"""The bar on a terminal: one row for each torrent, and under it, with `-v`, the peers."""

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from torrent_peer.cli.escape import escape, shorten
from torrent_peer.cli.output import Output
from torrent_peer.cli.peer_table import peer_rows
from torrent_peer.cli.progress import percent
from torrent_peer.cli.settings import Settings
from torrent_peer.cli.units import count, format_duration, format_rate
from torrent_peer.session.status import State, TorrentStatus

BAR_INTERVAL: Final = 0.25
"""Seconds between two redraws."""
FIGURES_WIDTH: Final = 45
"""Columns the figures right of the name and the bar take."""
MIN_BAR: Final = 10


class BarProgress:
    """A live display on stderr, redrawn by `show` alone: no thread of its own."""

    interval = BAR_INTERVAL
    at_ends = True

    def __init__(self, settings: Settings, output: Output, *, console: Console | None = None) -> None:
        self._verbose = settings.verbose
        self._output = output
        self._console = console or Console(
            stderr=True, no_color=True if settings.no_color else None, markup=False, emoji=False, highlight=False
        )
        self._live = Live(console=self._console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        self._output.above = self._print
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.above = None
        self._live.__exit__(kind, error, trace)

    def show(self, statuses: Sequence[TorrentStatus], checked: Sequence[float | None]) -> None:
        """Draw the torrents as they are now."""
        self._live.update(self.render(statuses, checked), refresh=True)

    def render(self, statuses: Sequence[TorrentStatus], checked: Sequence[float | None]) -> RenderableType:
        """The display: never wider than the terminal."""
        room = max(20, self._console.width - FIGURES_WIDTH)
        bar = max(MIN_BAR, room // 2)
        name = max(8, room - bar)
        table = Table.grid(
            Column(width=name, no_wrap=True, overflow="ellipsis"),
            Column(width=bar),
            Column(justify="right", width=6),
            Column(justify="right", width=11),
            Column(justify="right", width=12, no_wrap=True),
            Column(justify="right", width=9),
            padding=(0, 1, 0, 0),
            pad_edge=False,
        )
        under: list[RenderableType] = []
        for status, share in zip(statuses, checked, strict=True):
            table.add_row(
                Text(shorten(status.name, 200)),
                ProgressBar(total=100.0, completed=share * 100 if share is not None else percent(status)),
                Text(f"{share * 100 if share is not None else percent(status):.1f}%"),
                Text(_rate(status, share)),
                Text(_left(status, share)),
                Text(count(len(status.peers), "peer")),
            )
            if status.why_slow and share is None:
                under.append(Text(f"  {escape(status.why_slow)}", no_wrap=True, overflow="ellipsis"))
            if self._verbose:
                under += [Text(f"  {row}") for row in peer_rows(status.peers, width=self._console.width - 2)]
        return Group(table, *under)

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


def _rate(status: TorrentStatus, share: float | None) -> str:
    if share is not None:
        return ""
    return format_rate(status.upload_rate if status.state is State.SEEDING else status.download_rate)


def _left(status: TorrentStatus, share: float | None) -> str:
    if share is not None:
        return "checking"
    if status.state in (State.SEEDING, State.STOPPING, State.ENDED):
        return str(status.state.value)
    return format_duration(status.eta) if status.eta is not None else "–"
