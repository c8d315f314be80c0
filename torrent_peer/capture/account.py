"""What came of one recorded conversation: who, what they said, what was found, how it ended."""

from collections import Counter
from typing import Final

from attrs import field

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import define, frozen
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

KEPT: Final = 10
"""Findings kept of each rule and side; all are counted."""
KEPT_IN_ALL: Final = 200
"""Findings kept of one conversation."""


@frozen
class Noted:
    """A finding, and where in the file it is."""

    finding: Finding
    packet: int
    """Number of the packet that brought the end of the message."""
    at: float
    """When that was captured, seconds since 1970."""


@define(kw_only=True)
class Account:
    """One conversation, as far as it was followed."""

    dialer: Address
    listener: Address
    packet: int
    """Number of its first packet."""
    started: float
    """Seconds since 1970."""
    lasted: float = 0.0
    """Seconds."""
    info_hash: InfoHash | None = None
    """What the dialler asked for; `None` if it never said."""
    sized: bool = False
    """Whether the torrent's size is known; if not, some rules are not asked."""
    peer_ids: dict[Side, PeerId] = field(factory=dict)
    clients: dict[Side, str] = field(factory=dict)
    """What each side calls itself, in the words of strangers."""
    bytes: dict[Side, int] = field(factory=lambda: dict.fromkeys(Side, 0))
    """Bytes that each side sent, as far as they were read."""
    messages: dict[Side, Counter[str]] = field(factory=lambda: {side: Counter() for side in Side})
    """Side → kind of message → how many."""
    findings: list[Noted] = field(factory=list)
    """In the order of capture; the first `KEPT` of each rule and side."""
    found: Counter[tuple[str, Severity, Side]] = field(factory=Counter)
    """All findings."""
    room: int = KEPT_IN_ALL
    """How many more are kept."""
    unread: str | None = None
    """Why none of it was judged; `None` when it was."""
    stopped: str | None = None
    """Why judging ended before the conversation did; `None` when it did not."""
    ended: str = "it was going on when the capture ended"
    """How the conversation ended."""

    @property
    def judged(self) -> bool:
        """Whether it was a conversation of BitTorrent that could be read, at least in part."""
        return self.unread is None

    @property
    def worst(self) -> Severity | None:
        """The gravest that was found; `None` for nothing."""
        return max((severity for _, severity, _ in self.found), key=lambda each: each.gravity, default=None)

    def address(self, side: Side) -> Address:
        """Where a side is."""
        return self.dialer if side is Side.DIALER else self.listener

    def note(self, finding: Finding, *, packet: int, at: float) -> None:
        """One more finding."""
        key = (finding.rule, finding.severity, finding.sender)
        self.found[key] += 1
        if self.found[key] <= KEPT and self.room > 0:
            self.room -= 1
            self.findings.append(Noted(finding, packet, at))
