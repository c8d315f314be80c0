"""Reading lists of peers out of a tracker's answer (BEP 3 dictionaries, BEP 23 and BEP 7 compact)."""

import ipaddress
from collections.abc import Iterable
from typing import Final

from torrent_peer.core.addresses import (
    COMPACT_IPV4_LENGTH,
    COMPACT_IPV6_LENGTH,
    Address,
    from_compact,
    is_dialable,
)
from torrent_peer.core.bencoding import Value
from torrent_peer.trackers.announce import TrackerError

MAX_PEERS: Final = 1000
"""Addresses taken from one answer. Five times what we ask for; a 1 MiB answer could name 174,762."""


def compact_peers(data: bytes, *, ipv6: bool, oddities: list[str]) -> list[Address]:
    """The peers of a compact list, 6 or 18 bytes each; a cut-off last entry becomes an oddity."""
    step = COMPACT_IPV6_LENGTH if ipv6 else COMPACT_IPV4_LENGTH
    if cut := len(data) % step:
        oddities.append(f"its compact peers end with {cut} bytes that are no whole entry of {step}")
    return list(from_compact(data[: step * MAX_PEERS], ipv6=ipv6))


def dictionary_peers(entries: list[Value], *, oddities: list[str]) -> list[Address]:
    """The peers of a list of dictionaries. Names instead of addresses are left out: who names, chooses our victims."""
    found = []
    unusable = 0
    for entry in entries[:MAX_PEERS]:
        match entry:
            case {b"ip": bytes(ip), b"port": int(port)} if _is_ip(ip):
                found.append(Address(ip.decode("ascii"), port))
            case _:
                unusable += 1
    if unusable:
        oddities.append(f"{unusable} of its {len(entries)} peers have no usable ip and port")
    return found


def read_peers(value: Value, *, oddities: list[str]) -> list[Address]:
    """Whatever the key `peers` holds. Raises TrackerError when it is neither a string nor a list."""
    if isinstance(value, bytes):
        return compact_peers(value, ipv6=False, oddities=oddities)
    if isinstance(value, list):
        return dictionary_peers(value, oddities=oddities)
    raise TrackerError("its peers are neither a string nor a list", answered=True)


def usable(peers: Iterable[Address]) -> tuple[Address, ...]:
    """Each address once, IPv4 in its own form, without those nobody can be dialled at; at most `MAX_PEERS`."""
    plain = (Address(unmapped(peer.host), peer.port) for peer in peers)
    return tuple(dict.fromkeys(peer for peer in plain if is_dialable(peer)))[:MAX_PEERS]


def believable(peers: Iterable[Address], tracker_host: str) -> tuple[Address, ...]:
    """Without loopback and link-local addresses when the tracker itself is out on the internet.

    Nobody out there can know of a peer there; somebody may want us to knock at our own machine's services.
    """
    if not is_global(tracker_host):
        return tuple(peers)
    return tuple(peer for peer in peers if not is_near(peer.host))


def is_global(host: str) -> bool:
    """Whether an IP literal is an address of the public internet."""
    return ipaddress.ip_address(unmapped(host)).is_global


def is_loopback(host: str) -> bool:
    """Whether an IP literal is this machine itself (including 0.0.0.0, which Linux takes for it)."""
    ip = ipaddress.ip_address(unmapped(host))
    return ip.is_loopback or ip.is_unspecified


def is_near(host: str) -> bool:
    """Whether an IP literal is this machine or its link (169.254.169.254 is the clouds' metadata service)."""
    return is_loopback(host) or ipaddress.ip_address(unmapped(host)).is_link_local


def unmapped(host: str) -> str:
    """An IP literal without scope; ::ffff:192.0.2.1 becomes 192.0.2.1. Raises ValueError when it is none."""
    ip = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip)


def _is_ip(text: bytes) -> bool:
    try:
        ipaddress.ip_address(text.decode("ascii"))
    except ValueError:
        return False
    return b"%" not in text
