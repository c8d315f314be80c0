"""Real clients among themselves, recorded: who takes part in a scene, and how it is played."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve, frozen

from tests.interop.clients.job import Client, Job
from tests.interop.network import Network
from tests.interop.programs import Program
from tests.interop.samples import NAME, Sample, digests_below
from tests.interop.trackers import Tracker, TrackerKind, Trackers

TAP = Path(__file__).with_name("tap.py")
LINGER = 1.0
"""Seconds after the last has everything: last haves, farewells between seeds."""


@frozen
class Part:
    """What one client does in a scene."""

    client: Client
    seeds: bool = False
    rate: int = 0
    """Bytes per second it sends and receives; 0 for no limit."""
    slots: int = 0
    hasty: bool = False
    magnet: bool = False
    """It starts from a magnet link."""
    returns: bool = False
    """It is killed on its way, and starts again on what it has."""


@frozen
class Scene:
    """A seed or several, leeches, and the same torrent for all."""

    name: str
    parts: tuple[Part, ...]
    seconds: float = 60.0
    """Within which every leech has everything."""
    pex: bool = True

    def require(self) -> None:
        """Skip or fail the test when a client is not here."""
        for part in self.parts:
            part.client.require()


@frozen
class Recorded:
    """A capture, and what the kernel had no room for while it was made."""

    path: Path
    lost: int


def play(scene: Scene, network: Network, sample: Sample, directory: Path) -> Recorded:
    """Play a scene and record it; `directory` is its own. Raises ProgramFailed when a leech does not finish."""
    trackers = Trackers(network, directory, sample)
    try:
        tracker = trackers.of(TrackerKind("ours", "http"))
        with _recording(network, directory / f"{scene.name}.pcap") as recorded:
            _perform(scene, network, sample, directory, tracker)
        return recorded[0]
    finally:
        trackers.stop()


def _perform(scene: Scene, network: Network, sample: Sample, directory: Path, tracker: Tracker) -> None:
    torrent = sample.write_torrent(directory / "sample.torrent", announce=tracker.url)
    magnet = f"magnet:?xt=urn:btih:{sample.info_hash.hex()}&tr={tracker.url}"
    with contextlib.ExitStack() as stack:
        cast: list[tuple[Part, Job, Program]] = []
        for number, part in enumerate(scene.parts):
            home = directory / f"{number}-{part.client.name}"
            job = Job(
                network=network,
                host=network.hosts[1 + number],
                torrent=torrent,
                content=home / "content",
                port=network.free_port(),
                directory=home,
                rate=part.rate,
                slots=part.slots,
                hasty=part.hasty,
                pex=scene.pex,
                magnet=magnet if part.magnet else None,
            )
            job.content.mkdir(parents=True)
            if part.seeds:
                sample.copy_to(job.content)
            program = (part.client.seed if part.seeds else part.client.leech)(job)
            stack.callback(program.stop)
            if part.seeds:
                tracker.wait_for_seeder(sample, program)
            cast.append((part, job, program))
        for number, (part, job, program) in enumerate(cast):
            if part.returns:
                cast[number] = part, job, _come_back(part, job, program, sample)
                stack.callback(cast[number][2].stop)
        deadline = time.monotonic() + scene.seconds
        for part, job, program in cast:
            if not part.seeds:
                folder = job.content / NAME
                left = deadline - time.monotonic()
                program.wait_until(
                    lambda folder=folder: digests_below(folder) == sample.digests,  # type: ignore[misc]
                    what="fetched it all",
                    seconds=left,
                )
        time.sleep(LINGER)


def _come_back(part: Part, job: Job, program: Program, sample: Sample) -> Program:
    """Kill a leech once it has something, and start it again on that."""

    def begun() -> bool:
        return any(path.stat().st_size > 0 for path in (job.content / NAME).rglob("*") if path.is_file())

    program.wait_until(begun, what="begun", seconds=30)
    time.sleep(1.5)
    program.stop()
    again = job.directory / "again"
    again.mkdir()
    return part.client.leech(evolve(job, directory=again))


@contextlib.contextmanager
def _recording(network: Network, path: Path) -> Iterator[list[Recorded]]:
    """Record all that passes the network's loopback meanwhile; filled in at the end."""
    tap = subprocess.Popen(
        network.command([sys.executable, str(TAP), str(path)]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    recorded: list[Recorded] = []
    try:
        assert tap.stdout is not None
        if tap.stdout.readline() != "ready\n":
            raise RuntimeError("the tap could not be opened: CAP_NET_RAW is needed")
        yield recorded
        said, _ = tap.communicate("", timeout=20)
        lost = int(said.split(", ")[1].split()[0])
        recorded.append(Recorded(path, lost))
    finally:
        tap.kill()
        tap.wait()
