"""`torrent-peer demo`: a tracker, seeders and a downloader in one process, over real sockets on loopback."""

from typing import TYPE_CHECKING, Final

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.options import command, option, settings_of
from torrent_peer.cli.units import parse_size

if TYPE_CHECKING:
    from torrent_peer.cli.settings import Settings

LEAST_SIZE: Final = 64 * 1024
MOST_SIZE: Final = 16 * 1024**3


@command("demo", short_help="Watch a swarm on loopback move a sample.")
@option("--size", metavar="SIZE", default="64M", show_default=True, parse=parse_size, help="How much to move.")
@option("--peers", type=click.IntRange(1, 20), default=3, show_default=True, help="How many seeders.")
@click.pass_context
def demo_command(ctx: click.Context, size: int, peers: int) -> int:
    """Start a local tracker and seeders, download a sample from them, and compare what came.

    Everything goes through real sockets, announces and files, in a temporary directory that is removed afterwards.
    """
    import tempfile
    from pathlib import Path

    import trio

    from torrent_peer.cli.output import Output
    from torrent_peer.cli.swarm_demo import run_demo

    if not LEAST_SIZE <= size <= MOST_SIZE:
        raise CliError(f"--size: {size} bytes; choose from 64K to 16G", Exit.USAGE)
    settings: Settings = settings_of(ctx)
    with Output(settings) as output, tempfile.TemporaryDirectory(prefix="torrent-peer-demo-") as directory:
        return int(trio.run(run_demo, Path(directory), size, peers, settings, output))
