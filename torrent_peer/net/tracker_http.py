"""Asking HTTP and HTTPS trackers, with everything they could do to us bounded: time, bytes, redirects, addresses."""

import base64
import os
import ssl
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final
from urllib.parse import unquote_to_bytes, urljoin

import trio
from attrs import evolve

from torrent_peer import __version__
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash
from torrent_peer.net.http_get import Page, connect, get
from torrent_peer.net.source_address import ANYWHERE, SourceAddress
from torrent_peer.net.tracker_hosts import look_up, permitted
from torrent_peer.trackers.announce import (
    DEFAULT_INTERVALS,
    AnnounceRequest,
    AnnounceResponse,
    Intervals,
    ScrapeEntry,
    TrackerError,
)
from torrent_peer.trackers.http import announce_target, parse_announce, parse_scrape, refusal, scrape_target
from torrent_peer.trackers.peers import believable
from torrent_peer.trackers.redact import one_line
from torrent_peer.trackers.url import TrackerUrl

DEADLINE: Final = 30.0
"""Seconds for everything: look-up, connections, redirects, body. libtorrent's `tracker_completion_timeout`."""
CONNECT_TIMEOUT: Final = 5.0
"""Seconds for one of several addresses of a host, before the next is tried."""
LAST_CONNECT_TIMEOUT: Final = 15.0
"""Seconds for the last of them."""
MAX_REDIRECTS: Final = 5
USER_AGENT: Final = f"torrent_peer/{__version__}"

_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


async def announce_http(
    url: str,
    request: AnnounceRequest,
    *,
    intervals: Intervals = DEFAULT_INTERVALS,
    source: SourceAddress = ANYWHERE,
    tls: ssl.SSLContext | None = None,
) -> AnnounceResponse:
    """One announce. Raises TrackerError, within `DEADLINE` seconds, if nothing else came of it."""
    try:
        tracker = TrackerUrl.parse(url)
        page = await _get(tracker, announce_target(tracker, request), source=source, tls=tls)
        answer = parse_announce(page.body, intervals=intervals)
    except TrackerError as error:
        raise error.about(url) from None
    return evolve(answer, peers=believable(answer.peers, page.host))


async def scrape_http(
    url: str, info_hashes: Sequence[InfoHash], *, tls: ssl.SSLContext | None = None
) -> dict[InfoHash, ScrapeEntry]:
    """The tracker's counts for these torrents (BEP 48). Raises TrackerError as `announce_http` does."""
    try:
        tracker = TrackerUrl.parse(url)
        page = await _get(tracker, scrape_target(tracker, info_hashes), source=ANYWHERE, tls=tls)
        return parse_scrape(page.body)
    except TrackerError as error:
        raise error.about(url) from None


async def _get(tracker: TrackerUrl, target: str, *, source: SourceAddress, tls: ssl.SSLContext | None) -> Page:
    with trio.move_on_after(DEADLINE):
        page = await _follow(tracker, target, source=source, tls=tls)
        if page.status == _OK:
            return page
        raise refusal(page.body) or TrackerError(f"it answered {_status_name(page.status)}", answered=True)
    raise TrackerError(f"no answer within {DEADLINE:.0f} s")


async def _follow(tracker: TrackerUrl, target: str, *, source: SourceAddress, tls: ssl.SSLContext | None) -> Page:
    came_from = None
    for _ in range(MAX_REDIRECTS + 1):
        hosts = permitted(await look_up(tracker, source), tracker, came_from=came_from)
        page = await _first_reachable(tracker, target, hosts, source=source, tls=tls)
        if page.status not in _REDIRECTS or page.location is None:
            return page
        came_from = page.host
        tracker = _redirected(tracker, target, page.location)
        target = tracker.target
    raise TrackerError(f"it redirects more than {MAX_REDIRECTS} times", answered=True)


def _redirected(tracker: TrackerUrl, target: str, location: str) -> TrackerUrl:
    """Where a Location header leads. User and password stay behind."""
    base = f"{tracker.scheme}://{tracker.host_and_port}{target}"
    try:
        to = TrackerUrl.parse(urljoin(base, location))
    except (TrackerError, ValueError):
        raise TrackerError("it redirects to something that is no tracker's URL", answered=True) from None
    if to.scheme not in ("http", "https"):
        raise TrackerError(f"it redirects from {tracker.scheme} to {to.scheme}", answered=True)
    if tracker.scheme == "https" and to.scheme == "http":
        raise TrackerError("it redirects from https to plain http", answered=True)
    return to


async def _first_reachable(
    tracker: TrackerUrl, target: str, hosts: Sequence[str], *, source: SourceAddress, tls: ssl.SSLContext | None
) -> Page:
    """One GET at the first address that takes our connection; its name (Host, SNI, certificate) is the tracker's."""
    context = (tls or _system_trust()) if tracker.scheme == "https" else None
    for host in hosts:
        last = host == hosts[-1]
        try:
            with trio.fail_after(LAST_CONNECT_TIMEOUT if last else CONNECT_TIMEOUT):
                address = Address(host, tracker.port)
                stream = await connect(address, name=tracker.host, tls=context, source=source)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError) as error:
            if last:
                raise TrackerError(_why(error), answered=_is_tls(error)) from None
            continue
        try:
            return await get(stream, target, _headers(tracker), host=host)
        except trio.BrokenResourceError as error:
            raise TrackerError(_why(error)) from None
    raise AssertionError("permitted() leaves at least one address")


def _headers(tracker: TrackerUrl) -> dict[str, str]:
    headers = {
        "Host": tracker.host_and_port,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    if tracker.userinfo:
        token = base64.b64encode(unquote_to_bytes(tracker.userinfo)).decode("ascii")
        headers["Authorization"] = f"Basic {token}"
    return headers


@cache
def _system_trust() -> ssl.SSLContext:
    """What the operating system trusts. httpx2 knows where each keeps it, and is imported for https alone."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


def _why(error: BaseException) -> str:
    """The deepest reason in words: trio wraps what the system said."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate was not accepted: {one_line(cause.verify_message or str(cause))}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {(cause.reason or str(cause)).replace('_', ' ').lower()}"
        if isinstance(cause, OSError) and cause.errno is not None:
            return os.strerror(cause.errno).lower()
        if isinstance(cause, TimeoutError | trio.TooSlowError):
            return f"no connection within {LAST_CONNECT_TIMEOUT:.0f} s"
    return one_line(str(error)) or "the connection broke"


def _is_tls(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    queue = [error]
    while queue:
        cause = queue.pop(0)
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            queue.extend(cause.exceptions)
        queue += [cause.__cause__, cause.__context__]


def _status_name(status: int) -> str:
    from http import HTTPStatus

    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"
