"""Tests of torrent_peer.strategy.rates."""

import pytest

from torrent_peer.strategy.rates import Rate


def test_before_the_first_byte_the_rate_is_nothing() -> None:
    assert Rate().rate(now=100.0) == 0.0


@pytest.mark.parametrize("seconds", [1, 3, 10, 100])
def test_a_steady_flow_is_measured_right_from_the_start(seconds: int) -> None:
    rate = Rate()
    rate.add(0, now=50.0)
    for tick in range(1, 10 * seconds + 1):
        rate.add(1000, now=50.0 + tick / 10)
    assert rate.rate(now=50.0 + seconds) == pytest.approx(10_000, rel=0.02)
    assert rate.total == 10_000 * seconds


def test_it_fades_when_nothing_comes() -> None:
    rate = Rate(time_constant=5.0)
    for tick in range(1000):
        rate.add(1000, now=tick / 10)
    before = rate.rate(now=99.9)
    assert rate.rate(now=104.9) == pytest.approx(before / 2.71828, rel=0.01)
    assert rate.rate(now=200.0) < before / 1e8


def test_a_single_burst_is_spread_over_a_little_time() -> None:
    rate = Rate()
    rate.add(1000, now=1.0)
    assert rate.rate(now=1.0) == pytest.approx(50_000, rel=0.01)
