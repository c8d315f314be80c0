"""Row 7: idle inbound connections. What each costs a seeding process, and whether the active ones notice.

A crowd says its handshakes, that it has nothing and wants nothing, and stays. Measured are the seed's own memory for
each connection, its CPU while nothing happens, the longest an active peer beside the crowd waits for one block (a stall
of the event loop shows here, and so does a busy machine: compare with the wait before the crowd came), and the speed of
an active peer that asks as fast as it can, divided by its speed before the crowd came and after it left.
"""

import resource
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import mean
from typing import Any, Final

from attrs import asdict, frozen

from bench.content import Content, make_content
from bench.crowd import Client
from bench.figures import Findings, Ratio, Spread, Table, ratio_of_pairs, ratio_to_limit
from bench.network import HOSTS
from bench.options import Options
from bench.processes import BenchError, cpu_of, running
from bench.seeders import LIBTORRENT, OURS, open_our_seed
from bench.tracker import Address
from bench.units import BENCH, KIB, MIB

TITLE: Final = "Idle connections"
CROWDS: Final = (1_000, 5_000, 10_000)
SMALL: Final = (500,)
OPEN_FILES_BESIDE: Final = 200
"""Descriptors a process needs besides those of the crowd."""
MOST_MEMORY: Final = 8 * KIB
"""Bytes of ours a connection."""
LONGEST_STALL: Final = 0.05
"""Seconds."""
KEPT_SPEED: Final = 0.9
MOST_RUNS: Final = 2
"""Of each, however many are asked for: one takes a minute, and memory does not vary."""
BATCH: Final = 64
PAUSE: Final = 0.005


@frozen(kw_only=True)
class Figures:
    """What one crowd cost one seeder."""

    seeder: str
    crowd: int
    still_there: int
    """Connections the seeder had not closed in the end."""
    memory: float
    """Bytes a connection, before anything else happened."""
    idle_cpu: float
    """Share of one core while nothing happens."""
    wait_alone: float
    """Seconds, the longest for one block, before the crowd came."""
    wait: float
    """Beside the crowd."""
    speed_alone: float
    """MiB a second, before the crowd came and after it left."""
    speed: float
    """Beside the crowd."""

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {name: round(x, 4) if isinstance(x, float) else x for name, x in asdict(self).items()}


def measure(options: Options) -> Findings:
    """Ours and libtorrent in turns, for each size of crowd."""
    crowds = CROWDS if options.full else SMALL
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < max(crowds) + OPEN_FILES_BESIDE:
        raise BenchError(f"{hard} descriptors are not enough for {max(crowds)} connections; raise 'ulimit -Hn'")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    findings = Findings()
    content = make_content(options.scratch, length=64 * MIB, piece_length=MIB)
    runs = [
        _run(who, crowd, content, options)
        for crowd in crowds
        for _ in range(min(options.runs, MOST_RUNS) if options.full else 1)
        for who in (OURS, LIBTORRENT)
        if options.wants(who)
    ]
    findings.runs += [run.as_json() for run in runs]
    findings.tables.append(_table(runs))
    for crowd in crowds:
        ours = [run for run in runs if run.crowd == crowd and run.seeder == OURS]
        theirs = [run for run in runs if run.crowd == crowd and run.seeder == LIBTORRENT]
        if ours:
            _note(findings, f"{crowd:,} idle", ours, theirs)
    return findings


def _note(findings: Findings, where: str, ours: list[Figures], theirs: list[Figures]) -> None:
    speed = Spread.of(run.speed / run.speed_alone / KEPT_SPEED for run in ours)
    findings.ratios += [
        ratio_to_limit(f"memory: 8 KiB each, {where}", MOST_MEMORY, [run.memory for run in ours]),
        ratio_to_limit(f"stall: 50 ms, {where}", LONGEST_STALL, [run.wait for run in ours]),
        Ratio(label=f"speed kept: 0.9, {where}", spread=speed, target=1.0),
    ]
    if theirs:
        pairs = [run.memory for run in theirs], [run.memory for run in ours]
        findings.ratios.append(ratio_of_pairs(f"memory: libtorrent, {where}", *pairs))


def _table(runs: list[Figures]) -> Table:
    columns = ("seeder", "crowd", "still there", "KiB each", "idle CPU %", "longest wait ms, alone", "beside the crowd")
    table = Table("", (*columns, "active MiB/s, alone", "beside the crowd", "share"))
    for run in runs:
        table.rows.append(
            (
                run.seeder,
                f"{run.crowd:,}",
                f"{run.still_there:,}",
                f"{run.memory / KIB:.1f}",
                f"{100 * run.idle_cpu:.1f}",
                f"{1000 * run.wait_alone:.0f}",
                f"{1000 * run.wait:.0f}",
                f"{run.speed_alone:.0f}",
                f"{run.speed:.0f}",
                f"{run.speed / run.speed_alone:.2f}",
            )
        )
    return table


def _run(who: str, crowd: int, content: Content, options: Options) -> Figures:
    idle_seconds, seconds = (10.0, 3.0) if options.full else (3.0, 1.0)
    with ExitStack() as stack:
        if who == OURS:
            ours = stack.enter_context(open_our_seed(content, options.scratch, "--max-peers", str(crowd + 100)))
            address, pid = ours.addresses[0], ours.pid
        else:
            role = [sys.executable, str(BENCH / "libtorrent_role.py"), "crowded", str(content.torrent)]
            argv = [*role, str(content.root), HOSTS[0]]
            theirs = stack.enter_context(running(argv, directory=options.scratch, ready=r"ports (\d+)\n"))
            address, pid = (HOSTS[0], int(theirs.found[1])), theirs.pid
        active = stack.enter_context(Client(address, content, 0))
        active.unchoked()
        active.speed(1.0)
        before = active.speed(seconds)
        wait_alone = active.longest_wait(seconds, PAUSE)
        memory = _anonymous(pid)
        clients = _gather(stack, address, content, crowd, active.buffer)
        time.sleep(3.0)
        each = (_anonymous(pid) - memory) / crowd
        cpu = cpu_of(pid)
        time.sleep(idle_seconds)
        idle_cpu = (cpu_of(pid) - cpu) / idle_seconds
        wait = active.longest_wait(max(idle_seconds, 3.0), PAUSE)
        beside = active.speed(seconds)
        still_there = sum(client.is_open() for client in clients)
        for client in clients:
            client.socket.close()
        time.sleep(3.0)
        figures = Figures(
            seeder=who,
            crowd=crowd,
            still_there=still_there,
            memory=each,
            idle_cpu=idle_cpu,
            wait_alone=wait_alone,
            wait=wait,
            speed_alone=mean((before, active.speed(seconds))),
            speed=beside,
        )
    print(f"  {figures.as_json()}", file=sys.stderr, flush=True)
    return figures


def _gather(stack: ExitStack, address: Address, content: Content, crowd: int, buffer: bytearray) -> list[Client]:
    clients: list[Client] = []
    for number in range(1, crowd + 1):
        client = stack.enter_context(Client(address, content, number))
        client.buffer = buffer
        clients.append(client)
        if number % BATCH == 0:
            for each in clients[-BATCH:]:
                each.greet()
    return clients


def _anonymous(pid: int) -> int:
    """Bytes of a process's own memory that is really there."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * KIB for line in lines if line.startswith(("Anonymous:", "Swap:")))
