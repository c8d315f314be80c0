"""What `-v` says while it happens: one line for an event, and from how many `-v` on."""

from torrent_peer.cli.units import count, format_duration, format_size
from torrent_peer.session.events import (
    CheckProgress,
    Completed,
    DiskTrouble,
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
from torrent_peer.wire.errors import Severity

PEERS, DETAILS = 1, 2
"""How many `-v` it takes."""


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
        case DiskTrouble(reason):
            return PEERS, f"disk: {reason}"
        case Completed(seconds, downloaded, _):
            return PEERS, f"complete after {format_duration(seconds)}, {format_size(downloaded)} received"
        case CheckProgress() | PieceVerified() | MessageSeen():
            return None


def _farewell(farewell: Farewell) -> str:
    likely = f"; probably {farewell.likely[0].reason}" if farewell.likely else ""
    client = f" ({farewell.client})" if farewell.client else ""
    return f"{farewell.address}{client}: {farewell.cause.value}: {farewell.detail}{likely}"
