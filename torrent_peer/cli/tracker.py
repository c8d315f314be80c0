"""`torrent-peer tracker`: a local HTTP and UDP tracker, for tests, demos and small networks."""

from signal import Signals
from typing import TYPE_CHECKING, Final

import click

from torrent_peer.cli.exits import Exit
from torrent_peer.cli.options import command, option, settings_of
from torrent_peer.cli.units import parse_duration

if TYPE_CHECKING:
    from torrent_peer.cli.output import Output
    from torrent_peer.cli.settings import Settings

DEFAULT_PORT: Final = 6969
"""The customary one."""


@command("tracker", short_help="Run a local HTTP and UDP tracker.")
@option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0: all of IPv4.")
@option("--port", type=click.IntRange(0, 0xFFFF), default=DEFAULT_PORT, show_default=True, help="TCP and UDP; 0: any.")
@option("--interval", metavar="TIME", default="30m", show_default=True, parse=parse_duration, help="Between announces.")
@option("--print-url", is_flag=True, help="Print the announce URLs and nothing else.")
@click.pass_context
def tracker_command(ctx: click.Context, host: str, port: int, interval: float, print_url: bool) -> int:
    """Track any torrent until Ctrl-C. Nothing is kept."""
    import trio

    from torrent_peer.cli.output import Output

    settings = settings_of(ctx)
    with Output(settings) as output:
        return int(trio.run(_serve, host, port, max(1, int(interval)), print_url, settings, output))


async def _serve(host: str, port: int, interval: int, print_url: bool, settings: "Settings", output: "Output") -> Exit:
    import trio

    from torrent_peer.cli.interrupts import CODES
    from torrent_peer.testing.tracker import open_local_tracker

    async with open_local_tracker(host, port, interval=interval) as tracker:
        with trio.open_signal_receiver(*CODES) as received:
            if settings.json:
                output.document({"http": tracker.http_url, "udp": tracker.udp_url})
            elif print_url:
                output.result(tracker.http_url)
                output.result(tracker.udp_url)
            else:
                output.result(f"tracking at {tracker.http_url} and {tracker.udp_url} until Ctrl-C")
            async for number in received:
                return CODES[Signals(number)]
    raise AssertionError("signals do not end")
