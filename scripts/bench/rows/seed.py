"""Row 4: seeding. Our seed and libtorrent's in turns, to one and to four libtorrent leeches that know only the seed."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from attrs import asdict, frozen

from bench.content import Content, empty, make_content
from bench.downloaders import Job, libtorrent
from bench.figures import Findings, Spread, Table, ratio_of_pairs, ratio_to_limit
from bench.network import HOSTS
from bench.options import Options
from bench.processes import Cost, measured
from bench.seeders import LIBTORRENT, OURS, Seeder, open_seeder
from bench.tracker import Tracker, open_tracker
from bench.transfers import seconds_for
from bench.turns import in_turns
from bench.units import GIB, MIB

TITLE: Final = "Seed"
LEECHES: Final = (1, 4)
MOST_CPU: Final = 0.5
"""Seconds of our processor's time a GiB."""


@frozen(kw_only=True)
class Served:
    """What serving all leeches took."""

    length: int
    """Bytes of all leeches together."""
    seconds: float
    """From the first byte until the last leech had verified everything."""
    cpu: float
    """Of the seed."""

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    @property
    def cpu_per_gib(self) -> float:
        """Seconds."""
        return self.cpu * GIB / self.length


def measure(options: Options) -> Findings:
    """Both seeds stay up and take turns."""
    findings = Findings()
    with open_tracker() as tracker:
        content = make_content(
            options.scratch,
            length=options.size or (2 * GIB if options.full else 128 * MIB),
            piece_length=options.piece_length or MIB,
            announce=tracker.url,
        )
        for leeches in LEECHES:
            with (
                open_seeder(OURS, content, options.scratch) as ours,
                open_seeder(LIBTORRENT, content, options.scratch) as theirs,
            ):
                ways = {
                    name: partial(_serve, seed, leeches, content, tracker, options)
                    for name, seed in ((OURS, ours), (LIBTORRENT, theirs))
                    if options.wants(name)
                }
                runs = in_turns(ways, runs=options.runs, warm_up=options.warm_up, tell=_told)
            _note(findings, leeches, f"{content.describe()}, to libtorrent leeches: {leeches}", runs)
    return findings


def _serve(seed: Seeder, leeches: int, content: Content, tracker: Tracker, options: Options) -> Served:
    tracker.peers = seed.addresses
    jobs = [
        Job(
            content,
            empty(options.scratch / f"out-{number}"),
            empty(options.scratch / f"client-{number}"),
            seconds_for(content.length * leeches),
        )
        for number in range(leeches)
    ]
    before = seed.cpu()
    seed.mark()

    def run(number: int) -> Cost:
        command = libtorrent("tuned", host=HOSTS[10 + number])(jobs[number])
        return measured(command, directory=jobs[number].directory)

    with ThreadPoolExecutor(leeches) as pool:
        costs = list(pool.map(run, range(leeches)))
    served = Served(
        length=content.length * leeches,
        seconds=max(cost.done for cost in costs) - seed.first(),
        cpu=seed.cpu() - before,
    )
    for job in jobs:
        content.compare(job.out)
        empty(job.out)
    return served


def _told(run: Served) -> str:
    return f"{run.length / MIB / run.seconds:.0f} MiB/s, seed's CPU {run.cpu_per_gib:.2f} s/GiB"


def _note(findings: Findings, leeches: int, title: str, runs: dict[str, list[Served]]) -> None:
    table = Table(title, ("seed", "MiB/s, all leeches", "seconds", "seed's CPU s/GiB"))
    for name, all_ in runs.items():
        table.rows.append(
            (
                name,
                f"{Spread.of(run.length / MIB / run.seconds for run in all_).median:.0f}",
                Spread.of(run.seconds for run in all_).text(),
                Spread.of(run.cpu_per_gib for run in all_).text(),
            )
        )
        findings.runs += [{"seed": name, "leeches": leeches, **run.as_json()} for run in all_]
    findings.tables.append(table)
    if OURS not in runs:
        return
    to = f"to {leeches} leech{'es' if leeches > 1 else ''}"
    limit = ratio_to_limit(f"CPU: 0.5 s/GiB, {to}", MOST_CPU, [run.cpu_per_gib for run in runs[OURS]])
    findings.ratios.append(limit)
    if LIBTORRENT in runs:
        ours, theirs = runs[OURS], runs[LIBTORRENT]
        findings.ratios += [
            ratio_of_pairs(
                f"speed: libtorrent, {to}", [run.seconds for run in theirs], [run.seconds for run in ours], target=1.0
            ),
            ratio_of_pairs(
                f"CPU: libtorrent, {to}", [run.cpu for run in theirs], [run.cpu for run in ours], target=1.0
            ),
        ]
