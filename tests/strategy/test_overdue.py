"""Tests of torrent_peer.strategy.overdue."""

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.strategy.overdue import REQUEST_TIMEOUT, RequestAges


def blocks(first: int, end: int) -> list[Block]:
    return [Block(0, n * BLOCK_LENGTH, BLOCK_LENGTH) for n in range(first, end)]


def test_a_peer_that_sends_nothing_for_a_minute_loses_all_its_requests_once() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 3), now=0.0)
    ages.asked(blocks(3, 5), now=30.0)
    outstanding = set(blocks(0, 5))
    assert (ages.overdue(outstanding, now=REQUEST_TIMEOUT - 1), ages.is_snubbing) == ([], False)
    assert (ages.overdue(outstanding, now=REQUEST_TIMEOUT), ages.is_snubbing) == (blocks(0, 5), True)
    assert (ages.overdue(outstanding, now=REQUEST_TIMEOUT + 1), ages.is_snubbing) == ([], True)
    ages.heard(now=REQUEST_TIMEOUT + 2)
    assert (ages.overdue(outstanding, now=REQUEST_TIMEOUT + 3), ages.is_snubbing) == ([], False)


def test_a_peer_that_owes_nothing_does_not_snub() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 3), now=0.0)
    assert ages.overdue(set(), now=500.0) == []
    assert not ages.is_snubbing


def test_the_minute_begins_with_the_first_request() -> None:
    ages = RequestAges()
    ages.heard(now=5.0)
    ages.asked(blocks(0, 1), now=1000.0)
    assert ages.overdue(set(blocks(0, 1)), now=1001.0) == []


def test_a_slow_peer_that_answers_in_order_keeps_its_requests_for_minutes() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 10), now=0.0)
    for n in range(1, 10):
        ages.heard(now=50.0 * n)
        assert ages.overdue(set(blocks(n, 10)), now=50.0 * n + 49) == []


def test_a_request_that_was_passed_over_is_lost_after_a_minute() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 4), now=0.0)
    outstanding = set(blocks(0, 4)) - set(blocks(2, 3))
    ages.heard(now=10.0)
    assert ages.overdue(outstanding, now=10.0) == []
    ages.asked(blocks(4, 6), now=20.0)
    outstanding |= set(blocks(4, 6))
    ages.heard(now=59.0)
    assert ages.overdue(outstanding, now=59.0) == []
    assert ages.overdue(outstanding, now=60.0) == blocks(1, 2) + blocks(0, 1)
    outstanding -= set(blocks(4, 5))
    ages.heard(now=61.0)
    assert ages.overdue(outstanding, now=61.0) == blocks(3, 4)
    assert ages.overdue(outstanding, now=62.0) == []


def test_one_that_was_passed_over_and_then_answered_is_not_lost() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 2), now=0.0)
    ages.heard(now=10.0)
    assert ages.overdue(set(blocks(0, 1)), now=10.0) == []
    ages.heard(now=50.0)
    assert ages.overdue(set(), now=100.0) == []


def test_after_a_choke_nothing_is_overdue() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 2), now=0.0)
    ages.forget()
    assert ages.overdue(set(blocks(0, 2)), now=100.0) == []


def test_what_was_refused_and_asked_again_is_as_old_as_the_last_request() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 2), now=0.0)
    ages.asked(blocks(0, 1), now=50.0)
    ages.heard(now=50.0)
    outstanding = set(blocks(0, 1))
    assert ages.overdue(outstanding, now=60.0) == []
    assert ages.overdue(outstanding, now=110.0) == blocks(0, 1)


def test_what_was_passed_over_and_asked_again_is_reported_once() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 2), now=0.0)
    outstanding = set(blocks(0, 1))
    assert ages.overdue(outstanding, now=1.0) == []
    ages.asked(blocks(0, 1), now=2.0)
    assert ages.overdue(outstanding, now=REQUEST_TIMEOUT) == blocks(0, 1)


def test_time_in_which_we_did_not_read_is_not_the_peers() -> None:
    ages = RequestAges()
    ages.asked(blocks(0, 3), now=0.0)
    ages.excuse(100.0)
    assert ages.overdue(set(blocks(0, 3)), now=100.0 + REQUEST_TIMEOUT - 1) == []
    assert ages.overdue(set(blocks(0, 3)), now=100.0 + REQUEST_TIMEOUT) == blocks(0, 3)
