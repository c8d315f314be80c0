"""What `-v` says while it happens: one line for an event, and from how many `-v` on."""

from collections.abc import Sequence
from typing import Final

from torrent_peer import __version__
from torrent_peer.cli.units import count, format_duration, format_size
from torrent_peer.session.events import (
    BlocksSeen,
    CheckProgress,
    Completed,
    DiskTrouble,
    DoorTrouble,
    Event,
    FindingNoted,
    Listening,
    MessageSeen,
    PeerBanned,
    PeerClosed,
    PeerConnected,
    PieceFailed,
    PieceVerified,
    Resumed,
    TrackerAnswered,
    TrackerFailed,
)
from torrent_peer.session.farewell import Cause, Farewell
from torrent_peer.session.reasons import Likely
from torrent_peer.wire.errors import Severity

PEERS, DETAILS = 1, 2
"""How many `-v` it takes."""
EVEN: Final = 0.5
"""From here on a reason is called probable."""
MOST_REASONS: Final = 3
SILENT: Final = {
    Cause.CLOSED: "closed without a word",
    Cause.CUT: "was cut off inside a message",
    Cause.RESET: "reset the connection",
}
"""Ends nobody explained, in words."""


def narrate(event: Event) -> tuple[int, str] | None:
    """The level and the line for `event`, not yet escaped; None for what only progress shows."""
    match event:
        case Resumed(pieces, reason):
            return (PEERS if not pieces else 0, f"found {count(pieces, 'verified piece')} on disk: {reason}")
        case Listening(port):
            return PEERS, f"accepting peers on port {port}"
        case PeerConnected(address, dialed, client):
            return PEERS, f"{address} {'answers' if dialed else 'called'}: {client or 'unnamed client'}"
        case PeerClosed(farewell):
            return (DETAILS if farewell.cause is Cause.DIAL_FAILED else PEERS), _farewell(farewell)
        case FindingNoted(address, client, finding):
            level = DETAILS if finding.severity is Severity.REDUNDANT else PEERS
            return level, f"{address} ({client}): {finding.severity.name.lower()}: {finding}"
        case PieceFailed(piece, suspects):
            return 0, f"piece {piece} is wrong and fetched again; from {', '.join(map(str, suspects)) or 'nobody'}"
        case PeerBanned(address, reason):
            return 0, f"{address} is banned: {reason}"
        case TrackerAnswered(url, peers, _, _, warning):
            said = f"; it warns: {warning}" if warning else ""
            return (0 if warning else PEERS), f"tracker {url}: {count(peers, 'peer')}{said}"
        case TrackerFailed(url, reason):
            return PEERS, f"tracker {url}: {reason}"
        case DoorTrouble(reason):
            return 0, reason
        case DiskTrouble(reason):
            return PEERS, f"disk: {reason}"
        case Completed(seconds, downloaded, _):
            return PEERS, f"complete after {format_duration(seconds)}, {format_size(downloaded)} received"
        case CheckProgress() | PieceVerified() | MessageSeen() | BlocksSeen():
            return None


def last_messages(event: Event) -> list[str]:
    """What a bug report about a broken rule needs besides its line: the last messages both ways, not yet escaped."""
    if not isinstance(event, PeerClosed) or not event.farewell.recent:
        return []
    side = "dialer" if event.farewell.dialed else "listener"
    head = f"torrent-peer {__version__}, the {side}; the last messages both ways, oldest first:"
    return [f"    {line}" for line in (head, *event.farewell.recent)]


def worth_a_word(event: Event) -> str | None:
    """The line of the live view for `event`, not yet escaped: who left, and why, and what came wrong."""
    match event:
        case PeerClosed(farewell) if farewell.cause not in (Cause.DIAL_FAILED, Cause.SHUTDOWN):
            return f"{farewell.address} {_in_brief(farewell)}"
        case PieceFailed() | PeerBanned() | DiskTrouble():
            told = narrate(event)
            return told[1] if told is not None else None
        case _:
            return None


def guess(likely: Sequence[Likely]) -> str:
    """The best of the reasons for a silent close, said as surely as it is known."""
    if not likely:
        return "no telling why"
    return f"{'probably' if likely[0].confidence >= EVEN else 'perhaps'} {likely[0].reason}"


def _in_brief(farewell: Farewell) -> str:
    if farewell.cause in SILENT:
        return f"{SILENT[farewell.cause]}, {guess(farewell.likely)}"
    if farewell.finding is not None:
        return f"closed by us: {farewell.finding.evidence} [{farewell.finding.rule}]"
    return f"closed by us, {farewell.cause.value}: {farewell.detail}"


def _farewell(farewell: Farewell) -> str:
    client = f" ({farewell.client})" if farewell.client else ""
    who = f"{farewell.address}{client}"
    if farewell.cause in SILENT:
        detail = "" if farewell.cause is Cause.CLOSED else f" ({farewell.detail})"
        return f"{who}: {SILENT[farewell.cause]} after {format_duration(farewell.seconds)}{detail}; {_why(farewell)}"
    if farewell.cause is Cause.VIOLATION and farewell.finding is not None:  # which was told in full
        return f"{who}: closed by us after {format_duration(farewell.seconds)} for breaking {farewell.finding.rule}"
    if farewell.cause is Cause.DIAL_FAILED and farewell.likely:
        return f"{who}: {farewell.cause.value}: {farewell.detail}; {guess(farewell.likely)}"
    return f"{who}: {farewell.cause.value}: {farewell.detail}"


def _why(farewell: Farewell) -> str:
    """The reasons with their confidence, and what the first one is read from."""
    if not farewell.likely:
        return guess(())
    first, *others = farewell.likely[:MOST_REASONS]
    rest = "".join(f", or {other.reason} ({other.confidence:.0%})" for other in others)
    return f"{guess(farewell.likely)} ({first.confidence:.0%}: {first.evidence}){rest}"
