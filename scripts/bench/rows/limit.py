"""Row 2: the physical limit. The smallest C program that receives, hashes and writes the same bytes, with one and with
two workers, fed by `sendfile`; and our whole client, fed by the C seed over the peer wire.

The comparison is hard on us: the wire costs the seed what `sendfile` does not, and both share the cores.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from bench.content import NAME, Content, empty, make_content
from bench.downloaders import OURS, TUNED
from bench.figures import Findings, Table, ratio_of_pairs
from bench.native import program
from bench.network import HOSTS
from bench.options import Options
from bench.processes import Command, Helper, cpu_of, measured, running
from bench.seeders import NATIVE, open_seeder
from bench.tracker import open_tracker
from bench.transfers import COLUMNS, Transfer, as_row, told, transfer
from bench.turns import in_turns
from bench.units import GIB, MIB

TITLE: Final = "The physical limit"
WORKERS: Final = {"C, one worker": 1, "C, two workers": 2}
TARGETS: Final = {"C, one worker": 0.9, "C, two workers": 0.65}


def measure(options: Options) -> Findings:
    """The C program and the client in turns."""
    findings = Findings()
    with open_tracker() as tracker:
        content = make_content(
            options.scratch,
            length=options.size or (2 * GIB if options.full else 256 * MIB),
            piece_length=options.piece_length or MIB,
            announce=tracker.url,
        )
        sender = [str(program("send_raw")), HOSTS[1], str(content.root / NAME)]
        with (
            running(sender, directory=options.scratch, ready=r"port (\d+)\n") as raw,
            open_seeder(NATIVE, content, options.scratch) as seeder,
        ):
            port = raw.found[1].decode()
            tracker.peers = seeder.addresses
            ways: dict[str, Callable[[], Transfer]] = {
                name: partial(_bare, content, raw, port, workers, options.scratch) for name, workers in WORKERS.items()
            }
            ways |= {name: partial(transfer, name, content, seeder, options.scratch) for name in (OURS, TUNED)}
            runs = in_turns(
                {name: way for name, way in ways.items() if options.wants(name)},
                runs=options.runs,
                warm_up=options.warm_up,
                tell=told,
            )
    table = Table(content.describe(), COLUMNS, [as_row(name, all_) for name, all_ in runs.items()])
    findings.tables.append(table)
    findings.runs += [{"downloader": name, **run.as_json()} for name, all_ in runs.items() for run in all_]
    for name, target in TARGETS.items():
        if name in runs and OURS in runs:
            theirs, ours = ([run.transfer for run in runs[each]] for each in (name, OURS))
            findings.ratios.append(ratio_of_pairs(f"transfer: {name}", theirs, ours, target=target))
    return findings


def _bare(content: Content, raw: Helper, port: str, workers: int, scratch: Path) -> Transfer:
    out = empty(scratch / "out")
    argv = [str(program("receive")), HOSTS[1], port, str(out / NAME), str(content.length), str(content.piece_length)]
    before = cpu_of(raw.pid)
    cost = measured(Command(argv=[*argv, str(content.hashes), str(workers)]), directory=scratch)
    seeder_cpu = cpu_of(raw.pid) - before
    first, done = (float(re.findall(rf"{word} ([\d.]+)", cost.output)[0]) for word in ("first", "done"))
    content.compare(out)
    empty(out)
    return Transfer(
        length=content.length,
        wall=cost.wall,
        verified=done - cost.began,
        transfer=done - first,
        cpu=cost.cpu,
        rss=cost.rss,
        seeder_cpu=seeder_cpu,
    )
