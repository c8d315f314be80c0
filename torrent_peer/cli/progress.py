"""How progress is shown: a bar, a line now and then, JSON, or not at all."""

import os
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from torrent_peer.cli.escape import to_json
from torrent_peer.cli.units import count, format_duration, format_rate, format_size
from torrent_peer.session.status import State, TorrentStatus
from torrent_peer.wire.severity import Severity

if TYPE_CHECKING:
    from torrent_peer.cli.look import Look
    from torrent_peer.cli.output import Output
    from torrent_peer.cli.settings import Settings

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
    shows_peers: bool
    """Whether it wants to know each peer; thousands take a while to look at."""

    def show(self, looks: "Sequence[Look]") -> None:
        """Show how the torrents are doing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def choose_progress(settings: "Settings", output: "Output") -> Progress:
    """The kind `--progress` asks for; `auto` looks whether stderr is a terminal, and one that can be painted on."""
    kind = settings.progress
    if kind == "auto":
        paintable = sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
        kind = "none" if settings.json or settings.quiet else "bar" if paintable else "line"
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
    shows_peers = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put away."""

    def show(self, looks: "Sequence[Look]") -> None:
        """Nothing."""


class LineProgress(NoProgress):
    """One line for each torrent, and the peer table with `-v`."""

    interval = LINE_INTERVAL

    def __init__(self, settings: "Settings", output: "Output") -> None:
        self.shows_peers = bool(settings.verbose)
        self._output = output

    def show(self, looks: "Sequence[Look]") -> None:
        """Print the lines."""
        from torrent_peer.cli.peer_table import peer_rows

        for look in looks:
            self._output.note(progress_line(look))
            if self.shows_peers:
                for row in peer_rows(look.status.peers, width=160):
                    self._output.note(f"  {row}")


class JsonProgress(NoProgress):
    """One JSON object a second for each torrent, on stderr."""

    interval = JSON_INTERVAL

    def show(self, looks: "Sequence[Look]") -> None:
        """Print the objects."""
        import time

        from torrent_peer.cli import ndjson

        for status in (look.status for look in looks):
            fields = ndjson.progress_fields(status)
            line = ndjson.envelope("progress", at=time.time(), torrent=status.info_hash.hex(), **fields)
            print(to_json(line), file=sys.stderr, flush=True)


def progress_line(look: "Look") -> str:
    """One torrent on one line."""
    status = look.status
    if look.checked is not None:
        left = f", {format_duration(look.check_left)} left" if look.check_left is not None else ""
        return f"{status.name}: checking what is on disk, {look.checked:.0%}{left}"
    peers = count(status.connected, "peer")
    bent = sum(number for severity, number in look.severities.items() if severity is not Severity.REDUNDANT)
    bent_rules = f", {count(bent, 'broken rule')}" if bent else ""
    up = format_rate(status.upload_rate)
    if status.state is State.SEEDING:
        return f"{status.name}: {status.doing}, {format_size(status.uploaded)} uploaded, {up}, {peers}{bent_rules}"
    eta = f", {format_duration(status.eta)} left" if status.eta is not None else ""
    slow = f"; {status.why_slow}" if status.why_slow else ""
    return (
        f"{status.name}: {percent(status):.1f}% of {format_size(status.wanted)}, "
        f"{format_rate(status.download_rate)}{f', up {up}' if status.uploaded else ''}{eta}, {peers}{bent_rules}{slow}"
    )


def percent(status: TorrentStatus) -> float:
    """0…100; 100 only when everything is there."""
    if status.verified >= status.wanted:
        return 100.0
    return min(99.9, 100 * status.verified / status.wanted)
