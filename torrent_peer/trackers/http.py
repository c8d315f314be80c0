"""The HTTP tracker protocol as text: the URL of an announce or scrape, and what a body says.

BEP 3, 7 (IPv6), 23 (compact), 24 (external ip), 31 (retry in), 48 (scrape).
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from torrent_peer.core.bencoding import TRACKER, BencodeError, Value, decode
from torrent_peer.core.ids import InfoHash
from torrent_peer.trackers.announce import (
    DEFAULT_INTERVAL,
    DEFAULT_INTERVALS,
    AnnounceRequest,
    AnnounceResponse,
    Event,
    Intervals,
    ScrapeEntry,
    TrackerError,
)
from torrent_peer.trackers.peers import compact_peers, read_peers, unmapped, usable
from torrent_peer.trackers.redact import one_line
from torrent_peer.trackers.url import TrackerUrl

MAX_TRACKER_ID: Final = 256
"""Bytes; a longer `tracker id` is not said back, it would only lengthen every request."""

_LAST_SEGMENT = re.compile(r"/announce([^/]*)$")


def announce_target(tracker: TrackerUrl, request: AnnounceRequest) -> str:
    """Path and query of an announce, the tracker's own query kept in front.

    Info-hash and peer id are quoted byte by byte here: no URL library knows how to quote bytes that are not text.
    """
    pairs = [
        ("info_hash", quote(request.info_hash, safe="")),
        ("peer_id", quote(request.peer_id, safe="")),
        ("port", str(request.port)),
        ("uploaded", str(request.uploaded)),
        ("downloaded", str(request.downloaded)),
        ("left", str(request.left)),
        ("compact", "1"),
        ("numwant", str(request.num_want)),
        ("key", f"{request.key:08x}"),
    ]
    if request.event is not Event.REGULAR:
        pairs.append(("event", request.event.value))
    if request.tracker_id is not None:
        pairs.append(("trackerid", quote(request.tracker_id, safe="")))
    return _with_query(tracker.target, pairs)


def scrape_target(tracker: TrackerUrl, info_hashes: Sequence[InfoHash]) -> str:
    """Path and query of a scrape (BEP 48): `announce` at the beginning of the last segment becomes `scrape`.

    Raises TrackerError for a tracker whose URL follows no such convention.
    """
    path, replaced = _LAST_SEGMENT.subn(r"/scrape\1", tracker.path)
    if not replaced:
        raise TrackerError("its URL does not end in /announce, so it cannot be asked for a scrape (BEP 48)")
    target = f"{path}?{tracker.query}" if tracker.query else path
    return _with_query(target, [("info_hash", quote(info_hash, safe="")) for info_hash in info_hashes])


def parse_announce(body: bytes, *, intervals: Intervals = DEFAULT_INTERVALS) -> AnnounceResponse:
    """What the body of an answer says. Raises TrackerError for a refusal and for a body that is no answer."""
    answer = _dictionary(body)
    oddities: list[str] = []
    peers = read_peers(answer.get(b"peers", b""), oddities=oddities)
    match answer.get(b"peers6", b""):
        case bytes(compact):
            peers += compact_peers(compact, ipv6=True, oddities=oddities)
        case _:
            raise TrackerError("its peers6 is not a string", answered=True)
    interval = _seconds(answer, b"interval")
    min_interval = _seconds(answer, b"min interval")
    warning = _text(answer.get(b"warning message"))
    tracker_id = answer.get(b"tracker id")
    return AnnounceResponse(
        interval=intervals.clamp(DEFAULT_INTERVAL if interval is None else interval),
        min_interval=None if min_interval is None else intervals.clamp(min_interval),
        peers=usable(peers),
        seeders=_count(answer.get(b"complete")),
        leechers=_count(answer.get(b"incomplete")),
        warning=warning or None,
        tracker_id=tracker_id if isinstance(tracker_id, bytes) and len(tracker_id) <= MAX_TRACKER_ID else None,
        external_ip=_packed_ip(answer.get(b"external ip")),
        oddities=tuple(oddities),
    )


def parse_scrape(body: bytes) -> dict[InfoHash, ScrapeEntry]:
    """The counts a scrape's body names, by info-hash (BEP 48). Raises TrackerError as `parse_announce` does."""
    files = _dictionary(body).get(b"files")
    if not isinstance(files, dict):
        raise TrackerError("its scrape has no dictionary of files", answered=True)
    found = {}
    for name, entry in files.items():
        if len(name) != 20 or not isinstance(entry, dict):
            raise TrackerError("its scrape has an entry that is no torrent's", answered=True)
        found[InfoHash(name)] = ScrapeEntry(
            seeders=_count(entry.get(b"complete")) or 0,
            completed=_count(entry.get(b"downloaded")) or 0,
            leechers=_count(entry.get(b"incomplete")) or 0,
        )
    return found


def refusal(body: bytes) -> TrackerError | None:
    """What a body gives as `failure reason`, if it is one; for answers whose HTTP status already says no."""
    try:
        _dictionary(body)
    except TrackerError as error:
        return error if error.reason.startswith("it refused: ") else None
    return None


def _dictionary(body: bytes) -> dict[bytes, Value]:
    if not body.strip():
        raise TrackerError("its answer is empty", answered=True)
    try:
        answer = decode(body, limits=TRACKER)
    except BencodeError as error:
        if body.lstrip()[:1] == b"<":
            raise TrackerError("it answered with a web page, not as a tracker", answered=True) from None
        raise TrackerError(f"its answer is not bencoded: {error}", answered=True) from None
    if not isinstance(answer, dict):
        raise TrackerError("its answer is not a dictionary", answered=True)
    if b"failure reason" in answer:
        retry_in, never = _retry(answer.get(b"retry in"))
        reason = _text(answer[b"failure reason"]) or "without a reason"
        raise TrackerError(f"it refused: {reason}", answered=True, retry_in=retry_in, never=never)
    return answer


def _retry(value: Value | None) -> tuple[float | None, bool]:
    """BEP 31: "either a positive integer [of minutes] or the value 'never'"; its example has the number as a string."""
    if value == b"never":
        return None, True
    if isinstance(value, bytes) and re.fullmatch(rb"[0-9]{1,9}", value):
        value = int(value)
    if isinstance(value, int) and value > 0:
        return DEFAULT_INTERVALS.clamp(60.0 * min(value, 10**9)), False
    return None, False


def _seconds(answer: dict[bytes, Value], key: bytes) -> int | None:
    value = answer.get(key)
    if value is None or isinstance(value, int):
        return value
    raise TrackerError(f"its {key.decode()} is not a number", answered=True)


def _count(value: Value | None) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _text(value: Value | None) -> str:
    return one_line(value) if isinstance(value, bytes) else ""


def _packed_ip(value: Value | None) -> str | None:
    """BEP 24: 4 or 16 bytes in network order."""
    if not isinstance(value, bytes) or len(value) not in (4, 16):
        return None
    if len(value) == 4:
        return ".".join(map(str, value))
    return unmapped(":".join(value[at : at + 2].hex() for at in range(0, 16, 2)))


def _with_query(target: str, pairs: Sequence[tuple[str, str]]) -> str:
    return f"{target}{'&' if '?' in target else '?'}{'&'.join(f'{name}={value}' for name, value in pairs)}"
