"""Row 6: how soon. A torrent of 64 KiB from process start to verified file, `torrent-peer --version`, and imports."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from bench.content import Content, empty, make_content
from bench.downloaders import ARIA2, OURS, TRANSMISSION_CLI, TUNED, WEBTORRENT, Job, available, ours
from bench.figures import Findings, Ratio, Spread, Table, ratio_of_pairs, ratio_to_limit
from bench.imports import Imports, imports_of
from bench.options import Options
from bench.processes import Command, measured
from bench.seeders import LIBTORRENT, open_seeder
from bench.tracker import open_tracker
from bench.transfers import Transfer, compare
from bench.turns import in_turns
from bench.units import KIB, MIB

TITLE: Final = "Start"
MOST_SECONDS: Final = 0.3
"""From process start to verified file."""
BUDGETS: Final = {"--version": 0.1, "download": 0.25}
"""Seconds that importing may take, as -X importtime counts them."""
LAZY: Final = {"--version": ("trio", "rich", "httpx2", "httpcore2", "h11"), "download": ("rich", "httpx2", "httpcore2")}
"""Packages that are not needed for it and must not be imported."""
SHOWN: Final = 12
"""Packages in the table of imports."""


def measure(options: Options) -> Findings:
    """Everybody's small download, then our imports."""
    findings = Findings()
    clients = (OURS, TUNED, ARIA2, TRANSMISSION_CLI, WEBTORRENT)
    here, findings.missing = available([name for name in clients if options.wants(name)])
    with ExitStack() as stack:
        tracker = stack.enter_context(open_tracker())
        content = make_content(options.scratch, length=64 * KIB, piece_length=16 * KIB, announce=tracker.url)
        seeder = stack.enter_context(open_seeder(LIBTORRENT, content, options.scratch))
        tracker.peers = seeder.addresses
        runs = compare(here, content, seeder, options)
        _note_downloads(findings, runs)
        _note_versions(findings, options)
        _note_imports(findings, content, options)
    return findings


def _note_downloads(findings: Findings, runs: dict[str, list[Transfer]]) -> None:
    table = Table(
        "64 KiB, from process start", ("client", "verified after s", "ended after s", "CPU s", "peak RSS MiB")
    )
    for name, all_ in runs.items():
        verified, wall, cpu = (
            Spread.of(values) for values in ([x.verified for x in all_], [x.wall for x in all_], [x.cpu for x in all_])
        )
        rss = max(run.rss for run in all_) / MIB
        table.rows.append((name, verified.text(3), wall.text(3), f"{cpu.median:.3f}", f"{rss:.0f}"))
        findings.runs += [{"downloader": name, **run.as_json()} for run in all_]
    findings.tables.append(table)
    own = [run.verified for run in runs.get(OURS, [])]
    if not own:
        return
    findings.ratios.append(ratio_to_limit("64 KiB verified: 0.3 s", MOST_SECONDS, own))
    for name, all_ in runs.items():
        if name != OURS:
            target = None if name == TUNED else 1.0
            theirs = [run.verified for run in all_]
            findings.ratios.append(ratio_of_pairs(f"64 KiB verified: {name}", theirs, own, target=target))


def _note_versions(findings: Findings, options: Options) -> None:
    commands = {
        "torrent-peer --version": [sys.executable, "-m", "torrent_peer", "--version"],
        "torrent-peer --help": [sys.executable, "-m", "torrent_peer", "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    ways = {name: partial(_wall, argv, options.scratch) for name, argv in commands.items()}
    runs = in_turns(ways, runs=options.runs * 3, warm_up=options.warm_up)
    table = Table("a process that only speaks", ("command", "s"))
    table.rows += [(f"`{name}`", Spread.of(all_).text(3)) for name, all_ in runs.items()]
    findings.tables.append(table)


def _note_imports(findings: Findings, content: Content, options: Options) -> None:
    client = options.scratch / "client"

    def download() -> Imports:
        job = Job(content, empty(options.scratch / "out"), empty(client), 60.0)
        return imports_of(ours(job).argv[1:], directory=client)

    ways = {"--version": partial(imports_of, ["-m", "torrent_peer", "--version"], directory=options.scratch)}
    ways["download"] = download  # type: ignore[assignment]
    for name, all_ in in_turns(ways, runs=options.runs, warm_up=options.warm_up).items():
        _note_imports_of(findings, name, all_)


def _note_imports_of(findings: Findings, name: str, all_: Sequence[Imports]) -> None:
    total, budget = Spread.of(each.seconds for each in all_), BUDGETS[name]
    middle = sorted(all_, key=lambda each: each.seconds)[len(all_) // 2]
    table = Table(f"imports of `torrent-peer {name}`: {total.text(3)} s of {budget:g}", ("package", "ms", "modules"))
    for package, cost in list(middle.packages.items())[:SHOWN]:
        table.rows.append((package, f"{cost.seconds * 1000:.1f}", str(cost.modules)))
    if needless := [package for package in LAZY[name] if package in middle.packages]:
        table.notes.append(f"Imported and not needed: {', '.join(needless)}.")
    findings.tables.append(table)
    ratio = Ratio(
        label=f"imports of {name}: {budget:g} s",
        spread=Spread.of(budget / each.seconds for each in all_),
        target=1.0,
    )
    findings.ratios.append(ratio)


def _wall(argv: list[str], directory: Path) -> float:
    return measured(Command(argv=argv), directory=directory).wall
