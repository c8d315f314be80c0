"""From a tracker's name to the addresses it may be asked at.

An announce URL comes with somebody's .torrent: it must not become a way to make us talk to services of our own machine
or network (SSRF), so what may be asked is decided on addresses, after the look-up, and the connection is made to them.
"""

import socket
from collections.abc import Sequence
from typing import Final

import trio

from torrent_peer.net.source_address import ANYWHERE, SourceAddress
from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.peers import is_global, is_loopback, unmapped
from torrent_peer.trackers.url import TrackerUrl

MAX_HOSTS: Final = 4
"""Addresses of one name that are tried."""


async def look_up(tracker: TrackerUrl, source: SourceAddress = ANYWHERE) -> list[str]:
    """The IP literals the tracker's host stands for, most promising first, as far as `source` reaches them.

    Raises TrackerError when there is none.
    """
    try:
        found = await trio.socket.getaddrinfo(tracker.host, tracker.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TrackerError(f"the name {tracker.host} could not be found") from None
    hosts = dict.fromkeys(unmapped(str(sockaddr[0])) for *_, sockaddr in found)
    within_reach = [host for host in hosts if source.reaches(host)]
    if not within_reach:
        raise TrackerError(f"{next(iter(hosts), tracker.host)} cannot be reached from {source.address}")
    return within_reach[:MAX_HOSTS]


def permitted(hosts: Sequence[str], tracker: TrackerUrl, *, came_from: str | None) -> list[str]:
    """Those of the addresses that an HTTP tracker may be asked at.

    `came_from`: the address that redirected us here. From the internet nobody may redirect to a private network, from
    another machine nobody to ours; and our own machine is asked only for what looks like a tracker's page, with no
    query of the URL's own (libtorrent's SSRF rule). Raises TrackerError when none is left.
    """
    if came_from is not None:
        hosts = [host for host in hosts if _no_nearer(host, than=came_from)]
        if not hosts:
            raise TrackerError(f"it redirects into a network nearer to us than its own ({tracker.host})", answered=True)
    elif not _is_trackers_page(tracker):
        hosts = [host for host in hosts if not is_loopback(host)]
        if not hosts:
            raise TrackerError(
                "a tracker on this machine is only asked at /announce, without a query in its URL", never=True
            )
    return list(hosts)


def _no_nearer(host: str, *, than: str) -> bool:
    if is_global(than):
        return is_global(host)
    return is_loopback(than) or not is_loopback(host)


def _is_trackers_page(tracker: TrackerUrl) -> bool:
    return tracker.path.startswith("/announce") and not tracker.query
