"""Our own client as a user runs it: `torrent-peer download` as a process, and what its events say."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.interop.network import Network
from tests.interop.programs import Program

SECONDS = 60.0  # Transmission unchokes after up to 20 s


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
    messages: int
    """Lines of the transcript: messages both ways."""
    story: str
    """All that it printed, for a failure's text."""


def download(network: Network, torrent: Path, out: Path, *, directory: Path, extra: Sequence[str] = ()) -> Outcome:
    """Run our client in `network` until it ends, and read its events and its transcript.

    `directory` becomes its working directory; the content goes below `out`. Raises ProgramFailed after SECONDS.
    """
    transcript = directory / "transcript.jsonl"
    argv = [sys.executable, "-m", "torrent_peer", "download", str(torrent), "--out", str(out)]
    argv += ["--json", "-vv", "--progress", "none", "--transcript", str(transcript)]
    argv += ["--bind", network.other_host, "--listen", f"{network.other_host}:{network.free_port()}"]
    program = Program.start(network, "torrent-peer", [*argv, *extra], directory=directory)
    try:
        exit_code = program.wait(seconds=SECONDS)
    finally:
        program.stop()
    return read_outcome(exit_code, program.output(), transcript)


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
        messages=len(transcript.read_text().splitlines()) if transcript.exists() else 0,
        story=output,
    )


def _event(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    event: dict[str, Any] = json.loads(line)
    return event
