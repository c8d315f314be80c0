"""The trackers peers find each other through: ours and opentracker, over HTTP and over UDP."""

import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import define, field, frozen

from tests.interop.network import Network
from tests.interop.programs import Program, ProgramFailed, require
from tests.interop.samples import Sample

START_SECONDS = 10.0
ANNOUNCE_SECONDS = 30.0

WATCH = """
import re, sys, time, urllib.request
url, key, least, seconds = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3]), float(sys.argv[4])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
deadline, answer = time.monotonic() + seconds, "nothing"
while time.monotonic() < deadline:
    try:
        body = opener.open(url, timeout=2).read()
        count = re.search(rb"%d:%si([0-9]+)e" % (len(key), key), body)
        if count and int(count[1]) >= least:
            sys.exit(0)
        answer = repr(body)
    except OSError as error:
        answer = str(error)
    time.sleep(0.05)
sys.exit(answer)
"""
"""Run inside the network: scrape until the tracker counts so many, `complete` or `incomplete`."""

OURS = """
import sys, trio
from torrent_peer.testing.tracker import open_local_tracker

async def serve():
    async with open_local_tracker(sys.argv[1], int(sys.argv[2])):
        await trio.sleep_forever()

trio.run(serve)
"""


@frozen
class TrackerKind:
    """Whose tracker, and the protocol our client speaks with it."""

    whose: str
    scheme: str

    def __str__(self) -> str:
        return f"{self.whose}-{self.scheme}"


@define
class Tracker:
    """A tracker that runs: where it is, by the protocol wanted and by HTTP."""

    network: Network
    program: Program
    url: str
    http_url: str

    def wait_for_seeder(self, sample: Sample, seeder: Program) -> None:
        """Return when the tracker counts a seeder; raise ProgramFailed with both logs when none comes."""
        if (answer := self._watch(sample, "complete", 1)) is not None:
            raise self._failure(seeder, answer)

    def wait_for_leeches(self, sample: Sample, leeches: Sequence[Program]) -> None:
        """Return when the tracker counts all of these; raise ProgramFailed with the last one's log when some lack."""
        if (answer := self._watch(sample, "incomplete", len(leeches))) is not None:
            raise self._failure(leeches[-1], answer)

    def _watch(self, sample: Sample, key: str, least: int) -> str | None:
        """What the tracker said last, if it did not count so many in time."""
        scrape = self.http_url.replace("/announce", "/scrape")
        url = f"{scrape}?info_hash={urllib.parse.quote(sample.info_hash, safe='')}"
        argv = self.network.command([sys.executable, "-c", WATCH, url, key, str(least), str(ANNOUNCE_SECONDS)])
        watch = subprocess.run(argv, capture_output=True, text=True, check=False)
        return watch.stderr if watch.returncode != 0 else None

    def _failure(self, program: Program, answer: str) -> ProgramFailed:
        failure = program.failure(f"not announced, or not all of them, after {ANNOUNCE_SECONDS:g} s")
        return ProgramFailed(f"{failure}\n--- {self.program.name} says ---\n{answer[-1000:]}")


@define
class Trackers:
    """Starts the trackers of one test, and stops them at its end."""

    network: Network
    directory: Path
    sample: Sample
    _running: list[Program] = field(factory=list)

    def of(self, kind: TrackerKind) -> Tracker:
        """Start a tracker of this kind, which knows nothing yet."""
        port = self.network.free_port()
        start = STARTERS[kind.whose]
        program = start(self.network, self.directory, port, self.sample)
        self._running.append(program)
        address = f"{self.network.host}:{port}/announce"
        tracker = Tracker(self.network, program, url=f"{kind.scheme}://{address}", http_url=f"http://{address}")
        self._wait_for(tracker, port)
        return tracker

    def stop(self) -> None:
        """Stop all that was started."""
        while self._running:
            self._running.pop().stop()

    def _wait_for(self, tracker: Tracker, port: int) -> None:
        probe = (
            "import socket, sys, time\n"
            f"deadline = time.monotonic() + {START_SECONDS}\n"
            "while time.monotonic() < deadline:\n"
            "    try:\n"
            f"        socket.create_connection(({self.network.host!r}, {port}), 2).close()\n"
            "        sys.exit(0)\n"
            "    except OSError:\n"
            "        time.sleep(0.02)\n"
            "sys.exit(1)\n"
        )
        argv = self.network.command([sys.executable, "-c", probe])
        if subprocess.run(argv, check=False).returncode != 0:
            raise tracker.program.failure(f"did not listen within {START_SECONDS:g} s")


def start_ours(network: Network, directory: Path, port: int, sample: Sample) -> Program:
    """The local tracker of `torrent_peer.testing`, one port for HTTP and UDP."""
    argv = [sys.executable, "-c", OURS, network.host, str(port)]
    return Program.start(network, "our-tracker", argv, directory=directory)


def start_opentracker(network: Network, directory: Path, port: int, sample: Sample) -> Program:
    """opentracker, one port for HTTP and UDP, allowed to track the sample.

    As root it changes its root to its working directory and becomes `nobody`, who must be able to read the list there.
    """
    require("opentracker")
    home = directory / "opentracker"
    home.mkdir()
    home.chmod(0o755)
    (home / "allowed").write_text(f"{sample.info_hash.hex()}\n")
    argv = ["opentracker", "-i", network.host, "-p", str(port), "-P", str(port), "-d", ".", "-w", "allowed"]
    return Program.start(network, "opentracker", argv, directory=home)


STARTERS: dict[str, Callable[[Network, Path, int, Sample], Program]] = {
    "ours": start_ours,
    "opentracker": start_opentracker,
}
