"""How progress is shown: a bar, a line now and then, JSON, or not at all."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Protocol, Self

from torrent_peer.cli.escape import to_json
from torrent_peer.cli.output import Output
from torrent_peer.cli.peer_table import peer_rows
from torrent_peer.cli.settings import Settings
from torrent_peer.cli.units import count, format_duration, format_rate, format_size
from torrent_peer.session.status import State, TorrentStatus

LINE_INTERVAL: Final = 10.0
"""Seconds between two lines."""
JSON_INTERVAL: Final = 1.0
"""Seconds between two `progress` events."""
NEVER: Final = 3600.0


class Progress(Protocol):
    """Something that shows progress; a context manager."""

    interval: float
    """Seconds between two calls of `show`."""
    at_ends: bool
    """Whether the very first and the very last state are shown, too."""

    def show(self, statuses: Sequence[TorrentStatus], checked: Sequence[float | None]) -> None:
        """Show how the torrents are doing; `checked` is the share hashed of each that is being checked."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def choose_progress(settings: Settings, output: Output) -> Progress:
    """The kind `--progress` asks for; `auto` looks whether stderr is a terminal."""
    kind = settings.progress
    if kind == "auto":
        kind = "none" if settings.json or settings.quiet else "bar" if sys.stderr.isatty() else "line"
    if kind == "bar":
        from torrent_peer.cli.bar import BarProgress

        return BarProgress(settings, output)
    if kind == "line":
        return LineProgress(settings, output)
    return JsonProgress() if kind == "json" else NoProgress()


class NoProgress:
    """Shows nothing."""

    interval = NEVER
    at_ends = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put away."""

    def show(self, statuses: Sequence[TorrentStatus], checked: Sequence[float | None]) -> None:
        """Nothing."""


class LineProgress(NoProgress):
    """One line for each torrent, and the peer table with `-v`."""

    interval = LINE_INTERVAL

    def __init__(self, settings: Settings, output: Output) -> None:
        self._verbose = settings.verbose
        self._output = output

    def show(self, statuses: Sequence[TorrentStatus], checked: Sequence[float | None]) -> None:
        """Print the lines."""
        for status, share in zip(statuses, checked, strict=True):
            self._output.note(progress_line(status, share))
            if self._verbose:
                for row in peer_rows(status.peers, width=160):
                    self._output.note(f"  {row}")


class JsonProgress(NoProgress):
    """One JSON object a second for each torrent, on stderr."""

    interval = JSON_INTERVAL

    def show(self, statuses: Sequence[TorrentStatus], checked: Sequence[float | None]) -> None:
        """Print the objects."""
        import time

        from torrent_peer.cli import ndjson

        for status in statuses:
            fields = ndjson.progress_fields(status)
            line = ndjson.envelope("progress", at=time.time(), torrent=status.info_hash.hex(), **fields)
            print(to_json(line), file=sys.stderr, flush=True)


def progress_line(status: TorrentStatus, checked: float | None) -> str:
    """One torrent on one line."""
    if checked is not None:
        return f"{status.name}: checking what is on disk, {checked:.0%}"
    if status.state is State.SEEDING:
        rate, sent = format_rate(status.upload_rate), format_size(status.uploaded)
        return f"{status.name}: seeding, {sent} uploaded, {rate}, {count(len(status.peers), 'peer')}"
    eta = f", {format_duration(status.eta)} left" if status.eta is not None else ""
    slow = f"; {status.why_slow}" if status.why_slow else ""
    return (
        f"{status.name}: {percent(status):.1f}% of {format_size(status.wanted)}, "
        f"{format_rate(status.download_rate)}{eta}, {count(len(status.peers), 'peer')}{slow}"
    )


def percent(status: TorrentStatus) -> float:
    """0…100; 100 only when everything is there."""
    if status.verified >= status.wanted:
        return 100.0
    return min(99.9, 100 * status.verified / status.wanted)
