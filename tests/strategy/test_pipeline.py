"""Tests of torrent_peer.strategy.pipeline."""

import pytest

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.strategy.pipeline import FIRST_DEPTH, LEAST_DEPTH, MOST_DEPTH, RequestPipeline


def steady(pipeline: RequestPipeline, *, rate: float, latency: float, seconds: float, start: float = 0.0) -> int:
    """A link of `rate` bytes per second and `latency` seconds there and back; how many blocks came."""
    now, outstanding, came = start, 0, 0
    pending: list[float] = []  # when each outstanding block arrives
    free_at = start
    while now < start + seconds:
        if room := pipeline.room(outstanding):
            pipeline.sent(now=now, outstanding=outstanding)
            for _ in range(room):
                free_at = max(free_at, now + latency) + BLOCK_LENGTH / rate
                pending.append(free_at)
            outstanding += room
        now = max(pending[0], now + 0.001)
        arrived = sum(1 for at in pending if at <= now)
        del pending[:arrived]
        outstanding -= arrived
        came += arrived
        pipeline.on_bytes(arrived, arrived * BLOCK_LENGTH, now=now)
    return came


def test_it_starts_small_and_doubles_with_every_full_queue() -> None:
    pipeline = RequestPipeline(10_000)
    depths = []
    for turn in range(6):
        depths.append(pipeline.depth)
        pipeline.on_bytes(pipeline.depth, pipeline.depth * BLOCK_LENGTH, now=turn / 1000)
    assert depths == [FIRST_DEPTH * 2**n for n in range(6)]


@pytest.mark.parametrize(
    ("peer_queue", "most", "depth"),
    [(250, 2000, 250), (500, 2000, 500), (5000, MOST_DEPTH, 2000), (500, 300, 300), (1, 2000, 1), (0, 2000, 1)],
)
def test_on_a_fast_link_it_reaches_what_the_peer_takes(peer_queue: int, most: int, depth: int) -> None:
    pipeline = RequestPipeline(peer_queue, most=most)
    steady(pipeline, rate=1e9, latency=0.0001, seconds=0.2)
    assert pipeline.depth == depth


def test_the_peers_queue_may_become_known_later() -> None:
    pipeline = RequestPipeline()
    assert pipeline.peer_queue == 250
    steady(pipeline, rate=1e9, latency=0.0001, seconds=0.2)
    pipeline.peer_queue = 100
    assert pipeline.depth == 100
    pipeline.peer_queue = 500
    assert pipeline.depth == 250
    steady(pipeline, rate=1e9, latency=0.0001, seconds=0.2, start=1.0)
    assert pipeline.depth == 500


@pytest.mark.parametrize(
    ("rate", "latency"), [(20_000, 0.05), (100_000, 0.05), (1_000_000, 0.2), (5_000_000, 0.05), (2_500_000, 0.5)]
)
def test_it_settles_at_three_seconds_and_a_round_trip_and_keeps_the_link_busy(rate: float, latency: float) -> None:
    pipeline = RequestPipeline(2000)
    steady(pipeline, rate=rate, latency=latency, seconds=20)
    wanted = max(LEAST_DEPTH, rate * (3 + latency) / BLOCK_LENGTH)
    assert 0.7 * wanted < pipeline.depth < 1.5 * wanted + 2
    came = steady(pipeline, rate=rate, latency=latency, seconds=20, start=20)
    assert came * BLOCK_LENGTH > 0.93 * rate * 20


def test_the_slowest_peer_has_the_least_depth() -> None:
    pipeline = RequestPipeline()
    steady(pipeline, rate=2_000, latency=0.1, seconds=200)
    assert pipeline.depth == LEAST_DEPTH


def test_it_follows_a_peer_that_becomes_slower() -> None:
    pipeline = RequestPipeline(2000)
    steady(pipeline, rate=5_000_000, latency=0.05, seconds=10)
    before = pipeline.depth
    steady(pipeline, rate=500_000, latency=0.05, seconds=20, start=10)
    assert pipeline.depth < before / 5


@pytest.mark.parametrize(("held_up", "depth"), [(0.0, 24), (0.04, 24), (0.06, 8)])
def test_while_we_let_a_peer_wait_most_of_the_time_less_is_asked_of_it(held_up: float, depth: int) -> None:
    pipeline = RequestPipeline()
    for turn in range(400):
        pipeline.held_up(held_up)
        pipeline.on_bytes(1, 12_800, now=turn / 10)
    assert pipeline.depth == depth


def test_who_was_let_wait_and_is_no_more_is_asked_as_much_as_others() -> None:
    pipeline = RequestPipeline()
    pipeline.held_up(30.0)
    for turn in range(400):
        pipeline.on_bytes(1, 12_800, now=turn / 10)
    assert pipeline.depth == 24


def test_there_is_no_room_until_half_is_consumed() -> None:
    pipeline = RequestPipeline()
    pipeline.on_bytes(92, 92 * BLOCK_LENGTH, now=0.0)
    assert pipeline.depth == 100
    assert [pipeline.room(n) for n in (100, 51, 50, 20, 0)] == [0, 0, 50, 80, 100]


def test_latency_is_measured_when_the_peer_was_idle() -> None:
    pipeline = RequestPipeline()
    assert pipeline.latency == 0.0
    pipeline.sent(now=1.0, outstanding=0)
    pipeline.sent(now=1.1, outstanding=8)
    pipeline.on_bytes(1, BLOCK_LENGTH, now=1.2)
    assert pipeline.latency == pytest.approx(0.2)
    pipeline.on_bytes(1, BLOCK_LENGTH, now=1.9)
    assert pipeline.latency == pytest.approx(0.2)
    pipeline.sent(now=2.0, outstanding=0)
    pipeline.on_bytes(1, BLOCK_LENGTH, now=2.6)
    assert pipeline.latency == pytest.approx(0.3)


def test_a_snubbing_peer_is_asked_for_one_block_at_a_time_until_it_sends_one() -> None:
    pipeline = RequestPipeline()
    steady(pipeline, rate=1e9, latency=0.0001, seconds=0.2)
    pipeline.snubbed()
    assert [pipeline.depth, pipeline.room(1), pipeline.room(0)] == [1, 0, 1]
    pipeline.on_bytes(1, BLOCK_LENGTH, now=100.0)
    assert pipeline.depth == FIRST_DEPTH + 1


def test_after_a_choke_it_starts_anew() -> None:
    pipeline = RequestPipeline()
    steady(pipeline, rate=1e9, latency=0.0001, seconds=0.2)
    pipeline.choked()
    assert pipeline.depth == FIRST_DEPTH
    assert pipeline.rate(now=1.0) == 0.0


@pytest.mark.parametrize(("piece_length", "whole"), [(1 << 20, True), (4 << 20, False)])
def test_a_peer_that_fetches_a_piece_in_twenty_seconds_takes_whole_pieces(piece_length: int, whole: bool) -> None:
    pipeline = RequestPipeline()
    steady(pipeline, rate=100_000, latency=0.05, seconds=10)
    assert pipeline.takes_whole_pieces(piece_length, now=10.0) is whole


def test_near_the_end_no_more_is_asked_than_the_peers_share() -> None:
    pipeline = RequestPipeline()
    assert pipeline.room(0, share=6, now=0.0) == 6
    assert pipeline.room(0, share=1, now=0.0) == LEAST_DEPTH
    assert pipeline.room(3, share=6, now=0.0) == 3
    assert pipeline.room(0, share=10**6, now=0.0) == FIRST_DEPTH


def test_a_small_share_does_not_leave_a_long_line_idle() -> None:
    pipeline = RequestPipeline(2000)
    came = steady(pipeline, rate=10_000_000, latency=0.2, seconds=10)
    assert came > 5000
    depth = pipeline.room(0, share=1, now=10.0)
    assert 2 * 10_000_000 * 0.2 / BLOCK_LENGTH < depth < pipeline.depth
