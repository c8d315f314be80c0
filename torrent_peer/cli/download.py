"""`torrent-peer download`: what the command line says, turned into jobs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.on_done import parse_on_done
from torrent_peer.cli.options import FILE, command, option, settings_of
from torrent_peer.cli.params import Listen, parse_address, parse_patience, parse_ratio, parse_selection
from torrent_peer.cli.peer_table import flags_help
from torrent_peer.cli.units import parse_duration

if TYPE_CHECKING:
    from torrent_peer.cli.downloading import Job, Plan
    from torrent_peer.cli.settings import Settings
    from torrent_peer.metainfo.torrent import Torrent
    from torrent_peer.session.options import SessionOptions

DIRECTORY = click.Path(file_okay=False, path_type=Path)
DEFAULT_PORTS = (*range(6881, 6890), 0)
"""The customary ones, then any."""
SEVERITIES = ("violation", "deviation", "redundant")


@command("download", network=True, short_help="Fetch, verify, exit.", more_help=flags_help())
@click.argument("torrents", nargs=-1, required=True, metavar="TORRENT…")
@option("-o", "--out", type=DIRECTORY, default=Path(), help="Directory to save in. [default: here]")
@option("--select", metavar="1-3,7", parse=parse_selection, help="Only these files, as 'show' numbers them.")
@option("--match", multiple=True, metavar="GLOB", help="Only files that match; repeatable, adds to --select.")
@option("--peer", multiple=True, metavar="HOST:PORT", parse=parse_address, help="A peer to dial; repeatable.")
@option("--tracker", multiple=True, metavar="URL", help="Ask this tracker, too; repeatable.")
@option("--no-trackers", is_flag=True, help="Do not ask the torrent's own trackers.")
@option("--sequential", is_flag=True, help="Fetch pieces in order instead of rarest first.")
@option("--seed-ratio", metavar="R", parse=parse_ratio, help="Then serve until uploaded ÷ size is R.")
@option("--seed-time", metavar="TIME", parse=parse_duration, help="Then serve this long; first met ends.")
@option("--recheck", is_flag=True, help="Hash what is on disk, whatever the resume record says.")
@option("--overwrite", is_flag=True, help="Write over existing files that are no part of this download.")
@option(
    "--stall-timeout",
    metavar="TIME",
    default="5m",
    show_default=True,
    parse=parse_patience,
    help="Give up after so long without new data; 'never': wait on.",
)
@option("--stop-after", metavar="TIME", parse=parse_duration, help="Stop after so long, done or not.")
@option("--max-peers", type=click.IntRange(1, 2000), default=50, show_default=True, help="Connections per torrent.")
@option("--max-connections", type=click.IntRange(1, 60_000), help="Connections over all torrents. [default: 200]")
@option("--slots", type=click.IntRange(1, 1000), default=8, show_default=True, help="Peers served at once per torrent.")
@option("--max-slots", type=click.IntRange(1, 10_000), help="Peers served at once over all torrents.")
@option("--save-torrent", type=FILE, help="Keep the .torrent there.")
@option("--on-done", metavar="CMD", parse=parse_on_done, help="Start CMD when complete; see below.")
@option("--strict", is_flag=True, help="Close on deviations deployed clients are known for, too.")
@option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 10 when peers broke rules at this level or above.")
@click.pass_context
def download_command(ctx: click.Context, /, torrents: tuple[str, ...], **flags: Any) -> int:  # noqa: ANN401
    """Fetch each TORRENT, verify it, and exit.

    TORRENT is a path, an http(s) URL, or '-' for standard input; several are fetched side by side.
    Run the same command again to go on where it ended.

    TIME is like 90s, 30m or 1h30m. CMD is split as a shell would, but no shell sees it: the torrent's name, path and
    info-hash are in TORRENT_PEER_NAME, TORRENT_PEER_PATH and TORRENT_PEER_HASH.
    """
    from torrent_peer.cli.downloading import download
    from torrent_peer.cli.output import Output

    settings = settings_of(ctx)
    with Output(settings) as output:
        try:
            return int(download(make_plan(settings, torrents, **flags), settings, output))
        except CliError as error:
            from torrent_peer.cli import ndjson

            output.event(ndjson.error_event(str(error), error.code))
            raise


def make_plan(settings: "Settings", sources: tuple[str, ...], **flags: Any) -> "Plan":  # noqa: ANN401
    """Read every torrent and judge every flag before anything starts; raises CliError."""
    from torrent_peer.cli.downloading import Plan
    from torrent_peer.cli.source import read_torrent
    from torrent_peer.wire.severity import Severity

    if sources.count("-") > 1:
        raise CliError("'-' is there twice, but standard input can be read once", Exit.USAGE)
    torrents = [read_torrent(source) for source in sources]
    if len({torrent.info_hash for torrent in torrents}) < len(torrents):
        raise CliError("the same torrent is there twice; name each once", Exit.USAGE)
    if flags["save_torrent"] is not None:
        _save_torrent(torrents, flags["save_torrent"])
    return Plan(
        session=session_options(settings, **flags),
        jobs=tuple(_job(torrent, flags) for torrent in torrents),
        root=flags["out"],
        on_done=flags["on_done"],
        stop_after=flags["stop_after"],
        fail_on=Severity[flags["fail_on"].upper()] if flags["fail_on"] else None,
    )


def session_options(settings: "Settings", **flags: Any) -> "SessionOptions":  # noqa: ANN401
    """What the global options and a command's limits mean for the session."""
    from torrent_peer.session.options import DEFAULT_MAX_PEERS, SessionOptions
    from torrent_peer.wire.policy import Profile

    listen = settings.listen or Listen(None, DEFAULT_PORTS)
    return SessionOptions(
        listen_host=listen.host,
        listen_ports=listen.ports,
        bind=settings.bind,
        max_peers=flags.get("max_connections") or max(DEFAULT_MAX_PEERS, flags["max_peers"]),
        upload_slots=flags["slots"],
        max_upload_slots=flags.get("max_slots"),
        download_limit=settings.download_limit,
        upload_limit=settings.upload_limit,
        profile=Profile.STRICT if flags["strict"] else Profile.INTEROPERABLE,
        transcript=settings.transcript is not None,
    )


def _job(torrent: "Torrent", flags: dict[str, Any]) -> "Job":
    from torrent_peer.cli.downloading import Job
    from torrent_peer.cli.selection import wanted_files
    from torrent_peer.session.options import TorrentOptions

    options = TorrentOptions(
        wanted_files=wanted_files(torrent, flags["select"], flags["match"]),
        peers=flags["peer"],
        trackers=announce_tiers(torrent, flags["tracker"], own=not flags["no_trackers"]),
        max_peers=flags["max_peers"],
        sequential=flags["sequential"],
        recheck=flags["recheck"],
        overwrite=flags["overwrite"],
        stall_timeout=flags["stall_timeout"],
        seed_ratio=flags["seed_ratio"],
        seed_time=flags["seed_time"],
    )
    return Job(torrent, options)


def announce_tiers(torrent: "Torrent", given: Sequence[str], *, own: bool) -> tuple[tuple[str, ...], ...]:
    """The trackers given, each a tier, before the torrent's own; raises CliError."""
    return (*((_tracker(url),) for url in given), *(torrent.trackers if own else ()))


def _tracker(url: str) -> str:
    if not url.lower().startswith(("http://", "https://", "udp://")):
        raise CliError(f"--tracker: '{url}' is not an http, https or udp URL", Exit.USAGE)
    return url


def _save_torrent(torrents: "list[Torrent]", path: Path) -> None:
    if len(torrents) != 1:
        raise CliError("--save-torrent: there are several torrents, but one file to save to", Exit.USAGE)
    try:
        path.write_bytes(torrents[0].raw)
    except OSError as error:
        raise CliError(f"--save-torrent: {path}: {error.strerror}; choose another file", Exit.DISK) from error
