"""Asking UDP trackers (BEP 15): the socket under `UdpExchange`."""

import os
import random
import socket
from collections.abc import Sequence
from typing import Final

import trio
from attrs import evolve

from torrent_peer.core.ids import InfoHash
from torrent_peer.net.source_address import ANYWHERE, SourceAddress
from torrent_peer.net.tracker_hosts import look_up
from torrent_peer.trackers.announce import (
    DEFAULT_INTERVALS,
    AnnounceRequest,
    AnnounceResponse,
    Intervals,
    ScrapeEntry,
    TrackerError,
)
from torrent_peer.trackers.peers import believable
from torrent_peer.trackers.udp_exchange import Answer, Question, UdpExchange
from torrent_peer.trackers.url import TrackerUrl

DEADLINE: Final = 45.0
"""Seconds: the first two time-outs of BEP 15's schedule (15 and 30). The whole of it takes more than two hours, which
nobody with other trackers to ask should wait; who asks again later starts it anew."""

MAX_PACKET: Final = 64 * 1024
"""Bytes; no datagram is longer."""


async def announce_udp(
    url: str,
    request: AnnounceRequest,
    *,
    dice: random.Random,
    intervals: Intervals = DEFAULT_INTERVALS,
    source: SourceAddress = ANYWHERE,
    deadline: float = DEADLINE,
) -> AnnounceResponse:
    """One announce. Raises TrackerError, after `deadline` seconds at the latest, if nothing else came of it."""
    answer, host = await _ask(url, request, dice=dice, intervals=intervals, source=source, deadline=deadline)
    assert isinstance(answer, AnnounceResponse)
    return evolve(answer, peers=believable(answer.peers, host))


async def scrape_udp(
    url: str, info_hashes: Sequence[InfoHash], *, dice: random.Random, deadline: float = DEADLINE
) -> dict[InfoHash, ScrapeEntry]:
    """The tracker's counts for these torrents. Raises TrackerError as `announce_udp` does."""
    answer, _ = await _ask(url, info_hashes, dice=dice, intervals=DEFAULT_INTERVALS, source=ANYWHERE, deadline=deadline)
    assert isinstance(answer, dict)
    return answer


async def _ask(
    url: str,
    question: Question,
    *,
    dice: random.Random,
    intervals: Intervals,
    source: SourceAddress,
    deadline: float,
) -> tuple[Answer, str]:
    try:
        tracker = TrackerUrl.parse(url)
        with trio.move_on_after(deadline):
            hosts = await look_up(tracker, source)
            return await _ask_in_turn(
                tracker, hosts, question, dice=dice, intervals=intervals, source=source, share=deadline
            )
        raise TrackerError(f"no answer within {deadline:.0f} s")
    except TrackerError as error:
        raise error.about(url) from None


async def _ask_in_turn(
    tracker: TrackerUrl,
    hosts: Sequence[str],
    question: Question,
    *,
    dice: random.Random,
    intervals: Intervals,
    source: SourceAddress,
    share: float,
) -> tuple[Answer, str]:
    """Every address gets an equal share of the time, so that a mute one leaves some for the next."""
    trouble: TrackerError | None = None
    for host in hosts:
        exchange = UdpExchange(
            question,
            dice=dice,
            now=trio.current_time(),
            ipv6=":" in host,
            url_data="" if tracker.target in ("/", "/announce") else tracker.target,
            intervals=intervals,
        )
        with trio.move_on_after(share / len(hosts)):
            try:
                return await _converse(exchange, host, tracker.port, source), host
            except OSError as error:
                reason = os.strerror(error.errno).lower() if error.errno else str(error)
                trouble = TrackerError(reason)
    raise trouble or TrackerError(f"no answer within {share:.0f} s")


async def _converse(exchange: UdpExchange, host: str, port: int, source: SourceAddress) -> Answer:
    """Runs the exchange over a connected socket: the kernel drops what comes from any other address. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with trio.socket.socket(family, socket.SOCK_DGRAM) as sock:
        await source.bind(sock, host)
        await sock.connect((host, port))
        while exchange.answer is None:
            packet = exchange.next_packet(now=trio.current_time())
            if packet is not None:
                await sock.send(packet)
            with trio.move_on_at(exchange.next_deadline()):
                exchange.receive(await sock.recv(MAX_PACKET), now=trio.current_time())
        return exchange.answer
