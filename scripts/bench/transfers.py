"""One download, measured: from a seeder that is running into an empty directory, and compared with what was seeded."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

from bench.content import Content, empty
from bench.downloaders import DOWNLOADERS, OURS, TUNED, Job
from bench.figures import CLOCK, Findings, Ratio, Spread, Table, ratio_of_pairs
from bench.options import Options
from bench.processes import measured
from bench.seeders import Seeder
from bench.turns import in_turns
from bench.units import GIB, MIB

SECONDS: Final = 60.0
"""A download may take so long, and what its bytes take at SLOWEST."""
SLOWEST: Final = 8
"""MiB a second."""


@frozen(kw_only=True)
class Transfer:
    """What one download took."""

    length: int
    wall: float
    """Seconds of the whole process, or until it was done when it does not end by itself."""
    verified: float
    """Seconds from its start to the last verified byte."""
    transfer: float
    """Seconds from the first request to the last verified byte."""
    cpu: float
    rss: int
    seeder_cpu: float

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def seconds_for(length: int) -> float:
    """How long `length` bytes may take before the run has failed."""
    return SECONDS + length / MIB / SLOWEST


def transfer(name: str, content: Content, seeder: Seeder, scratch: Path) -> Transfer:
    """Let the client `name` download, once; raises BenchError when what came is not what was seeded."""
    out = empty(scratch / "out")
    job = Job(content, out, empty(scratch / "client"), seconds_for(content.length))
    command = DOWNLOADERS[name][1](job)
    before = seeder.cpu()
    seeder.mark()
    cost = measured(command, directory=job.directory)
    result = Transfer(
        length=content.length,
        wall=cost.wall,
        verified=cost.done - cost.began,
        transfer=cost.done - seeder.first(),
        cpu=cost.cpu,
        rss=cost.rss,
        seeder_cpu=seeder.cpu() - before,
    )
    content.compare(out)
    empty(out)
    return result


def compare(names: Sequence[str], content: Content, seeder: Seeder, options: Options) -> dict[str, list[Transfer]]:
    """The clients `names` in turns."""
    ways = {name: partial(transfer, name, content, seeder, options.scratch) for name in names}
    return in_turns(ways, runs=options.runs, warm_up=options.warm_up, tell=told)


def told(run: Transfer) -> str:
    """A line while it goes."""
    return f"wall {run.wall:.2f} s, transfer {run.transfer:.2f} s, CPU {run.cpu:.2f} s, {run.rss / MIB:.0f} MiB"


COLUMNS: Final = (
    "downloader",
    "transfer MiB/s",
    "transfer s",
    "wall s",
    "CPU s/GiB",
    "peak RSS MiB",
    "seeder CPU s/GiB",
)


def as_row(name: str, runs: Sequence[Transfer]) -> tuple[str, ...]:
    """A line of the table: medians with their spread, RSS the highest."""

    def spread(value: Callable[[Transfer], float]) -> Spread:
        return Spread.of(map(value, runs))

    return (
        name,
        f"{spread(lambda run: run.length / MIB / max(run.transfer, CLOCK)).median:.3g}",
        spread(lambda run: run.transfer).text(),
        spread(lambda run: run.wall).text(),
        f"{spread(lambda run: run.cpu * GIB / run.length).median:.2f}",
        f"{max(run.rss for run in runs) / MIB:.0f}",
        f"{spread(lambda run: run.seeder_cpu * GIB / run.length).median:.2f}",
    )


def note_transfers(
    findings: Findings,
    title: str,
    where: str,
    runs: Mapping[str, Sequence[Transfer]],
    targets: Mapping[str, float],
    *,
    cpu: bool = True,
) -> None:
    """A table, and how many times better ours is than each of the others; `targets`: of transfer time, else 1.

    `cpu`: whether the processor's time is worth a ratio.
    """
    findings.tables.append(Table(title, COLUMNS, [as_row(name, all_) for name, all_ in runs.items()]))
    findings.runs += [
        {"where": where, "downloader": name, **run.as_json()} for name, all_ in runs.items() for run in all_
    ]
    ours = runs.get(OURS, ())
    for name in runs:
        if name == OURS or not ours:
            continue

        def beside(what: str, value: Callable[[Transfer], float], target: float, name: str = name) -> Ratio:
            pairs = [*map(value, runs[name])], [*map(value, runs[OURS])]
            return ratio_of_pairs(f"{what}: {name}, {where}", *pairs, target=target)

        findings.ratios.append(beside("transfer", lambda run: run.transfer, targets.get(name, 1.0)))
        findings.ratios.append(beside("wall", lambda run: run.wall, 1.0))
        if cpu and name == TUNED:
            findings.ratios.append(beside("CPU", lambda run: run.cpu, 1.0))
