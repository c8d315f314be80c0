"""BEP 12: shuffled within a tier, promoted within a tier, tier by tier."""

import random

import pytest

from torrent_peer.trackers.tiers import MAX_TRACKERS, Tiers


def tiers(*groups: str) -> Tiers:
    return Tiers([list(group) for group in groups], dice=random.Random(5))


def test_tiers_stay_in_order_and_only_their_insides_are_shuffled() -> None:
    orders = {tuple(Tiers(["abc", "d", "ef"], dice=random.Random(seed)).order()) for seed in range(200)}
    assert len(orders) == 6 * 2
    assert all(set(o[:3]) == set("abc") and o[3] == "d" and set(o[4:]) == set("ef") for o in orders)


def test_the_tracker_that_answered_comes_first_in_its_own_tier() -> None:
    made = tiers("abc", "def")
    last = made.order()[5]
    made.promote(last)
    assert made.order()[3] == last
    assert set(made.order()[:3]) == set("abc")


def test_promotion_keeps_the_order_of_the_others() -> None:
    made = tiers("abcd")
    first, second, third, fourth = made.order()
    made.promote(third)
    assert made.order() == [third, first, second, fourth]


def test_a_url_named_twice_is_asked_once_where_it_was_first() -> None:
    made = tiers("aa", "ab", "")
    assert made.order() == ["a", "b"]
    assert (made.tier_of("a"), made.tier_of("b")) == (0, 1)


def test_an_unknown_url_is_in_no_tier() -> None:
    with pytest.raises(KeyError):
        tiers("a").tier_of("z")


def test_a_hundred_thousand_trackers_are_fifty() -> None:
    made = Tiers([[f"http://t{n}.example/" for n in range(100_000)]], dice=random.Random(1))
    assert len(made.order()) == MAX_TRACKERS
    assert made.left_out == 100_000 - MAX_TRACKERS
