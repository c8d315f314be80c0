"""Row 8: what grows with a swarm. The picker, haves and the choker alone; a block of the whole client beside others."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from bench.content import NAME, Content, bencoded, empty, make_content
from bench.downloaders import Job, ours
from bench.figures import Findings, Ratio, Spread, Table
from bench.opinions import choker_cost, picker_costs
from bench.options import Options
from bench.processes import Command, measured
from bench.seeders import Seeder, cheapest, open_seeder
from bench.tracker import open_tracker
from bench.turns import in_turns
from bench.units import KIB, MIB

TITLE: Final = "Growth"
PIECES: Final = (100, 1_000, 10_000, 100_000)
PEERS: Final = (1, 10, 100, 500)
TORRENTS: Final = (1, 10, 50, 200)
FLAT: Final = round(1 / 1.2, 2)
"""The least may be so much of the most."""
EVENTS: Final = ("have", "block", "verified piece", "join")
FLAT_EVENTS: Final = EVENTS[:3]
FIXED_PEERS: Final = 40
FIXED_PIECES: Final = 2_000
SETTLE: Final = 0.05
"""Seconds for each torrent to be set up before the first peer is named."""


def measure(options: Options) -> Findings:
    """Sizes take turns, so that a mood of the machine is no growth."""
    findings = Findings()
    swarms = [*((pieces, FIXED_PEERS) for pieces in PIECES), *((FIXED_PIECES, peers) for peers in PEERS)]
    costs = in_turns(
        {_swarm(*each): partial(picker_costs, pieces=each[0], peers=each[1]) for each in swarms},
        runs=options.runs,
        warm_up=options.warm_up,
    )
    for sizes in (swarms[: len(PIECES)], swarms[len(PIECES) :]):
        _note_picker(findings, {_swarm(*each): costs[_swarm(*each)] for each in sizes})
    choker = {f"{peers} peer{'s' * (peers > 1)}": partial(choker_cost, peers=peers) for peers in PEERS}
    _note(findings, "the choker: CPU ns a peer and round", in_turns(choker, runs=options.runs, warm_up=options.warm_up))
    _note(findings, "the client: CPU µs a block of one torrent, the others idle", _beside_others(options))
    return findings


def _beside_others(options: Options) -> dict[str, list[float]]:
    with ExitStack() as stack:
        tracker = stack.enter_context(open_tracker())
        content = make_content(
            options.scratch,
            length=options.size or (1024 * MIB if options.full else 128 * MIB),
            piece_length=MIB,
            announce=tracker.url,
        )
        tracker.only = content.info_hash
        others = _idle_torrents(options, max(TORRENTS) - 1, tracker.url)
        seeder = stack.enter_context(open_seeder(cheapest(), content, options.scratch))
        tracker.peers = seeder.addresses

        def run(count: int) -> float:
            tracker.delay = count * SETTLE
            return _block_of(content, seeder, others[: count - 1], options)

        ways = {f"{count} torrent{'s' * (count > 1)}": partial(run, count) for count in TORRENTS}
        return in_turns(
            ways, runs=options.runs, warm_up=options.warm_up, tell=lambda cost: f"{cost:.1f} µs of CPU a block"
        )


def _block_of(content: Content, seeder: Seeder, others: Sequence[str], options: Options) -> float:
    out = empty(options.scratch / "out")
    job = Job(content, out, empty(options.scratch / "client"), 120.0)
    alone = ours(job)
    seeder.mark()
    # it is killed as soon as it is complete; the others would go on
    command = Command(argv=[*alone.argv, *others], done=rf"({NAME}: )?complete after", ends=False)
    cost = measured(command, directory=job.directory)
    content.compare(out)
    return cost.cpu_since(seeder.first()) / (content.length / (16 * KIB)) * 1e6


def _idle_torrents(options: Options, count: int, announce: str) -> list[str]:
    """Torrents whose tracker knows nobody."""
    made = []
    for number in range(count):
        info = {"length": MIB, "name": f"idle-{number}", "piece length": 256 * KIB, "pieces": bytes([number]) * 80}
        path = options.scratch / f"idle-{number}.torrent"
        path.write_bytes(bencoded({"announce": announce, "info": info}))
        made.append(str(path))
    return made


def _swarm(pieces: int, peers: int) -> str:
    return f"{pieces:,} pieces, {peers} peer{'s' * (peers > 1)}"


def _note_picker(findings: Findings, costs: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    table = Table("the picker: CPU ns an event", ("swarm", *(f"{event}" for event in EVENTS)))
    for name, runs in costs.items():
        table.rows.append((name, *(f"{Spread.of(run[event] for run in runs).median:.0f}" for event in EVENTS)))
    findings.tables.append(table)
    for event in FLAT_EVENTS:
        _note_growth(findings, f"picker, {event}", {name: [run[event] for run in runs] for name, runs in costs.items()})


def _note(findings: Findings, what: str, by_size: Mapping[str, Sequence[float]]) -> None:
    table = Table(what, ("size", "cost"))
    table.rows += [(name, Spread.of(all_).text(0 if min(all_) > 100 else 1)) for name, all_ in by_size.items()]
    findings.tables.append(table)
    _note_growth(findings, what.partition(":")[0], by_size)


def _note_growth(findings: Findings, what: str, by_size: Mapping[str, Sequence[float]]) -> None:
    """The cost of the least size / the cost of the largest, best runs: a mood only ever adds."""
    names = list(by_size)
    small, large = by_size[names[0]], by_size[names[-1]]
    pairs = sorted(a / b for a, b in zip(small, large, strict=True))
    spread = Spread(min(small) / min(large), pairs[0], pairs[-1])
    findings.ratios.append(Ratio(label=f"{what}: {names[0]} → {names[-1]}", spread=spread, target=FLAT))
    findings.runs.append({"what": what, "costs": {name: list(all_) for name, all_ in by_size.items()}})
