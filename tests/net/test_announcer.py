"""Which tracker is asked when, and what it is told; with a scripted network under a clock that jumps."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.announcer import Announcer, TrackerState, TransferStats
from torrent_peer.trackers.announce import AnnounceRequest, AnnounceResponse, Event, TrackerError

REGULAR, STARTED, COMPLETED, STOPPED = Event.REGULAR, Event.STARTED, Event.COMPLETED, Event.STOPPED
PEER = Address("192.0.2.1", 6881)
ANSWER = AnnounceResponse(interval=900.0, peers=(PEER,), seeders=3, leechers=4)
DEAD = TrackerError("connection refused")
REFUSED = TrackerError("it refused: no", answered=True)
BANNED = TrackerError("it refused: no", answered=True, never=True)

Outcome = AnnounceResponse | TrackerError | float
"""What a tracker does: answers, fails, or keeps silent for so many seconds and then answers."""


@define
class Trackers:
    """A network of scripted trackers: each URL has its outcomes, the last for ever."""

    script: dict[str, list[Outcome]]
    told: list[tuple[float, str, Event]] = field(factory=list)
    requests: list[AnnounceRequest] = field(factory=list)
    began: float = field(factory=trio.current_time)

    async def ask(self, url: str, request: AnnounceRequest) -> AnnounceResponse:
        self.told.append((trio.current_time() - self.began, url, request.event))
        self.requests.append(request)
        outcomes = self.script[url]
        outcome = outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]
        if isinstance(outcome, TrackerError):
            raise outcome
        if isinstance(outcome, float):
            await trio.sleep(outcome)
            return ANSWER
        return outcome

    def events(self, url: str) -> list[tuple[float, Event]]:
        return [(at, event) for at, asked, event in self.told if asked == url]


@define
class Torrent:
    left: int = 100
    found: list[tuple[tuple[Address, ...], str]] = field(factory=list)
    changes: list[TrackerState] = field(factory=list)

    def take(self, peers: Sequence[Address], url: str) -> None:
        self.found.append((tuple(peers), url))

    def announcer(
        self, tiers: Sequence[Sequence[str]], network: Trackers | None = None, **options: object
    ) -> Announcer:
        return Announcer(
            tiers,
            info_hash=InfoHash(bytes(20)),
            peer_id=PeerId(b"-TP0001-abcdefghijkl"),
            port=6881,
            stats=lambda: TransferStats(uploaded=7, downloaded=8, left=self.left),
            on_peers=self.take,
            on_change=self.changes.append,
            dice=random.Random(1),
            ask=network.ask if network else None,
            **options,  # type: ignore[arg-type]
        )


async def run_for(announcer: Announcer, seconds: float, *then: Callable[[], None]) -> None:
    """Runs it for so long, does something, and runs on for as long, until nothing is left to be done."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(announcer.run)
        await trio.sleep(seconds)
        for action in then:
            action()
            await trio.sleep(seconds)
        nursery.cancel_scope.cancel()


def with_intervals(interval: float, min_interval: float | None = None) -> AnnounceResponse:
    return AnnounceResponse(interval=interval, min_interval=min_interval)


async def test_started_once_then_regularly_at_the_interval(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER]}), Torrent()
    await run_for(torrent.announcer([["a"]], network), 1900)
    assert network.told == [(0, "a", STARTED), (900, "a", REGULAR), (1800, "a", REGULAR)]
    assert torrent.found == [((PEER,), "a")] * 3


async def test_what_an_announce_says(autojump_clock: MockClock) -> None:
    first = AnnounceResponse(interval=900.0, tracker_id=b"me")
    network, torrent = Trackers({"a": [first, ANSWER]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 1900)
    await announcer.stop()
    assert [r.tracker_id for r in network.requests] == [None, b"me", b"me", b"me"]
    assert [r.num_want for r in network.requests] == [200, 200, 200, 0]
    assert len({r.key for r in network.requests}) == 1
    assert {(r.uploaded, r.downloaded, r.left, r.port) for r in network.requests} == {(7, 8, 100, 6881)}


async def test_completed_is_told_at_once_and_once(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER]}), Torrent()
    announcer = torrent.announcer([["a"]], network)

    def complete() -> None:
        torrent.left = 0
        announcer.completed()

    await run_for(announcer, 500, complete, announcer.completed, announcer.completed)
    assert network.told == [(0, "a", STARTED), (500, "a", COMPLETED), (1400, "a", REGULAR)]
    assert network.requests[1].left == 0


async def test_a_download_complete_before_the_tracker_knew_of_it_is_told_all_the_same(
    autojump_clock: MockClock,
) -> None:
    network, torrent = Trackers({"a": [DEAD, ANSWER]}), Torrent()
    announcer = torrent.announcer([["a"]], network)

    def complete() -> None:
        torrent.left = 0
        announcer.completed()

    await run_for(announcer, 10, complete)
    assert network.told == [(0, "a", STARTED), (15, "a", STARTED), (15, "a", COMPLETED)]


async def test_a_seeder_that_completed_nothing_says_no_completed(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER]}), Torrent(left=0)
    await run_for(torrent.announcer([["a"]], network), 1000)
    assert [event for *_, event in network.told] == [STARTED, REGULAR]


async def test_a_completed_that_fails_is_told_again(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER, DEAD, ANSWER]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 100, announcer.completed)
    assert network.told == [(0, "a", STARTED), (100, "a", COMPLETED), (115, "a", COMPLETED)]


async def test_stopped_is_told_to_who_knows_of_us_and_to_nobody_else(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [DEAD], "b": [ANSWER], "c": [ANSWER]}), Torrent()
    announcer = torrent.announcer([["a"], ["b"], ["c"]], network)
    await run_for(announcer, 10)
    await announcer.stop()
    await announcer.stop()
    assert network.told == [(0, "a", STARTED), (0, "b", STARTED), (10, "b", STOPPED)]
    assert torrent.found == [((PEER,), "b")], "peers in the answer to `stopped` are of no use"


@pytest.mark.parametrize("answer", [ANSWER, 1.0])
@pytest.mark.parametrize("pause", [0.0, 0.5])
async def test_who_stops_right_after_completing_still_says_both_once(
    autojump_clock: MockClock, answer: Outcome, pause: float
) -> None:
    network, torrent = Trackers({"a": [ANSWER, answer]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(announcer.run)
            await trio.sleep(1)
            torrent.left = 0
            announcer.completed()
            await trio.sleep(pause)
            await announcer.stop()
    assert [event for *_, event in network.told] == [STARTED, COMPLETED, STOPPED]


async def test_stop_ends_run(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    with trio.fail_after(100):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(announcer.run)
            await trio.sleep(1)
            await announcer.stop()
    await announcer.run()
    assert [event for *_, event in network.told] == [STARTED, STOPPED]


async def test_stop_gives_up_after_five_seconds(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER, math.inf]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 10)
    before = trio.current_time()
    await announcer.stop()
    assert trio.current_time() - before == 5


async def test_a_tracker_whose_started_is_under_way_is_told_stopped_too_but_not_waited_for_long(
    autojump_clock: MockClock,
) -> None:
    network, torrent = Trackers({"a": [math.inf]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 1)
    before = trio.current_time()
    await announcer.stop()
    assert [event for *_, event in network.told] == [STARTED, STOPPED]
    assert trio.current_time() - before == 1


async def test_a_shielded_stop_works_while_everything_is_being_cancelled(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [ANSWER, 1.0]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    with trio.move_on_after(10):
        try:
            await announcer.run()
        finally:
            with trio.CancelScope(shield=True):
                await announcer.stop()
    assert network.told[1:] == [(10, "a", STOPPED)]
    assert announcer.states[0].error is None


async def test_one_that_fails_makes_room_for_the_next_at_once(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [DEAD], "b": [REFUSED], "c": [ANSWER], "d": [ANSWER]}), Torrent()
    await run_for(torrent.announcer([["a"], ["b"], ["c"], ["d"]], network), 800)
    assert network.told == [(0, "a", STARTED), (0, "b", STARTED), (0, "c", STARTED)]


async def test_one_that_keeps_us_waiting_gets_company_after_five_seconds(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [math.inf], "b": [math.inf], "c": [2.0]}), Torrent()
    await run_for(torrent.announcer([["a"], ["b"], ["c"]], network), 14)
    assert network.told == [(0, "a", STARTED), (5, "b", STARTED), (10, "c", STARTED)]
    assert torrent.found == [((PEER,), "c")]
    assert [change.error for change in torrent.changes] == [
        None,
        "no answer within 12 s, while another tracker gave one",
        "no answer within 7 s, while another tracker gave one",
    ]


async def test_a_slow_tracker_that_answers_first_is_used(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [7.0], "b": [math.inf]}), Torrent()
    await run_for(torrent.announcer([["a"], ["b"]], network), 950)
    assert network.told == [(0, "a", STARTED), (5, "b", STARTED), (907, "a", REGULAR), (912, "b", STARTED)]


async def test_a_private_torrent_asks_one_tracker_at_a_time(autojump_clock: MockClock) -> None:
    """BEP 27: "each peer MUST use only one tracker at a time and only switch … when the current tracker fails"."""
    network, torrent = Trackers({"a": [20.0], "b": [ANSWER]}), Torrent()
    await run_for(torrent.announcer([["a"], ["b"]], network, private=True), 100)
    assert network.told == [(0, "a", STARTED)]


async def test_the_first_tier_is_tried_again_at_every_announce_and_taken_when_it_is_back(
    autojump_clock: MockClock,
) -> None:
    network, torrent = Trackers({"a": [DEAD, DEAD, ANSWER], "b": [ANSWER]}), Torrent()
    await run_for(torrent.announcer([["a"], ["b"]], network), 2800)
    assert network.events("a") == [(0, STARTED), (900, STARTED), (1800, STARTED), (2700, REGULAR)]
    assert network.events("b") == [(0, STARTED), (900, REGULAR)]


async def test_within_a_tier_the_tracker_that_answered_stays_first(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [DEAD, ANSWER], "b": [DEAD, ANSWER], "c": [DEAD, ANSWER]}), Torrent()
    announcer = torrent.announcer([["a", "b", "c"]], network)
    await run_for(announcer, 2000)
    order = [url for _, url, _ in network.told]
    assert sorted(order[:3]) == ["a", "b", "c"]
    assert set(order[3:]) == {order[3]}
    assert announcer.states[0].url == order[3]


@pytest.mark.parametrize(
    ("error", "times"),
    [(DEAD, [0, 15, 45, 105, 225, 465, 945, 1905, 3825]), (REFUSED, [0, 60, 180, 420, 900, 1860, 3780])],
)
async def test_a_tracker_that_always_fails_is_left_alone_for_longer_and_longer(
    autojump_clock: MockClock, error: TrackerError, times: list[float]
) -> None:
    network, torrent = Trackers({"a": [error]}), Torrent()
    await run_for(torrent.announcer([["a"]], network), 4000)
    assert [at for at, *_ in network.told] == times


async def test_a_tracker_that_never_wants_to_be_asked_again_is_not(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [BANNED]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 1e6)
    assert len(network.told) == 1
    assert announcer.states[0].next_announce is None


async def test_back_off_starts_anew_after_an_answer(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [DEAD, DEAD, ANSWER, DEAD, ANSWER]}), Torrent()
    await run_for(torrent.announcer([["a"]], network), 970)
    assert [at for at, *_ in network.told] == [0, 15, 45, 945, 960]


@pytest.mark.parametrize(
    ("min_interval", "again_at"),
    [(None, 300), (120.0, 120), (5000.0, 900)],
)
async def test_more_peers_announces_no_sooner_than_the_min_interval(
    autojump_clock: MockClock, min_interval: float | None, again_at: float
) -> None:
    network, torrent = Trackers({"a": [with_intervals(900.0, min_interval)]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 50, announcer.more_peers, announcer.more_peers, *[lambda: None] * 16)
    assert [at for at, *_ in network.told] == [0, again_at]


async def test_more_peers_after_the_min_interval_announces_at_once_and_once(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [with_intervals(900.0, 60.0)]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 200, announcer.more_peers, lambda: None)
    assert network.told == [(0, "a", STARTED), (200, "a", REGULAR)]
    assert torrent.found == [], "answers without peers call nobody"


async def test_a_tracker_with_hostile_intervals_is_asked_once_a_minute_at_most(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"a": [with_intervals(60.0, 60.0)]}), Torrent()
    announcer = torrent.announcer([["a"]], network)
    await run_for(announcer, 1, *[announcer.more_peers] * 598)
    assert len(network.told) == 10


async def test_the_state_of_every_tracker_for_people_to_look_at(autojump_clock: MockClock) -> None:
    network, torrent = Trackers({"udp://a:1/0123456789abcdef": [DEAD], "b": [ANSWER], "c": [ANSWER]}), Torrent()
    announcer = torrent.announcer([["udp://a:1/0123456789abcdef"], ["b"], ["c"]], network)
    blank = TrackerState(
        url="c",
        tier=2,
        answered=False,
        error=None,
        warning=None,
        peers=0,
        seeders=None,
        leechers=None,
        next_announce=None,
    )
    assert [state.error for state in announcer.states] == [None] * 3
    assert not announcer.all_failed
    await run_for(announcer, 10)
    dead, used, unused = announcer.states
    assert (dead.url, dead.answered, dead.error) == ("udp://a:1/***", False, "connection refused")
    assert (used.url, used.answered, used.error, used.tier) == ("b", True, None, 1)
    assert (used.peers, used.seeders, used.leechers) == (1, 3, 4)
    assert used.next_announce == network.began + 900
    assert unused == blank
    assert [(change.url, change.error) for change in torrent.changes] == [
        ("udp://a:1/***", "connection refused"),
        ("b", None),
    ]
    assert announcer.has_answered


GIVEN_UP = [([REFUSED, REFUSED], [False, True]), ([REFUSED, ANSWER], [False, False]), ([BANNED], [True, True])]


@pytest.mark.parametrize(("script", "expected"), GIVEN_UP)
async def test_trackers_are_given_up_when_they_failed_twice_or_for_good(
    autojump_clock: MockClock, script: list[Outcome], expected: list[bool]
) -> None:
    announcer = Torrent().announcer([["a"]], Trackers({"a": script}))
    seen: list[bool] = []
    await run_for(announcer, 40, lambda: seen.append(announcer.all_failed))
    assert [*seen, announcer.all_failed] == expected


async def test_without_trackers_nothing_happens(autojump_clock: MockClock) -> None:
    announcer = Torrent().announcer([])
    await run_for(announcer, 1e6, announcer.completed, announcer.more_peers)
    await announcer.stop()
    assert announcer.states == ()
    assert announcer.all_failed
    assert not announcer.has_answered


async def test_a_wild_mixture_never_has_a_tracker_asked_twice_within_fifteen_seconds(
    autojump_clock: MockClock,
) -> None:
    dice = random.Random(7)
    outcomes: list[Outcome] = [ANSWER, DEAD, REFUSED, 8.0, with_intervals(60.0, 60.0)]
    script = {url: dice.choices(outcomes, k=200) for url in "abcdef"}
    network, torrent = Trackers(script), Torrent()
    announcer = torrent.announcer([["a", "b"], ["c", "d"], ["e", "f"]], network)
    await run_for(announcer, 30, *[announcer.more_peers] * 500)
    by_url = defaultdict(list)
    for at, url, _ in network.told:
        by_url[url].append(at)
    gaps = [after - before for times in by_url.values() for before, after in pairwise(times)]
    assert len(gaps) > 100
    assert min(gaps) >= 15
