"""The desk: what it records, whom it wakes, how long it remembers."""

import random

import pytest
import trio
from trio.testing import MockClock

from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.testing import tracker_desk
from torrent_peer.testing.tracker_desk import Desk
from torrent_peer.trackers.announce import AnnounceRequest, Event, ScrapeEntry, TrackerError

ONE, TWO = InfoHash(b"1" * 20), InfoHash(b"2" * 20)


def request(info_hash: InfoHash = ONE, event: Event = Event.STARTED) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=info_hash,
        peer_id=PeerId(b"-TP0001-abcdefghijkl"),
        port=6881,
        uploaded=0,
        downloaded=0,
        left=1,
        event=event,
    )


def desk(interval: int = 1800, lifetime: float | None = None) -> Desk:
    return Desk(interval=interval, lifetime=lifetime, dice=random.Random(1))


async def test_announces_are_recorded_in_order_by_torrent() -> None:
    kept = desk()
    await kept.announce("192.0.2.1", request(ONE), over="http", path="/announce")
    await kept.announce("192.0.2.1", request(TWO), over="udp")
    await kept.announce("192.0.2.1", request(ONE, Event.STOPPED), over="udp")
    assert kept.events() == [Event.STARTED, Event.STARTED, Event.STOPPED]
    assert kept.events(ONE) == [Event.STARTED, Event.STOPPED]
    assert [(a.over, a.host, a.path) for a in kept.announces][:2] == [
        ("http", "192.0.2.1", "/announce"),
        ("udp", "192.0.2.1", ""),
    ]


async def test_a_refusal_is_recorded_but_changes_nothing() -> None:
    kept = desk()
    kept.failure_reason = "no"
    with pytest.raises(TrackerError, match=r"^no$"):
        await kept.announce("192.0.2.1", request(), over="http")
    with pytest.raises(TrackerError, match=r"^no$"):
        await kept.scrape([ONE])
    assert (kept.events(), kept.swarm(ONE).peers) == ([Event.STARTED], {})


async def test_the_record_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = desk()
    for _ in range(tracker_desk.MAX_RECORDS + 5):
        kept.announces.append(tracker_desk.Announced("http", "192.0.2.1", request(), 0.0, ""))
    assert len(kept.announces) == tracker_desk.MAX_RECORDS


async def test_who_waits_is_woken_when_an_announce_arrives_and_when_it_is_answered(autojump_clock: MockClock) -> None:
    kept = desk()
    kept.delay = 10
    seen: list[tuple[str, float]] = []

    async def wait(what: str, count: int, peers: int) -> None:
        await kept.wait_until(lambda: len(kept.announces) == count and len(kept.swarm(ONE).peers) == peers)
        seen.append((what, trio.current_time()))

    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, "arrived", 1, 0)
        nursery.start_soon(wait, "answered", 1, 1)
        await trio.sleep(1)
        await kept.announce("192.0.2.1", request(), over="http")
    assert seen == [("arrived", began + 1), ("answered", began + 11)]


async def test_a_condition_that_holds_needs_no_announce() -> None:
    with trio.fail_after(1):
        await desk().wait_until(lambda: True)


@pytest.mark.parametrize(
    ("interval", "lifetime", "remembered"), [(1800, None, 3600), (1, None, 300), (1800, 5.0, 5), (150, None, 300)]
)
async def test_a_silent_peer_is_remembered_for_two_intervals_but_at_least_five_minutes(
    autojump_clock: MockClock, interval: int, lifetime: float | None, remembered: float
) -> None:
    kept = desk(interval, lifetime)
    await kept.announce("192.0.2.1", request(), over="http")
    await trio.sleep(remembered - 1)
    assert len(kept.swarm(ONE).peers) == 1
    await trio.sleep(1)
    assert len(kept.swarm(ONE).peers) == 0


async def test_a_scrape_without_names_is_of_everything() -> None:
    kept = desk()
    await kept.announce("192.0.2.1", request(ONE), over="http")
    await kept.announce("192.0.2.1", request(TWO), over="http")
    assert await kept.scrape([]) == {ONE: ScrapeEntry(0, 0, 1), TWO: ScrapeEntry(0, 0, 1)}
    assert await kept.scrape([TWO]) == {TWO: ScrapeEntry(0, 0, 1)}
