"""The packets of the UDP tracker protocol, both ways round (BEP 15; URL data of BEP 41). No state, no clock."""

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from typing import Final

from torrent_peer.core.addresses import Address, to_compact
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.values import frozen
from torrent_peer.trackers.announce import (
    DEFAULT_INTERVALS,
    AnnounceRequest,
    AnnounceResponse,
    Event,
    Intervals,
    ScrapeEntry,
    TrackerError,
)
from torrent_peer.trackers.peers import compact_peers, usable
from torrent_peer.trackers.redact import one_line

PROTOCOL_ID: Final = 0x41727101980
"""BEP 15's "magic constant", where later packets have the connection id."""

CONNECT, ANNOUNCE, SCRAPE, ERROR = range(4)

MAX_SCRAPE: Final = 74
"""Torrents in one scrape, BEP 15: "Up to about 74 torrents can be scraped at once"."""

MAX_COUNT: Final = 2**63 - 1
"""Byte counts are 64-bit; trackers in C read them signed."""

_EVENTS: Final = {Event.REGULAR: 0, Event.COMPLETED: 1, Event.STARTED: 2, Event.STOPPED: 3}
_EVENT_OF: Final = {number: event for event, number in _EVENTS.items()}

_CONNECT_REQUEST = struct.Struct(">QII")
_CONNECT_RESPONSE = struct.Struct(">IIQ")
_ANNOUNCE_REQUEST = struct.Struct(">QII20s20sQQQI4sIiH")
_ANNOUNCE_RESPONSE = struct.Struct(">IIIII")
_HEADER = struct.Struct(">II")
_COUNTS = struct.Struct(">III")

ANNOUNCE_REQUEST_LENGTH: Final = _ANNOUNCE_REQUEST.size


def connect_request(*, transaction: int) -> bytes:
    return _CONNECT_REQUEST.pack(PROTOCOL_ID, CONNECT, transaction)


def announce_request(connection: int, request: AnnounceRequest, *, transaction: int, url_data: str = "") -> bytes:
    """98 bytes, and BEP 41's option with the URL's path and query when there is one worth sending."""
    packet = _ANNOUNCE_REQUEST.pack(
        connection,
        ANNOUNCE,
        transaction,
        request.info_hash,
        request.peer_id,
        min(request.downloaded, MAX_COUNT),
        min(request.left, MAX_COUNT),
        min(request.uploaded, MAX_COUNT),
        _EVENTS[request.event],
        bytes(4),  # "default: 0": the tracker takes the sender's address
        request.key & 0xFFFFFFFF,
        request.num_want,
        request.port,
    )
    data = url_data.encode("ascii", "replace")
    return packet + b"".join(
        b"\x02" + bytes([len(chunk)]) + chunk for chunk in (data[at : at + 255] for at in range(0, len(data), 255))
    )


def scrape_request(connection: int, info_hashes: Sequence[InfoHash], *, transaction: int) -> bytes:
    """16 bytes and 20 per torrent. Raises ValueError for more torrents than BEP 15 allows in one packet."""
    if not 1 <= len(info_hashes) <= MAX_SCRAPE:
        raise ValueError(f"1 to {MAX_SCRAPE} torrents can be scraped at once, not {len(info_hashes)}")
    return _CONNECT_REQUEST.pack(connection, SCRAPE, transaction) + b"".join(info_hashes)


def read_header(packet: bytes) -> tuple[int, int] | None:
    """Action and transaction id of an answer; `None` when it is too short to have them."""
    return _HEADER.unpack_from(packet) if len(packet) >= _HEADER.size else None


def read_connect_response(packet: bytes) -> int:
    """The connection id. Raises TrackerError when the packet is cut off."""
    _at_least(packet, _CONNECT_RESPONSE.size, "a connect answer")
    return int(_CONNECT_RESPONSE.unpack_from(packet)[2])


def read_announce_response(packet: bytes, *, ipv6: bool, intervals: Intervals = DEFAULT_INTERVALS) -> AnnounceResponse:
    """`ipv6`: whether it came over IPv6, where peers have 18 bytes. Raises TrackerError when the packet is cut off."""
    if len(packet) == _HEADER.size:
        raise TrackerError(
            "it answered with nothing, as opentracker does for a torrent it does not track", answered=True
        )
    _at_least(packet, _ANNOUNCE_RESPONSE.size, "an announce answer")
    _, _, interval, leechers, seeders = _ANNOUNCE_RESPONSE.unpack_from(packet)
    oddities: list[str] = []
    peers = compact_peers(packet[_ANNOUNCE_RESPONSE.size :], ipv6=ipv6, oddities=oddities)
    return AnnounceResponse(
        interval=intervals.clamp(interval),
        peers=usable(peers),
        seeders=seeders,
        leechers=leechers,
        oddities=tuple(oddities),
    )


def read_scrape_response(packet: bytes, info_hashes: Sequence[InfoHash]) -> dict[InfoHash, ScrapeEntry]:
    """Counts in the order asked for; torrents the answer leaves out at its end are left out here."""
    body = packet[_HEADER.size :]
    whole = len(body) - len(body) % _COUNTS.size
    counts = _COUNTS.iter_unpack(body[:whole])
    return {
        info_hash: ScrapeEntry(seeders=seeders, completed=completed, leechers=leechers)
        for info_hash, (seeders, completed, leechers) in zip(info_hashes, counts, strict=False)
    }


def read_error(packet: bytes) -> TrackerError:
    """The error a packet of action 3 stands for."""
    reason = one_line(packet[_HEADER.size :].rstrip(b"\0")) or "without a reason"
    return TrackerError(f"it refused: {reason}", answered=True)


def _at_least(packet: bytes, length: int, what: str) -> None:
    if len(packet) < length:
        raise TrackerError(f"it sent {len(packet)} bytes for {what} of at least {length}", answered=True)


# The tracker's side of the same packets.


@frozen
class UdpQuestion:
    """A request as a tracker reads it: action, transaction, the connection id it came with, and what follows."""

    connection: int
    action: int
    transaction: int
    body: bytes


def read_question(packet: bytes) -> UdpQuestion | None:
    """`None` for what is shorter than any request."""
    if len(packet) < _CONNECT_REQUEST.size:
        return None
    connection, action, transaction = _CONNECT_REQUEST.unpack_from(packet)
    return UdpQuestion(connection, action, transaction, packet[_CONNECT_REQUEST.size :])


def read_announce_request(packet: bytes) -> AnnounceRequest | None:
    """`None` for a packet under 98 bytes or with an event that is none."""
    if len(packet) < _ANNOUNCE_REQUEST.size:
        return None
    (_, _, _, info_hash, peer_id, downloaded, left, uploaded, event, _, key, num_want, port) = (
        _ANNOUNCE_REQUEST.unpack_from(packet)
    )
    if event not in _EVENT_OF:
        return None
    return AnnounceRequest(
        info_hash=InfoHash(info_hash),
        peer_id=PeerId(peer_id),
        port=port,
        uploaded=uploaded,
        downloaded=downloaded,
        left=left,
        event=_EVENT_OF[event],
        num_want=num_want,
        key=key,
    )


def read_url_data(packet: bytes) -> str:
    """The path and query a client says it was given, from the options behind its announce (BEP 41); usually empty."""
    data = bytearray()
    at = _ANNOUNCE_REQUEST.size
    while at < len(packet) and packet[at] != 0:
        if packet[at] == 1:
            at += 1
            continue
        length = packet[at + 1] if at + 1 < len(packet) else 0
        if packet[at] == 2:
            data += packet[at + 2 : at + 2 + length]
        at += 2 + length
    return data.decode("ascii", "replace")


def connect_response(connection: int, *, transaction: int) -> bytes:
    return _CONNECT_RESPONSE.pack(CONNECT, transaction, connection)


def announce_response(
    *, transaction: int, interval: int, leechers: int, seeders: int, peers: Iterable[Address], ipv6: bool
) -> bytes:
    """Only peers of the family the question came over: there is no other way to tell them apart."""
    version = 6 if ipv6 else 4
    kept = (peer for peer in peers if ipaddress.ip_address(peer.host).version == version)
    return _ANNOUNCE_RESPONSE.pack(ANNOUNCE, transaction, interval, leechers, seeders) + b"".join(map(to_compact, kept))


def scrape_response(entries: Iterable[ScrapeEntry], *, transaction: int) -> bytes:
    return _HEADER.pack(SCRAPE, transaction) + b"".join(
        _COUNTS.pack(entry.seeders, entry.completed, entry.leechers) for entry in entries
    )


def error_response(reason: str, *, transaction: int) -> bytes:
    return _HEADER.pack(ERROR, transaction) + reason.encode()
