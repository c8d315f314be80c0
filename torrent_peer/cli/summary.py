"""The last words about a torrent: size, time, rate, who helped, how conversations ended, why it stalled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from torrent_peer.cli.findings import findings_line
from torrent_peer.cli.progress import percent
from torrent_peer.cli.tally import End, Tally
from torrent_peer.cli.units import count, format_duration, format_rate, format_size
from torrent_peer.session.farewell import Cause
from torrent_peer.session.options import Ending
from torrent_peer.session.status import TorrentStatus

MAX_LINES: Final = 8
"""Of each list; the rest is counted."""
INDENT: Final = "  "


def summarise(
    status: TorrentStatus,
    tally: Tally,
    ending: Ending,
    detail: str,
    reasons: Sequence[str] = (),
    *,
    size: int,
    seconds: float,
    path: Path,
) -> list[str]:
    """The lines, not yet escaped; `reasons` are those of `why_stalled`, `size` the bytes of the wanted files."""
    lines = [f"{status.name}: {_headline(status, ending, detail, size)}"]
    lines += [INDENT + line for line in (*_figures(status, tally, size, seconds), *_conversations(tally))]
    if reasons:
        lines.append(f"{INDENT}why:")
        lines += [INDENT * 2 + reason for reason in reasons]
    lines.append(f"{INDENT}{'saved in' if ending is Ending.COMPLETE else 'kept in'} {path}")
    return lines


def summarise_seeding(
    status: TorrentStatus, tally: Tally, ending: Ending, detail: str, *, size: int, seconds: float, path: Path
) -> list[str]:
    """The same for what was only served."""
    said = {
        Ending.COMPLETE: "seeded as long as asked for",
        Ending.STOPPED: "seeding stopped",
        Ending.DISK: "disk error",
    }.get(ending, detail)
    rate = f" ({format_rate(status.uploaded / seconds)})" if seconds > 0 and status.uploaded else ""
    lines = [
        f"{format_size(status.uploaded)} uploaded in {format_duration(seconds)}{rate}, "
        f"ratio {status.uploaded / size if size else 0.0:.2f}",
        f"peers: {len(tally.takers)} got data, {len(tally.connected)} talked, {status.known_peers} known",
        *_conversations(tally),
        f"served from {path}",
    ]
    return [f"{status.name}: {said}", *(INDENT + line for line in lines)]


def why_stalled(status: TorrentStatus, tally: Tally) -> list[str]:
    """What the evidence says, most telling first; never empty."""
    errors = tracker_errors(status, tally)
    reasons = [f"peers left, perhaps: {reason}" for reason in tally.ranked_reasons[:3]]
    return [_whats_missing(status), *(f"tracker {url}: {error}" for url, error in errors.items()), *reasons][:MAX_LINES]


def _whats_missing(status: TorrentStatus) -> str:
    if status.why_slow:
        return status.why_slow
    if status.peers:
        choking = sum("d" in peer.flags for peer in status.peers)
        return f"{count(len(status.peers), 'peer')} connected, {choking} with what we want, but choking us"
    if status.known_peers:
        return f"{count(status.known_peers, 'address', 'addresses')} known, none connected"
    return "no peer is known; name one with --peer or a tracker with --tracker"


def tracker_errors(status: TorrentStatus, tally: Tally) -> dict[str, str]:
    """Tracker → its last error, as the status and the events tell."""
    errors = {tracker.url: tracker.last_error for tracker in status.trackers if tracker.last_error}
    return {**tally.tracker_errors, **errors}


def conversations(tally: Tally) -> dict[str, int]:
    """Cause → how many ended so."""
    causes: dict[str, int] = {}
    for end, number in tally.ends.items():
        causes[end.cause.value] = causes.get(end.cause.value, 0) + number
    return causes


def _headline(status: TorrentStatus, ending: Ending, detail: str, size: int) -> str:
    if ending is Ending.COMPLETE:
        return "complete and verified"
    share = f"{percent(status):.1f}% of {format_size(size)}"
    if ending is Ending.DISK:
        return f"disk error at {share}"
    word = "gave up" if ending is Ending.NOBODY else ending.value
    return f"{word} at {share}" + (f": {detail}" if detail not in ("", ending.value) else "")


def _figures(status: TorrentStatus, tally: Tally, size: int, seconds: float) -> list[str]:
    rate = f" ({format_rate(status.downloaded / seconds)})" if seconds > 0 and status.downloaded else ""
    sent = f"{format_size(status.downloaded)} received, {format_size(status.uploaded)} uploaded"
    wasted = f", {format_size(status.wasted)} of no use" if status.wasted else ""
    lines = [f"{format_size(size)} in {format_duration(seconds)}{rate}", sent + wasted]
    if status.verified < status.wanted:
        lines = [f"ran for {format_duration(seconds)}{rate}", sent + wasted]
    if status.hash_failures:
        lines.append(f"pieces that came wrong and were fetched again: {status.hash_failures}")
    senders = len(tally.senders | {peer.address for peer in status.peers if peer.download_rate > 0})
    lines.append(f"peers: {senders} sent data, {len(tally.connected)} talked, {status.known_peers} known")
    return lines


def _conversations(tally: Tally) -> list[str]:
    """How they ended, and which rules were bent."""
    lines = []
    if tally.ends:
        lines.append(f"conversations ended: {sum(tally.ends.values())}")
        lines += [INDENT + line for line in _ends(tally)]
    if tally.rules:
        lines.append(f"findings: {findings_line(tally.rules, tally.severities)}")
    return lines


def _ends(tally: Tally) -> list[str]:
    ranked = sorted(tally.ends.items(), key=lambda item: (-item[1], item[0].cause.value, item[0].detail))
    lines = [f"{number} × {_end(end)}" for end, number in ranked[:MAX_LINES]]
    rest = sum(number for _, number in ranked[MAX_LINES:])
    return [*lines, f"{rest} × in other ways"] if rest else lines


def _end(end: End) -> str:
    words = {
        Cause.CLOSED: "closed by the peer without a word",
        Cause.CUT: "cut off inside a message",
        Cause.RESET: "reset",
        Cause.VIOLATION: "closed by us for breaking rule",
        Cause.OUR_FAULT: "closed by our own fault, please report",
        Cause.SELF: "it was ourselves",
        Cause.DUPLICATE: "a second connection to the same peer",
        Cause.SHUTDOWN: "open until the end",
    }.get(end.cause, end.cause.value)
    separator = " " if end.cause is Cause.VIOLATION else ": "
    return f"{words}{separator}{end.detail}" if end.detail else words
