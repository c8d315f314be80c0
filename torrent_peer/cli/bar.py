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
MIN_NAME, MIN_BAR = 8, 10
"""Columns of the terminal."""


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
        figures = FIGURES[: _that_fit(self._console.width)]
        room = self._console.width - sum(width + 1 for width, _ in figures) - 1
        bar = max(MIN_BAR, room // 2)
        table = Table.grid(
            Column(width=max(MIN_NAME, room - bar), no_wrap=True, overflow="ellipsis"),
            Column(width=bar),
            *(Column(justify="right", width=width, no_wrap=True) for width, _ in figures),
            padding=(0, 1, 0, 0),
            pad_edge=False,
        )
        under: list[RenderableType] = []
        for status, share in zip(statuses, checked, strict=True):
            done = share * 100 if share is not None else percent(status)
            table.add_row(
                Text(shorten(status.name, 200)),
                ProgressBar(total=100.0, completed=done),
                *(Text(figure(status, share)) for _, figure in figures),
            )
            if status.why_slow and share is None:
                whose = f"{shorten(status.name, 20)}: " if len(statuses) > 1 else ""
                under.append(Text(f"  {whose}{escape(status.why_slow)}", no_wrap=True, overflow="ellipsis"))
            if self._verbose:
                under += [Text(f"  {row}") for row in peer_rows(status.peers, width=self._console.width - 2)]
        return Group(table, *under)

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


def _that_fit(width: int) -> int:
    """How many figures there is room for; the first ones matter most."""
    room = width - MIN_NAME - MIN_BAR - 1
    for number, (columns, _) in enumerate(FIGURES):
        room -= columns + 1
        if room < 0:
            return number
    return len(FIGURES)


def _share(status: TorrentStatus, share: float | None) -> str:
    return f"{share * 100 if share is not None else percent(status):.1f}%"


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


def _peers(status: TorrentStatus, share: float | None) -> str:
    return count(len(status.peers), "peer")


FIGURES: Final = ((6, _share), (11, _rate), (12, _left), (9, _peers))
"""Right of the bar: columns of the terminal, and what stands there."""
