"""Row 5: hashing what lies in the page cache: ours, bare hashlib threads, libtorrent, transmission.

Each is timed inside its process, from the order to the verdict; `torrent-peer verify` is timed as a process, too.
"""

import re
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

from bench.content import NAME, Content, make_content
from bench.figures import Findings, Spread, Table, ratio_of_pairs
from bench.options import Options
from bench.processes import Command, cpu_of, measured
from bench.transmission_rpc import Daemon, open_daemon
from bench.turns import in_turns
from bench.units import BENCH, GIB, MIB

TITLE: Final = "Recheck"
OURS: Final = "torrent_peer, 2 threads"
OURS_ALONE: Final = "torrent_peer, 1 thread"
COMMAND: Final = "torrent-peer verify"
BARE: Final = "hashlib, 2 threads"
BARE_ALONE: Final = "hashlib, 1 thread"
LIBTORRENT: Final = "libtorrent, 2 hashing threads"
TRANSMISSION: Final = "transmission"
TARGETS: Final = {BARE: 0.9, LIBTORRENT: 1 / 1.1, TRANSMISSION: 1.0}


@frozen(kw_only=True)
class Check:
    """What one check took."""

    length: int
    seconds: float
    cpu: float
    """Of the whole process."""
    rss: int

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure(options: Options) -> Findings:
    """All in turns, over the same file."""
    findings = Findings()
    content = make_content(
        options.scratch,
        length=options.size or (2 * GIB if options.full else 512 * MIB),
        piece_length=options.piece_length or MIB,
    )
    role = [sys.executable, str(BENCH / "check_role.py")]
    ours = [*role, "ours", str(content.torrent), str(content.root)]
    bare = [*role, "hashlib", str(content.root / NAME), str(content.piece_length), str(content.hashes)]
    theirs = [sys.executable, str(BENCH / "libtorrent_role.py"), "check", str(content.torrent), str(content.root), "2"]
    whole = [sys.executable, "-m", "torrent_peer", "verify", str(content.torrent), str(content.root)]
    commands = {
        OURS: [*ours, "2"],
        OURS_ALONE: [*ours, "1"],
        COMMAND: [*whole, "--progress", "none"],
        BARE: [*bare, "2"],
        BARE_ALONE: [*bare, "1"],
        LIBTORRENT: theirs,
    }
    with ExitStack() as stack:
        ways: dict[str, Callable[[], Check]] = {
            name: partial(_checked, content, argv, options.scratch)
            for name, argv in commands.items()
            if options.wants(name)
        }
        if shutil.which("transmission-daemon") is None:
            findings.missing.append("transmission: there is no transmission-daemon here")
        elif options.wants(TRANSMISSION):
            daemon = stack.enter_context(open_daemon(options.scratch))
            ways[TRANSMISSION] = partial(_by_transmission, content, daemon)
        runs = in_turns(ways, runs=options.runs, warm_up=options.warm_up, tell=lambda run: f"{run.seconds:.3f} s")
    findings.tables.append(_table(content, runs))
    findings.runs += [{"checker": name, **run.as_json()} for name, all_ in runs.items() for run in all_]
    if OURS in runs:
        for name, target in TARGETS.items():
            if name in runs:
                pairs = ([run.seconds for run in runs[each]] for each in (name, OURS))
                findings.ratios.append(ratio_of_pairs(name, *pairs, target=target))
    return findings


def _checked(content: Content, argv: list[str], scratch: Path) -> Check:
    cost = measured(Command(argv=argv), directory=scratch)
    inside = re.search(r"checked ([\d.]+)", cost.output)
    return Check(
        length=content.length,
        seconds=float(inside[1]) if inside is not None else cost.wall,
        cpu=cost.cpu,
        rss=cost.rss,
    )


def _by_transmission(content: Content, daemon: Daemon) -> Check:
    before = cpu_of(daemon.pid)
    seconds = daemon.verify(content.torrent, content.root)
    return Check(length=content.length, seconds=seconds, cpu=cpu_of(daemon.pid) - before, rss=0)


def _table(content: Content, runs: Mapping[str, list[Check]]) -> Table:
    table = Table(content.describe(), ("checker", "MiB/s", "seconds", "CPU s/GiB", "peak RSS MiB"))
    for name, all_ in runs.items():
        rss = max(run.rss for run in all_)
        table.rows.append(
            (
                name,
                f"{Spread.of(run.length / MIB / run.seconds for run in all_).median:.0f}",
                Spread.of(run.seconds for run in all_).text(3),
                f"{Spread.of(run.cpu * GIB / run.length for run in all_).median:.2f}",
                f"{rss / MIB:.0f}" if rss else "",
            )
        )
    return table
