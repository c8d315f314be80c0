"""A bar on a terminal while pieces on disk are hashed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torrent_peer.cli.settings import Settings


@contextmanager
def hash_bar(name: str, settings: "Settings") -> Iterator[Callable[[int, int], None] | None]:
    """Something to tell how many pieces are hashed, and of how many; None where no bar is wanted."""
    wanted = settings.progress == "bar" or (
        settings.progress == "auto" and sys.stderr.isatty() and not settings.quiet and not settings.json
    )
    if not wanted:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from torrent_peer.cli.escape import shorten

    console = Console(stderr=True, no_color=True if settings.no_color else None)
    label = TextColumn("{task.description}", markup=False)
    with Progress(label, BarColumn(), TextColumn("{task.percentage:>5.1f}%"), console=console, transient=True) as bar:
        task = bar.add_task(shorten(name, 40), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
