"""Counts what a torrent tells while it runs, so that its end can be summed up."""

from collections import Counter
from typing import Final

from attrs import Factory, field

from torrent_peer.cli.narrate import guess
from torrent_peer.core.addresses import Address
from torrent_peer.core.values import define, frozen
from torrent_peer.session.events import Event, FindingNoted, PeerClosed, PeerConnected, TrackerAnswered, TrackerFailed
from torrent_peer.session.farewell import Cause, Farewell
from torrent_peer.wire.errors import Severity

MAX_KINDS: Final = 500
"""Distinct sentences remembered of each kind: the texts are partly strangers', the memory is ours."""
OTHERS: Final = "other reasons"
MAX_ADDRESSES: Final = 10_000


@frozen
class End:
    """Under what one conversation's end is counted."""

    cause: Cause
    detail: str
    """The rule, the reason, or nothing when the cause says all."""


@define
class Tally:
    """The counts of one torrent."""

    ends: Counter[End] = Factory(Counter)
    """How conversations ended."""
    connected: set[Address] = field(factory=set)
    """Peers a handshake was completed with."""
    senders: set[Address] = field(factory=set)
    """Peers that sent payload, as far as their conversations are over."""
    takers: set[Address] = field(factory=set)
    """Peers that got payload, as far as their conversations are over."""
    rules: Counter[str] = Factory(Counter)
    """Findings by rule, every severity."""
    severities: Counter[Severity] = Factory(Counter)
    reasons: dict[str, float] = Factory(dict)
    """Reasons for silent closes → their confidences added up."""
    tracker_errors: dict[str, str] = Factory(dict)
    """Tracker → its last error; gone when it answers."""

    def take(self, event: Event) -> None:
        """Count `event`."""
        if isinstance(event, PeerConnected):
            if len(self.connected) < MAX_ADDRESSES:
                self.connected.add(event.address)
        elif isinstance(event, PeerClosed):
            self._farewell(event.farewell)
        elif isinstance(event, FindingNoted):
            self.rules[event.finding.rule] += 1
            self.severities[event.finding.severity] += 1
        elif isinstance(event, TrackerAnswered):
            self.tracker_errors.pop(event.url, None)
        elif isinstance(event, TrackerFailed):
            self.tracker_errors[event.url] = event.reason

    @property
    def ranked_reasons(self) -> list[str]:
        """Why peers left without a word, most likely first."""
        return sorted(self.reasons, key=lambda reason: (-self.reasons[reason], reason))

    def _farewell(self, farewell: Farewell) -> None:
        end = End(farewell.cause, _detail(farewell))
        if end not in self.ends and len(self.ends) >= MAX_KINDS:
            end = End(farewell.cause, OTHERS)
        self.ends[end] += 1
        if farewell.downloaded and len(self.senders) < MAX_ADDRESSES:
            self.senders.add(farewell.address)
        if farewell.uploaded and len(self.takers) < MAX_ADDRESSES:
            self.takers.add(farewell.address)
        for likely in farewell.likely:
            if likely.reason in self.reasons or len(self.reasons) < MAX_KINDS:
                self.reasons[likely.reason] = self.reasons.get(likely.reason, 0.0) + likely.confidence


def _detail(farewell: Farewell) -> str:
    match farewell.cause:
        case Cause.VIOLATION | Cause.OUR_FAULT:
            finding = farewell.finding
            return f"{finding.rule} ({finding.section})" if finding is not None else farewell.detail
        case Cause.DIAL_FAILED | Cause.TIMEOUT | Cause.UNWANTED | Cause.BANNED:
            return farewell.detail
        case Cause.CLOSED | Cause.CUT | Cause.RESET:
            return guess(farewell.likely) if farewell.likely else ""
        case Cause.SELF | Cause.DUPLICATE | Cause.SHUTDOWN:
            return ""
