"""The local tracker as a whole: two transports, one desk, settings that work while it runs."""

import random
from collections.abc import Sequence

import pytest
import trio
import trio.testing

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.announcer import Announcer, TransferStats, ask_tracker
from torrent_peer.testing import tracker as tracker_module
from torrent_peer.testing.tracker import LocalTracker, open_local_tracker
from torrent_peer.trackers.announce import AnnounceRequest, Event, TrackerError

STARTED, COMPLETED, STOPPED = Event.STARTED, Event.COMPLETED, Event.STOPPED
INFO_HASH = InfoHash(bytes(20))
DICE = random.Random(1)


def request(number: int, event: Event = STARTED, *, left: int = 1, info_hash: InfoHash = INFO_HASH) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=info_hash,
        peer_id=PeerId(b"-TP0001-%012d" % number),
        port=7000 + number,
        uploaded=0,
        downloaded=0,
        left=left,
        event=event,
    )


def url_of(tracker: LocalTracker, over: str) -> str:
    return tracker.http_url if over == "http" else tracker.udp_url


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")],
)
async def test_both_urls_have_the_same_port_and_can_be_asked(host: str, shown: str) -> None:
    with trio.fail_after(10):
        async with open_local_tracker(host) as tracker:
            port = tracker.address.port
            assert (tracker.http_url, tracker.udp_url) == (
                f"http://{shown}:{port}/announce",
                f"udp://{shown}:{port}/announce",
            )
            for url in (tracker.http_url, tracker.udp_url):
                await ask_tracker(url, request(1), dice=DICE)
            assert [a.over for a in tracker.announces] == ["http", "udp"]


async def test_peers_announced_over_one_transport_are_found_over_the_other() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            await ask_tracker(tracker.http_url, request(1), dice=DICE)
            answer = await ask_tracker(tracker.udp_url, request(2), dice=DICE)
            assert answer.peers == (Address("127.0.0.1", 7001),)
            assert set(tracker.swarm(INFO_HASH).peers) == {Address("127.0.0.1", 7001), Address("127.0.0.1", 7002)}


@pytest.mark.parametrize("over", ["http", "udp"])
async def test_a_tracker_can_be_made_to_refuse_while_it_runs(over: str) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.failure_reason = "closed for today"
            with pytest.raises(TrackerError) as caught:
                await ask_tracker(url_of(tracker, over), request(1), dice=DICE)
            assert caught.value.reason == "it refused: closed for today"
            assert tracker.events() == [STARTED]
            assert tracker.swarm(INFO_HASH).peers == {}
            tracker.failure_reason = None
            await ask_tracker(url_of(tracker, over), request(1), dice=DICE)


@pytest.mark.parametrize("over", ["http", "udp"])
async def test_a_tracker_can_be_made_slow_while_it_runs(over: str) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.delay = 0.1
            before = trio.current_time()
            await ask_tracker(url_of(tracker, over), request(1), dice=DICE)
            assert trio.current_time() - before >= 0.1


async def test_what_only_http_can_say() -> None:
    with trio.fail_after(10):
        async with open_local_tracker(min_interval=120) as tracker:
            tracker.warning = "mind the gap"
            tracker.tracker_id = b"\x00me"
            answer = await ask_tracker(tracker.http_url, request(1), dice=DICE)
    assert (answer.warning, answer.tracker_id, answer.min_interval) == ("mind the gap", b"\x00me", 120.0)


async def test_an_error_in_the_block_comes_out_as_it_is() -> None:
    with trio.fail_after(10), pytest.raises(ZeroDivisionError):
        async with open_local_tracker():
            raise ZeroDivisionError


async def test_a_port_that_is_taken_is_said_so() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            with pytest.raises(OSError, match=r"Address already in use"):
                async with open_local_tracker(port=tracker.address.port):
                    pass


async def test_connections_beyond_the_limit_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_module, "MAX_CONNECTIONS", 2)
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            streams = [await trio.open_tcp_stream(*tracker.address) for _ in range(3)]
            assert await streams[2].receive_some() == b""
            for stream in streams:
                await stream.aclose()
            await trio.testing.wait_all_tasks_blocked()
            await ask_tracker(tracker.http_url, request(1), dice=DICE)


async def test_silent_peers_are_forgotten_without_anybody_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_module, "EXPIRY_ROUND", 0.02)
    with trio.fail_after(10):
        async with open_local_tracker(lifetime=0.01) as tracker:
            await ask_tracker(tracker.udp_url, request(1), dice=DICE)
            await trio.sleep(0.1)
            assert len(tracker.book) == 0


@pytest.mark.parametrize("over", ["http", "udp"])
async def test_the_whole_life_of_a_download_is_seen(over: str) -> None:
    left = [100]
    found: list[Address] = []

    def take(peers: Sequence[Address], url: str) -> None:
        found.extend(peers)

    with trio.fail_after(20):
        async with open_local_tracker() as tracker:
            await ask_tracker(tracker.http_url, request(1, left=0), dice=DICE)
            url = url_of(tracker, over)
            announcer = Announcer(
                [["wss://t.example/", "http://127.0.0.1:1/announce"], [url]],
                info_hash=INFO_HASH,
                peer_id=PeerId(b"-TP0001-abcdefghijkl"),
                port=6881,
                stats=lambda: TransferStats(uploaded=0, downloaded=0, left=left[0]),
                on_peers=take,
                dice=random.Random(2),
            )
            async with trio.open_nursery() as nursery:
                nursery.start_soon(announcer.run)
                await tracker.wait_until(lambda: len(tracker.swarm(INFO_HASH).peers) == 2)
                left[0] = 0
                announcer.completed()
                await tracker.wait_until(lambda: tracker.swarm(INFO_HASH).completed == 1)
                await announcer.stop()
            assert tracker.events(INFO_HASH) == [STARTED, STARTED, COMPLETED, STOPPED]
            assert set(tracker.swarm(INFO_HASH).peers) == {Address("127.0.0.1", 7001)}
    assert set(found) == {Address("127.0.0.1", 7001)}
    assert {state.url: state.error for state in announcer.states} == {
        "wss://t.example/": "wss trackers are not supported, only http, https and udp",
        "http://127.0.0.1:1/announce": "connection refused",
        url: None,
    }
