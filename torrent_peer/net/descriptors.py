"""How many descriptors this process may hold open, and how to be allowed more."""

import contextlib
import resource
from math import inf
from typing import Final

from torrent_peer.storage.pool import MOST_OPEN, SHARE_OF_LIMIT

OTHERS: Final = 32
"""Descriptors for all but peers and data files: trackers, listeners, dials under way, standard streams, Trio's own."""


def allow_peers(count: int) -> float:
    """Raise this process's soft limit (`ulimit -n`) if `count` connections need it, as far as the hard limit lets it.

    Returns for how many connections there is room then; `inf` when nothing limits them.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if room_for_peers(soft) < count:
        wanted = count + MOST_OPEN + OTHERS
        with contextlib.suppress(OSError, ValueError):  # some systems have a limit below what they call the hard one
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )
    return room_for_peers(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def room_for_peers(limit: int) -> float:
    """Connections that fit under a limit on descriptors, beside everything else that is open; `inf` for no limit."""
    if limit == resource.RLIM_INFINITY:
        return inf
    return max(0, limit - min(MOST_OPEN, limit // SHARE_OF_LIMIT) - OTHERS)
