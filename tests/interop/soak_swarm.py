"""The swarm of a soak: places where peers live one after another, ours and real clients."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO, Final

from attrs import define, field

from tests.interop.clients.job import Client, Job
from tests.interop.network import Network
from tests.interop.programs import Program, clean_environment
from tests.interop.samples import NAME, Sample, digests_below
from tests.interop.soak_judge import OURS, Judge

ROOT: Final = Path(__file__).resolve().parent.parent.parent
KILLED: Final = -9
FINE: Final = frozenset({0, 130, 143})
"""How our client may end: done, or interrupted."""
COMPLAINTS: Final = frozenset({"peer_error", "peer_ban", "invalid_request", "unwanted_block"})
"""libtorrent's alerts about what a peer did wrong."""
TURN: Final = 120.0
"""Seconds that a peer lives, more or less."""


@define
class Place:
    """An address in the swarm and whoever lives there, one after the other."""

    name: str
    host: str
    port: int
    client: Client | None
    """None: ours."""
    seeds: bool
    strict: bool
    stays: bool
    """Lives as long as the swarm."""
    program: Program | None = None
    due: float = 0.0
    """When it begins, or ends."""
    runs: int = 0
    kills: int = 0
    """Deaths in the middle."""
    done: int = 0
    """Lives in which everything was downloaded."""
    readers: list[threading.Thread] = field(factory=list)


@define
class Swarm:
    """All places, and what happens to them."""

    network: Network
    sample: Sample
    scratch: Path
    judge: Judge
    dice: random.Random
    rate: int
    slots: int
    tracker: str
    places: list[Place] = field(factory=list)
    exits: Counter[tuple[str, int]] = field(factory=Counter)
    opinions: Counter[str] = field(factory=Counter)
    """What libtorrent found wrong with us: alert and text → how often."""

    def turn(self, now: float) -> None:
        """Begin and end what is due."""
        for place in self.places:
            if place.program is None:
                if now >= place.due:
                    self._begin(place, now)
            elif place.program.process.poll() is not None:
                self._ended(place, now, expected=FINE if place.client is None and not place.stays else frozenset())
            elif now >= place.due:
                self._end(place, now)

    def _begin(self, place: Place, now: float) -> None:
        directory = self.scratch / place.name
        content = directory / "content"
        if place.runs and not place.seeds and self.dice.random() < 0.25:  # goes on with what is there
            kept = self.scratch / "kept"
            content.rename(kept)
            shutil.rmtree(directory)
            directory.mkdir()
            kept.rename(content)
        else:
            shutil.rmtree(directory, ignore_errors=True)
            content.mkdir(parents=True)
        if place.seeds:
            self.sample.copy_to(content)
        torrent = self.sample.write_torrent(directory / "sample.torrent", announce=self.tracker)
        if place.client is None:
            self._begin_ours(place, torrent, content, directory)
        else:
            job = Job(
                self.network, place.host, torrent, content, place.port, directory, rate=self.rate, slots=self.slots
            )
            start = place.client.seed if place.seeds else place.client.leech
            place.program = start(job)
        place.runs += 1
        place.due = float("inf") if place.stays else now + TURN * self.dice.uniform(0.5, 2.0)

    def _begin_ours(self, place: Place, torrent: Path, content: Path, directory: Path) -> None:
        words = ["seed", str(torrent), str(content), "--slots", str(self.slots)]
        if not place.seeds:
            stay = self.dice.uniform(0, TURN / 2)
            words = ["download", str(torrent), "--out", str(content), "--seed-time", f"{stay:.0f}s"]
        words += ["--strict"] if place.strict else []
        words += ["--upload-limit", str(self.rate), "--download-limit", str(self.rate)]
        words += ["--bind", place.host, "--listen", f"{place.host}:{place.port}"]
        told, transcript = os.pipe()
        words += ["--json", "--progress", "none", "--transcript", f"/dev/fd/{transcript}"]
        log = directory / "torrent-peer.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                self.network.command([sys.executable, "-m", "torrent_peer", *words]),
                cwd=directory,
                env={**clean_environment(directory), "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=[transcript],
                start_new_session=True,
            )
        os.close(transcript)
        assert process.stdout is not None
        place.program = Program(place.name, process, log)
        place.readers = [
            threading.Thread(target=self._read, args=(place, stream), daemon=True)
            for stream in (process.stdout, os.fdopen(told, "rb"))
        ]
        for reader in place.readers:
            reader.start()

    def _read(self, place: Place, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self.judge.line(place.name, place.host, line)

    def _end(self, place: Place, now: float) -> None:
        """The end of a life: our client is asked, mostly; all others are killed, as it happens to them."""
        assert place.program is not None
        if place.client is None and self.dice.random() < 0.7:
            place.program.interrupt()
            try:
                place.program.process.wait(15)
            except subprocess.TimeoutExpired:
                self.judge.fault(f"{place.name}: had not ended 15 s after Ctrl-C")
        place.program.stop()
        place.kills += 1
        self._ended(place, now, expected=FINE | {KILLED})

    def _ended(self, place: Place, now: float, *, expected: frozenset[int]) -> None:
        program = place.program
        assert program is not None
        program.stop()
        for reader in place.readers:
            reader.join(10)
        status = program.process.returncode
        self.exits[OURS if place.client is None else place.client.name, status] += 1
        whole = digests_below(self.scratch / place.name / "content" / NAME) == self.sample.digests
        place.done += whole and not place.seeds
        said = program.output()
        if place.client is not None and place.client.name == "libtorrent":
            self._hear_libtorrent(said)
        if place.client is None:
            if status not in expected or "Traceback" in said:
                self.judge.fault(f"{place.name} ended with status {status}: {said[-2000:]}")
            if status == 0 and not whole:
                self.judge.fault(f"{place.name} is done, but what it has is not what was seeded")
        place.program, place.readers = None, []
        place.due = now + self.dice.uniform(1, TURN / 10)

    def _hear_libtorrent(self, said: str) -> None:
        for line in said.splitlines():
            alert, _, text = line.partition(" ")
            if alert in COMPLAINTS and any(f"{host}:" in text for host in self.judge.ours):
                self.opinions[f"{alert}: {text.rpartition(' error ')[2][-120:]}"] += 1

    def close(self) -> None:
        """End everybody, ours in order."""
        now = time.monotonic()
        for place in self.places:
            if place.program is not None:
                if place.client is None:
                    with contextlib.suppress(OSError, IndexError):
                        place.program.interrupt()
                        place.program.process.wait(15)
                self._ended(place, now, expected=FINE | {KILLED})
