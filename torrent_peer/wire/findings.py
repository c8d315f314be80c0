"""What was found on one connection: the latest of it until it is taken, and how often each rule was broken."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from torrent_peer.wire.errors import Finding

FINDINGS_KEPT: Final = 256
"""Findings kept until they are taken; beyond that the oldest go, and only `counts` knows of them."""


class Findings:
    """The findings of one connection, bounded however many there are."""

    __slots__ = ("_latest", "counts")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """Rule → how often it was broken, by whomever."""
        self._latest: list[Finding] = []

    def __len__(self) -> int:
        return min(len(self._latest), FINDINGS_KEPT)

    def note(self, findings: Iterable[Finding]) -> None:
        """Remember these."""
        for finding in findings:
            self._latest.append(finding)
            del self._latest[: -2 * FINDINGS_KEPT]
            self.counts[finding.rule] += 1

    def take(self) -> list[Finding]:
        """The latest that were noted since the last call."""
        findings, self._latest = self._latest[-FINDINGS_KEPT:], []
        return findings
