"""What a soak costs, and how a process fares that runs through all of it."""

import contextlib
import os
import time
from pathlib import Path

from attrs import define, field

from tests.interop.soak_swarm import Place


@define
class Figures:
    """What the swarm costs, and how the steady seed fares."""

    scratch: Path
    begun: float = field(factory=time.monotonic)
    before: float = field(factory=lambda: sum(cpu_below(os.getpid()).values()))
    """Seconds of CPU that this process had used before."""
    cpu: dict[int, float] = field(factory=dict)
    """Process → seconds of CPU when it was last seen."""
    seed: list[tuple[float, float, int]] = field(factory=list)
    """(seconds since the start, MiB resident, descriptors open) of the steady seed."""
    disk: float = 0.0
    """MiB below the scratch directory, at most."""

    def look(self, steady: Place) -> None:
        """Look at everything now."""
        self.cpu.update(cpu_below(os.getpid()))
        total = 0
        for folder, _, names in os.walk(self.scratch):
            for name in names:
                with contextlib.suppress(OSError):
                    total += os.lstat(os.path.join(folder, name)).st_size
        self.disk = max(self.disk, total / 2**20)
        if steady.program is not None:
            with contextlib.suppress(OSError, IndexError):  # it may be beginning or ending
                pid = children_of(steady.program.process.pid)[0] if steady.program else 0
                resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
                held = len(os.listdir(f"/proc/{pid}/fd"))
                self.seed.append((time.monotonic() - self.begun, resident / 2**20, held))

    def share(self) -> float:
        """Per cent of one core that all processes used; who lived shorter than a look is missed."""
        return 100 * (sum(self.cpu.values()) - self.before) / (time.monotonic() - self.begun)

    def around(self, fraction: float) -> tuple[float, float, int]:
        """The steady seed at this part of the run."""
        return self.seed[min(len(self.seed) - 1, int(fraction * len(self.seed)))]


def children_of(pid: int) -> list[int]:
    """The processes that this one started and that live."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_below(pid: int) -> dict[int, float]:
    """Seconds of CPU of this process and of all below it."""
    found: dict[int, float] = {}
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            found[each] = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
            for task in os.listdir(f"/proc/{each}/task"):
                waiting += map(int, Path(f"/proc/{each}/task/{task}/children").read_text().split())
    return found
