"""Who says too much of no use is listened to less often."""

import pytest

from torrent_peer.session.chatter import FREE_MESSAGES, FREE_RATE, LONGEST_PAUSE, Chatter


def test_what_is_said_now_and_then_is_always_listened_to() -> None:
    chatter = Chatter(now=0.0)
    assert [chatter.pause(int(FREE_RATE), now=float(second)) for second in range(1, 100)] == [0.0] * 99
    assert not chatter.is_excessive


def test_a_burst_is_free_once() -> None:
    chatter = Chatter(now=0.0)
    assert chatter.pause(FREE_MESSAGES, now=0.0) == 0.0
    assert chatter.pause(100, now=0.0) == pytest.approx(100 / FREE_RATE)
    assert chatter.is_excessive


def test_what_was_spent_comes_back() -> None:
    chatter = Chatter(now=0.0)
    chatter.pause(FREE_MESSAGES + 100, now=0.0)
    assert chatter.pause(0, now=100 / FREE_RATE) == 0.0
    assert chatter.pause(FREE_MESSAGES, now=1e6) == 0.0


def test_however_much_is_said_the_pause_is_bounded() -> None:
    chatter = Chatter(now=0.0)
    for at in (0.0, 1.0, 2.0):
        assert chatter.pause(10**9, now=at) == LONGEST_PAUSE
    assert chatter.pause(0, now=2.0 + LONGEST_PAUSE) == 0.0
