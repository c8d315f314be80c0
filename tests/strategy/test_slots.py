"""Tests of torrent_peer.strategy.slots."""

import pytest

from torrent_peer.strategy.slots import TURN, Slots, SlotShare, divide


@pytest.mark.parametrize(
    ("case", "wanted", "total", "granted"),
    [
        ("nobody is there", [], 8, []),
        ("one has all it wants", [5], 8, [5]),
        ("or all there are", [20], 8, [8]),
        ("two get half each", [20, 20], 8, [4, 4]),
        ("what one leaves the other gets", [2, 20], 8, [2, 6]),
        ("and so among many", [1, 3, 20, 20], 12, [1, 3, 4, 4]),
        ("the first get what is over", [9, 9, 9], 8, [3, 3, 2]),
        ("who wants none gets none", [0, 9, 0], 4, [0, 4, 0]),
        ("with fewer than one each some get none", [9, 9, 9], 2, [1, 1, 0]),
        ("there are none", [3, 3], 0, [0, 0]),
    ],
)
def test_slots_are_divided(case: str, wanted: list[int], total: int, granted: list[int]) -> None:
    assert divide(wanted, total) == granted, case


def rooms(shares: list[SlotShare], *, now: float, interested: int = 9) -> list[int]:
    """What each may serve, once all have asked twice and taken it."""
    for share in shares * 2:
        share.used = share.room(interested=interested, used=share.used, now=now)
    return [share.room(interested=interested, used=share.used, now=now) for share in shares]


def test_without_a_limit_each_has_its_own() -> None:
    slots = Slots(None)
    assert rooms([slots.share(3), slots.share(0)], now=0) == [3, 1]


def test_there_is_always_one_slot() -> None:
    assert rooms([Slots(0).share(8)], now=0) == [1]


def test_a_torrent_has_no_more_than_its_own_limit() -> None:
    slots = Slots(10)
    assert rooms([slots.share(3), slots.share(100)], now=0) == [3, 7]


def test_one_that_begins_gets_its_part_when_the_other_has_let_go_of_it() -> None:
    slots = Slots(8)
    first, second = slots.share(8), slots.share(8)
    assert first.room(interested=9, used=0, now=0) == 8
    first.room(interested=9, used=8, now=0)
    assert second.room(interested=9, used=0, now=1) == 0
    assert first.room(interested=9, used=8, now=2) == 4
    first.used = 4
    assert second.room(interested=9, used=0, now=2) == 4


def test_who_wants_nothing_any_more_leaves_its_part_to_the_others() -> None:
    slots = Slots(8)
    first, second = slots.share(8), slots.share(8)
    assert rooms([first, second], now=0) == [4, 4]
    assert first.room(interested=0, used=0, now=1) == 8  # whoever comes next is served at once
    assert second.room(interested=9, used=4, now=1) == 8
    second.leave()
    assert first.room(interested=9, used=0, now=1) == 8


def test_more_torrents_than_slots_take_turns_and_the_limit_holds() -> None:
    slots = Slots(2)
    shares = [slots.share(8) for _ in range(5)]
    served = [0] * len(shares)
    for second in range(0, 20 * int(TURN), 10):
        for number, share in enumerate(shares):
            share.used = share.room(interested=3, used=share.used, now=second)
            served[number] += share.used
        assert sum(share.used for share in shares) <= 2
    assert sum(served) >= 0.9 * 2 * 120
    assert max(served) <= 1.3 * min(served)
