"""Row 10: a swarm. One seed and thirty of our leeches in one process on loopback: what the seed sends, in copies.

A seed alone would send thirty. One that serves as fast as everybody together can take has an easy life, so the least
it could do is one copy and its share of the rest; the fewer slots it has, the sooner what it sends is somewhere else.
"""

import time
from functools import partial
from typing import Any, Final

import trio
from attrs import asdict, evolve, frozen

from bench.figures import Findings, Spread, Table, ratio_to_limit
from bench.options import Options
from bench.turns import in_turns
from bench.units import KIB, MIB
from torrent_peer.core.geometry import Geometry
from torrent_peer.testing.swarm import LOOPBACK, open_local_swarm
from torrent_peer.testing.tiny import tiny_torrent

TITLE: Final = "A swarm"
LEECHES: Final = 30
SLOTS: Final = (4, 8)
"""Of the seed. 8 is everybody's default."""
MOST_COPIES: Final = 2.0
PATIENCE: Final = 600.0
"""Seconds."""


@frozen
class Outcome:
    """One swarm that has finished."""

    copies: float
    """Sent by the seed."""
    waste: float
    """Copies that all leeches together received for nothing."""
    seconds: float
    cpu: float

    def told(self) -> str:
        """For whoever waits."""
        return f"{self.copies:.2f} copies, waste {self.waste:.2f}, {self.seconds:.1f} s"


def measure(options: Options) -> Findings:
    """The same swarm with few and with many slots for the seed, in turns."""
    length, piece_length = options.size or 8 * MIB, options.piece_length or 64 * KIB
    ways = {f"{slots} slots": partial(trio.run, _swarm, length, piece_length, slots) for slots in SLOTS}
    runs = in_turns(ways, runs=options.runs, warm_up=0, tell=Outcome.told)
    findings = Findings()
    pieces = Geometry(length, piece_length).piece_count
    table = Table(
        f"{LEECHES} leeches, one seed, {length / MIB:g} MiB in {pieces} pieces",
        ("seed", "copies sent by it", "copies wasted by all", "wall s", "CPU s"),
    )
    for name, outcomes in runs.items():
        columns = ([getattr(each, key) for each in outcomes] for key in ("copies", "waste", "seconds", "cpu"))
        table.rows.append((name, *(Spread.of(values).text() for values in columns)))
        copies = [each.copies for each in outcomes]
        findings.ratios.append(ratio_to_limit(f"{MOST_COPIES:g} copies / the seed's, {name}", MOST_COPIES, copies))
        findings.runs += [{"seed": name, **_json(each)} for each in outcomes]
    findings.tables.append(table)
    return findings


async def _swarm(length: int, piece_length: int, slots: int) -> Outcome:
    torrent, content = tiny_torrent(length, piece_length)
    began, cpu = time.monotonic(), time.process_time()
    with trio.fail_after(PATIENCE):
        async with open_local_swarm(
            torrent, content, leeches=LEECHES, seed_session=evolve(LOOPBACK, upload_slots=slots)
        ) as swarm:
            await swarm.finished()
            waste = sum(leech.status.wasted for leech in swarm.leeches) / length
            seconds, spent = time.monotonic() - began, time.process_time() - cpu
            return Outcome(swarm.copies_by_seeds, waste, seconds, spent)


def _json(outcome: Outcome) -> dict[str, Any]:
    return {key: round(value, 3) for key, value in asdict(outcome).items()}
