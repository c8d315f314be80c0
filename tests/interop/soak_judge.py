"""What our clients in a soak saw and said, counted from the lines that they write; and what must not be among it."""

import json
import threading
from collections import Counter
from typing import Any, Final

from attrs import define, field

OURS: Final = "torrent_peer"
UNNAMED: Final = "unnamed"
KEPT: Final = 20
"""Faults that are told in full."""


@define
class Judge:
    """What our clients saw and said, and what they thought of it."""

    ours: frozenset[str]
    """The hosts of our own instances."""
    kinds: Counter[tuple[str, str]] = field(factory=Counter)
    """(sent or received, kind of message) → how many."""
    rules: Counter[tuple[str, str, str]] = field(factory=Counter)
    """(rule, severity, who broke it) → how often it was seen."""
    ends: Counter[tuple[str, str]] = field(factory=Counter)
    """(cause, by whom) → conversations that ended so."""
    clients: Counter[str] = field(factory=Counter)
    """Names that peers gave."""
    faults: list[str] = field(factory=list)
    """What must not be."""
    fault_count: int = 0
    torn: int = 0
    """Lines cut by a kill."""
    _lock: threading.Lock = field(factory=threading.Lock)

    def fault(self, text: str) -> None:
        """Note what must not be."""
        self.fault_count += 1
        if len(self.faults) < KEPT:
            self.faults.append(text)
            print(f"FAULT {text}", flush=True)

    def line(self, who: str, host: str, line: bytes) -> None:
        """One line of what an instance wrote, of its transcript or of its events."""
        try:
            told = json.loads(line)
        except ValueError:
            self.torn += 1
            return
        with self._lock:
            match told.get("event"):
                case "message":
                    self._message(who, told)
                case "finding":
                    self._finding(who, host, told)
                case "peer_connected":
                    self.clients[name_of(told["client"])] += 1
                case "peer_closed":
                    self.ends[told["cause"], told["ended_by"]] += 1
                    if told["cause"] == "our fault":
                        self.fault(f"{who}: {told['detail']}")
                case "piece_failed":
                    self.fault(f"{who}: piece {told['piece']} was wrong, from {told['suspects']}")

    def _message(self, who: str, told: dict[str, Any]) -> None:
        self.kinds[told["direction"], told["message"].split(" ")[0]] += 1
        if told["direction"] == "sent" and told.get("findings"):  # those about others come as events, too
            self.fault(f"{who} sent {told['message']} to {told['peer']}: {told['findings']}")

    def _finding(self, who: str, host: str, told: dict[str, Any]) -> None:
        theirs = told["peer"].rpartition(":")[0]
        culprit = name_of(told["client"])
        if culprit == UNNAMED and theirs in self.ours - {host}:  # who binds no address comes from that of its callee
            culprit = OURS
        if told["rule"] == "HS-10" and theirs == host:
            culprit = "itself"  # named to itself by the tracker: nobody's fault
        self.rules[told["rule"], told["severity"], culprit] += 1
        if culprit == OURS or (told["severity"] == "violation" and culprit != "itself"):
            self.fault(
                f"{who}: {told['peer']} ({told['client']}): {told['severity']} {told['rule']}: {told['evidence']}"
            )


def name_of(client: str) -> str:
    """The name without the version."""
    return client.split("/")[0].split(" ")[0] or UNNAMED
