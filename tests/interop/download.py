"""Our own client as a user runs it: `torrent-peer download` or `seed` as a process, and what its events say."""

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import define, frozen

from tests.interop.network import Network
from tests.interop.programs import Program

SECONDS = 60.0  # Transmission unchokes after up to 20 s
STOP_SECONDS = 10.0
TRANSCRIPT = "transcript.jsonl"


@frozen
class Noted:
    """A finding against the other side: which rule, how grave, and the evidence."""

    rule: str
    severity: str
    evidence: str

    @property
    def counts(self) -> bool:
        """Whether it is more than redundant."""
        return self.severity in {"violation", "deviation"}

    def __str__(self) -> str:
        return f"{self.rule} ({self.severity}): {self.evidence}"


@frozen
class Outcome:
    """How one run of our client ended."""

    exit_code: int
    findings: tuple[Noted, ...]
    """Against peers, every severity."""
    faults: tuple[str, ...]
    """Conversations that ended by a broken rule, theirs or ours."""
    clients: frozenset[str]
    """What the peers that sent a handshake call themselves."""
    done: dict[str, Any]
    """The last word about the torrent; empty when there was none."""
    messages: int
    """Lines of the transcript: messages both ways."""
    story: str
    """All that it printed, for a failure's text."""


def download(network: Network, torrent: Path, out: Path, *, directory: Path, extra: Sequence[str] = ()) -> Outcome:
    """Run our client in `network` until it ends, and read its events and its transcript.

    `directory` becomes its working directory; the content goes below `out`. Raises ProgramFailed after SECONDS.
    """
    program = _start(network, ["download", str(torrent), "--out", str(out), *extra], directory)
    try:
        exit_code = program.wait(seconds=SECONDS)
    finally:
        program.stop()
    return read_outcome(exit_code, program.output(), directory / TRANSCRIPT)


@define
class Seed:
    """`torrent-peer seed`, or a download that stays to seed, while it runs."""

    program: Program
    directory: Path

    def end(self) -> Outcome:
        """Press Ctrl-C, and read what it said until it was gone."""
        self.program.interrupt()
        exit_code = self.program.wait(seconds=STOP_SECONDS)
        return read_outcome(exit_code, self.program.output(), self.directory / TRANSCRIPT)


@contextlib.contextmanager
def seed(
    network: Network, torrent: Path, content: Path, *, directory: Path, extra: Sequence[str] = ()
) -> Iterator[Seed]:
    """Our client as a seed of what lies below `content`; `directory` becomes its working directory."""
    program = _start(network, ["seed", str(torrent), str(content), *extra], directory)
    try:
        yield Seed(program, directory)
    finally:
        program.stop()


@contextlib.contextmanager
def staying(
    network: Network, torrent: Path, out: Path, *, directory: Path, extra: Sequence[str] = ()
) -> Iterator[Seed]:
    """Our client as a leech that stays when it has everything; `directory` becomes its working directory."""
    program = _start(network, ["download", str(torrent), "--out", str(out), "--seed-time", "10m", *extra], directory)
    try:
        yield Seed(program, directory)
    finally:
        program.stop()


def _start(network: Network, words: Sequence[str], directory: Path) -> Program:
    argv = [sys.executable, "-m", "torrent_peer", *words]
    argv += ["--json", "-vv", "--progress", "none", "--transcript", str(directory / TRANSCRIPT)]
    argv += ["--bind", network.other_host, "--listen", f"{network.other_host}:{network.free_port()}"]
    return Program.start(network, "torrent-peer", argv, directory=directory)


def read_outcome(exit_code: int, output: str, transcript: Path) -> Outcome:
    """The one place that knows how our client words its events (`torrent_peer.cli.ndjson.SCHEMA`)."""
    events = [event for line in output.splitlines() if (event := _event(line))]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_name.setdefault(event["event"], []).append(event)
    return Outcome(
        exit_code=exit_code,
        findings=tuple(
            Noted(rule=event["rule"], severity=event["severity"], evidence=event["evidence"])
            for event in by_name.get("finding", [])
        ),
        faults=tuple(
            f"{event['peer']}: {event['detail']}"
            for event in by_name.get("peer_closed", [])
            if event["cause"] in {"violation", "our fault"}
        ),
        clients=frozenset(event["client"] for event in by_name.get("peer_connected", [])),
        done=by_name.get("done", [{}])[-1],
        messages=len(transcript.read_text().splitlines()) if transcript.exists() else 0,
        story=output,
    )


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    event: dict[str, Any] = json.loads(line)
    return event
