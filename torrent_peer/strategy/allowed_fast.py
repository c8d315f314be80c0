"""Which pieces a choked newcomer may fetch all the same: the same ones from everybody (BEP 6, allowed fast)."""

from hashlib import sha1
from ipaddress import IPv4Address
from typing import Final

ALLOWED_PIECES: Final = 10
"""BEP 6: "We currently set k to 10"."""
LEAST_PIECES: Final = 16
"""Times as many pieces a torrent has, at least: nobody is to get much of it without ever giving anything."""


def allowed_fast_set(host: str, info_hash: bytes, *, pieces: int, count: int) -> list[int]:
    """The first `count` pieces allowed to a peer at `host`, of a torrent of so many pieces, in the BEP's order.

    Every address of a /24 network has the same set. There is none for hosts that are no IPv4 address ("We currently
    have no provisions for IPv6").
    """
    try:
        network = int(IPv4Address(host)) & 0xFFFFFF00
    except ValueError:
        return []
    chosen: dict[int, None] = {}
    digest = network.to_bytes(4, "big") + info_hash
    while len(chosen) < min(count, pieces):
        digest = sha1(digest).digest()
        for at in range(0, 20, 4):
            chosen.setdefault(int.from_bytes(digest[at : at + 4], "big") % pieces)
    return list(chosen)[:count]


def pieces_to_allow(host: str, info_hash: bytes, *, pieces: int, has: int) -> list[int]:
    """What to allow a peer that has just said how many of the torrent's pieces it has; nothing once it has some."""
    count = min(ALLOWED_PIECES, pieces // LEAST_PIECES)
    return allowed_fast_set(host, info_hash, pieces=pieces, count=count) if has < count else []
