"""The scenes that are recorded: every client as a seed and as a leech of others, and whatever forces their hands."""

from tests.interop.clients.aria2 import ARIA2
from tests.interop.clients.catalogue import CLIENTS
from tests.interop.clients.ctorrent import CTORRENT
from tests.interop.clients.libtorrent import LIBTORRENT
from tests.interop.clients.qbittorrent import QBITTORRENT
from tests.interop.clients.rtorrent import RTORRENT
from tests.interop.clients.transmission import TRANSMISSION
from tests.interop.recordings import Part, Scene

KIB = 1024
_SLOW = 400 * KIB
"""Slow enough that turns change before everything is said, fast enough for a test."""

SWARM = Scene(
    "swarm",
    (
        Part(LIBTORRENT, seeds=True, rate=600 * KIB, slots=2, hasty=True),
        Part(TRANSMISSION),
        Part(ARIA2, magnet=True),
        Part(QBITTORRENT, returns=True),
        Part(RTORRENT),
        Part(CTORRENT),
        Part(LIBTORRENT, magnet=True, rate=500 * KIB, slots=1, hasty=True),
    ),
    seconds=90,
)
"""All of them, few slots, turns that change every few seconds; two begin with a magnet link, one is killed half-way."""
ENDGAME = Scene(
    "endgame",
    (
        *(Part(client, seeds=True, rate=200 * KIB) for client in (LIBTORRENT, ARIA2, RTORRENT, CTORRENT)),
        *(Part(client) for client in (QBITTORRENT, ARIA2, RTORRENT)),
    ),
)
"""Several slow seeds: whoever asks the last blocks of all of them has requests to take back."""
ENDGAME_TOO = Scene(
    "endgame-too",
    (
        *(Part(client, seeds=True, rate=200 * KIB) for client in (LIBTORRENT, TRANSMISSION, QBITTORRENT)),
        *(Part(client) for client in (CTORRENT, TRANSMISSION, LIBTORRENT)),
    ),
)
CHOKES = Scene(
    "chokes",
    (
        Part(LIBTORRENT, seeds=True, rate=300 * KIB, slots=1, hasty=True),
        *(Part(client) for client in (RTORRENT, CTORRENT, ARIA2, TRANSMISSION)),
    ),
    seconds=90,
)
"""One slot, four leeches, a new turn every two seconds."""
MAGNETS = Scene(
    "magnets",
    (
        Part(LIBTORRENT, seeds=True, rate=600 * KIB),
        Part(TRANSMISSION, seeds=True, rate=600 * KIB),
        *(Part(client, magnet=True) for client in (QBITTORRENT, ARIA2, RTORRENT, LIBTORRENT)),
    ),
)
RETURNS = Scene(
    "returns",
    (
        Part(LIBTORRENT, seeds=True, rate=_SLOW, slots=2, hasty=True),
        *(Part(client, returns=True) for client in (QBITTORRENT, TRANSMISSION, RTORRENT, ARIA2, CTORRENT)),
    ),
    seconds=90,
)
"""Everybody is killed on the way, and comes back."""


def _meetings() -> tuple[Scene, ...]:
    """Each client as the only seed, for two others at a time until it has served them all, itself included."""
    scenes = []
    for number, seed in enumerate(CLIENTS):
        following = [CLIENTS[(number + step) % len(CLIENTS)] for step in range(1, len(CLIENTS) + 1)]
        for one, other in zip(following[::2], following[1::2], strict=True):
            name = f"{seed.name}-{one.name}-{other.name}"
            scenes.append(Scene(name, (Part(seed, seeds=True, slots=1), Part(one), Part(other)), seconds=90))
    return tuple(scenes)


MEETINGS = _meetings()
"""Every pair, but that two aria2 always agree on encryption: what they say is recorded and cannot be judged."""
SCENES = (SWARM, ENDGAME, ENDGAME_TOO, CHOKES, MAGNETS, RETURNS, *MEETINGS)
BY_DEFAULT = (SWARM, ENDGAME)
"""The richest: what is recorded in every run of the tests."""
