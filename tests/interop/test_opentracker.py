"""Our announces are understood by opentracker, over HTTP and over UDP, and its answers by us."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import trio
from attrs import define, field

from tests.interop.opentracker import start_opentracker
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.announcer import Announcer, TrackerState, TransferStats
from torrent_peer.net.tracker_http import scrape_http
from torrent_peer.net.tracker_udp import scrape_udp
from torrent_peer.trackers.announce import ScrapeEntry

pytestmark = pytest.mark.interop

INFO_HASH = InfoHash(bytes.fromhex("00207f80ff2b2f3f26253d41617a30392d2e5f7e"))
"""Bytes of every kind that quoting can get wrong."""


@define
class Urls:
    http: str
    udp: str


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Urls]:
    http, udp, process = start_opentracker(tmp_path, [INFO_HASH])
    yield Urls(http, udp)
    process.kill()
    process.wait()


@define
class Peer:
    """One announcing client and what it was told."""

    url: str
    number: int
    left: int = 100
    found: list[Address] = field(factory=list)
    announcer: Announcer = field(init=False)
    outcomes: list[TrackerState] = field(factory=list)
    _another: trio.Event = field(factory=trio.Event)

    def __attrs_post_init__(self) -> None:
        self.announcer = Announcer(
            [[self.url]],
            info_hash=INFO_HASH,
            peer_id=PeerId(b"-TP0001-%012d" % self.number),
            port=7000 + self.number,
            stats=lambda: TransferStats(uploaded=0, downloaded=0, left=self.left),
            on_peers=self._take,
            on_change=self._note,
            dice=random.Random(self.number),
        )

    def _take(self, peers: Sequence[Address], url: str) -> None:
        self.found += peers

    def _note(self, outcome: TrackerState) -> None:
        self.outcomes.append(outcome)
        self._another.set()
        self._another = trio.Event()

    async def outcome(self, number: int) -> TrackerState:
        """The outcome of its so manieth announce, from 1."""
        while len(self.outcomes) < number:
            await self._another.wait()
        return self.outcomes[number - 1]


async def count(urls: Urls) -> ScrapeEntry:
    over_http = await scrape_http(urls.http, [INFO_HASH])
    over_udp = await scrape_udp(urls.udp, [INFO_HASH], dice=random.Random(9))
    assert over_http == over_udp
    return over_http[INFO_HASH]


@pytest.mark.parametrize("over", ["http", "udp"])
async def test_started_completed_and_stopped_are_seen_and_peers_are_found(tracker: Urls, over: str) -> None:
    url = tracker.http if over == "http" else tracker.udp
    seeder, leecher = Peer(url, 1, left=0), Peer(url, 2)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(seeder.announcer.run)
            assert (await seeder.outcome(1)).error is None
            assert await count(tracker) == ScrapeEntry(seeders=1, completed=0, leechers=0)

            nursery.start_soon(leecher.announcer.run)
            assert (await leecher.outcome(1)).error is None
            assert await count(tracker) == ScrapeEntry(seeders=1, completed=0, leechers=1)
            assert Address("127.0.0.1", 7001) in leecher.found

            leecher.left = 0
            leecher.announcer.completed()
            assert (await leecher.outcome(2)).error is None
            assert await count(tracker) == ScrapeEntry(seeders=2, completed=1, leechers=0)

            await leecher.announcer.stop()
            await seeder.announcer.stop()
        assert (await count(tracker)).seeders == 0


@pytest.mark.parametrize("over", ["http", "udp"])
async def test_a_torrent_it_does_not_track_is_refused_in_its_words(tmp_path: Path, over: str) -> None:
    http, udp, process = start_opentracker(tmp_path, [InfoHash(b"x" * 20)])
    try:
        peer = Peer(http if over == "http" else udp, 1)
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(peer.announcer.run)
                outcome = await peer.outcome(1)
                nursery.cancel_scope.cancel()
    finally:
        process.kill()
        process.wait()
    assert (
        outcome.error
        == {
            "http": "it refused: Requested download is not authorized for use with this tracker.",
            "udp": "it answered with nothing, as opentracker does for a torrent it does not track",
        }[over]
    )
