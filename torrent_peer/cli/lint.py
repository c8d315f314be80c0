"""`torrent-peer lint`: judge both sides of every connection in a capture file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.options import command, option, settings_of

if TYPE_CHECKING:
    from torrent_peer.capture.recording import Recording
    from torrent_peer.core.geometry import Geometry
    from torrent_peer.core.ids import InfoHash

SEVERITIES: Final = ("violation", "deviation", "redundant")
CAPTURE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("lint", short_help="Judge both sides of recorded connections.")
@click.argument("file", metavar="FILE.pcap[ng]", type=CAPTURE)
@option("torrents", "--torrent", multiple=True, metavar="TORRENT", help="Whose sizes to judge by; repeatable.")
@option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 10 on findings as grave as this, or graver.")
@click.pass_context
def lint_command(ctx: click.Context, file: Path, torrents: tuple[str, ...], fail_on: str | None) -> int:
    """Judge every BitTorrent connection recorded in a pcap or pcapng file, both sides, message by message.

    A message is judged by what its sender may have heard: what may have crossed on the wire is nobody's fault. What is
    encrypted, goes over uTP, began before the capture, or is no BitTorrent at all is named and not judged. Without the
    torrent's size, from --torrent or from metadata that passes by, rules about blocks are not asked.

    'torrent-peer rules RULE' explains a rule. With -v, redundant messages and what was not read are listed, too.
    """
    from torrent_peer.cli.lint_report import as_document, describe, severities_in
    from torrent_peer.cli.output import Output
    from torrent_peer.cli.source import read_torrent
    from torrent_peer.wire.severity import Severity

    settings = settings_of(ctx)
    with Output(settings) as output:
        read = [read_torrent(each) for each in torrents]
        recording = judge_file(file, {each.info_hash: each.geometry for each in read})
        if settings.json:
            output.document(as_document(recording))
        else:
            for line in describe(recording, verbose=settings.verbose > 0):
                output.result(line)
        found = severities_in(recording)
        bad = fail_on is not None and any(each.gravity >= Severity(fail_on).gravity for each in found)
        return int(Exit.FINDINGS if bad else Exit.DONE)


def judge_file(path: Path, geometries: "Mapping[InfoHash, Geometry]") -> "Recording":
    """Judge what is in a capture file; a second time, if it tells the size of a torrent that was not known before.

    Raises CliError.
    """
    recording = _judge_once(path, geometries)
    wanted = {each.info_hash for each in recording.accounts if each.judged and not each.sized}
    learnt = learn_sizes({name: data for name, data in recording.metadata.items() if name in wanted}.items())
    return _judge_once(path, {**geometries, **learnt}) if learnt else recording


def learn_sizes(metadata: "Iterable[tuple[InfoHash, bytes]]") -> "dict[InfoHash, Geometry]":
    """The sizes of torrents whose metadata is what their info-hashes say."""
    from torrent_peer.metainfo.torrent import TorrentError, parse_torrent

    sizes: dict[InfoHash, Geometry] = {}
    for info_hash, info in metadata:
        try:
            torrent = parse_torrent(b"d4:info%se" % info)
        except TorrentError:
            continue
        if torrent.info_hash == info_hash:
            sizes[info_hash] = torrent.geometry
    return sizes


def _judge_once(path: Path, geometries: "Mapping[InfoHash, Geometry]") -> "Recording":
    from torrent_peer.capture.packet import CaptureError
    from torrent_peer.capture.recording import judge

    try:
        with path.open("rb") as file:
            return judge(file, geometries)
    except CaptureError as error:
        raise CliError(f"{path}: {error}") from error
