"""`torrent-peer seed`: what the command line says, turned into a job that fetches and writes nothing."""

from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.options import command, option, settings_of
from torrent_peer.cli.params import parse_address, parse_ratio
from torrent_peer.cli.peer_table import flags_help
from torrent_peer.cli.units import parse_duration

if TYPE_CHECKING:
    from torrent_peer.cli.downloading import Plan
    from torrent_peer.cli.settings import Settings


@command("seed", network=True, short_help="Verify what is on disk, and serve it.", more_help=flags_help())
@click.argument("torrent", metavar="TORRENT")
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@option("--seed-ratio", metavar="R", parse=parse_ratio, help="Stop when uploaded ÷ size is R.")
@option("--seed-time", metavar="TIME", parse=parse_duration, help="Stop after so long; first met ends.")
@option("--slots", type=click.IntRange(1, 1000), default=8, show_default=True, help="Peers served at once.")
@option("--peer", multiple=True, metavar="HOST:PORT", parse=parse_address, help="A peer to dial; repeatable.")
@option("--tracker", multiple=True, metavar="URL", help="Announce to this tracker, too; repeatable.")
@option("--no-trackers", is_flag=True, help="Do not announce to the torrent's own trackers.")
@option("--max-peers", type=click.IntRange(1, 60_000), default=50, show_default=True, help="Connections held at once.")
@option("--super-seed", is_flag=True, help="Reveal pieces one by one, for the first and slow seed.")
@option("--partial", is_flag=True, help="Serve what is there, even if some is missing.")
@option("--recheck", is_flag=True, help="Hash everything, even what a resume record vouches for.")
@option("--strict", is_flag=True, help="Close on deviations deployed clients are known for, too.")
@click.pass_context
def seed_command(ctx: click.Context, /, torrent: str, path: Path, **flags: Any) -> int:  # noqa: ANN401  # click's
    """Verify the content of TORRENT at PATH, announce it, and serve it until stopped.

    PATH is the directory the content is in, or the content itself. Nothing is written there. Data that is missing or
    wrong is named, and is an error (exit 6) unless --partial is given.

    TORRENT is a path, an http(s) URL, or '-' for standard input. TIME is like 90s, 30m or 1h30m. Without --seed-ratio
    and --seed-time, Ctrl-C ends it.

    With --super-seed (BEP 16) we seem to have nothing: each peer is told of a piece or two, and of another when others
    have got the first. About one copy is uploaded until others have everything. It is for a slow first seed. Once
    enough others have everything, nothing is hidden any more.
    """
    from torrent_peer.cli.downloading import download
    from torrent_peer.cli.output import Output

    settings = settings_of(ctx)
    with Output(settings) as output:
        try:
            return int(download(make_plan(settings, torrent, path, **flags), settings, output))
        except CliError as error:
            from torrent_peer.cli import ndjson

            output.event(ndjson.error_event(str(error), error.code))
            raise


def make_plan(settings: "Settings", source: str, path: Path, **flags: Any) -> "Plan":  # noqa: ANN401  # click's
    """Read the torrent and judge every flag before anything starts; raises CliError."""
    from torrent_peer.cli.download import announce_tiers, session_options
    from torrent_peer.cli.downloading import Job, Plan
    from torrent_peer.cli.source import read_torrent
    from torrent_peer.cli.verify import content_root
    from torrent_peer.session.options import TorrentOptions

    if flags["super_seed"]:
        _check_super_seed(partial=flags["partial"], seed_ratio=flags["seed_ratio"])
    torrent = read_torrent(source)
    seed_time = flags["seed_time"]
    options = TorrentOptions(
        peers=flags["peer"],
        trackers=announce_tiers(torrent, flags["tracker"], own=not flags["no_trackers"]),
        max_peers=flags["max_peers"],
        recheck=flags["recheck"],
        seed_ratio=flags["seed_ratio"],
        seed_time=inf if seed_time is None and flags["seed_ratio"] is None else seed_time,
        read_only=True,
        partial=flags["partial"],
        super_seed=flags["super_seed"],
    )
    return Plan(
        session=session_options(settings, **flags),
        jobs=(Job(torrent, options),),
        root=content_root(torrent, path),
    )


def _check_super_seed(*, partial: bool, seed_ratio: float | None) -> None:
    """Refuse what cannot be meant; raises CliError."""
    if partial:
        raise CliError("--super-seed: what is missing cannot be given to anybody; leave out --partial", Exit.USAGE)
    if seed_ratio is not None and seed_ratio < 1:
        raise CliError(
            f"--super-seed: at ratio {seed_ratio:g} nobody can have everything; --seed-ratio 1 is the least", Exit.USAGE
        )
