"""Tests of torrent_peer.strategy.choker."""

from collections import Counter
from random import Random

import pytest

from torrent_peer.strategy.choker import (
    REST,
    TERM,
    Candidate,
    Rounds,
    choose_optimistic,
    choose_unchoked,
    fill_slots,
    may_unchoke_now,
)

NOW = 1000.0


def peer(
    name: str,
    rate: float = 0.0,
    *,
    interested: bool = True,
    unchoked: float | None = None,
    choked: float | None = None,
    connected: float = 0.0,
    snubbing: bool = False,
) -> Candidate[str]:
    return Candidate(
        peer=name,
        rate=rate,
        interested=interested,
        unchoked_since=unchoked,
        choked_since=choked,
        connected_since=connected,
        snubbing=snubbing,
    )


A, B, C, D = peer("a", 40), peer("b", 30), peer("c", 20), peer("d", 10)


@pytest.mark.parametrize(
    ("case", "candidates", "slots", "optimistic", "seeding", "unchoked"),
    [
        ("nobody is there", [], 4, None, False, ""),
        ("the best rates win", [D, B, A, C], 2, None, False, "ab"),
        ("all fit", [A, B], 4, None, False, "ab"),
        ("there is always one slot", [B, A], 0, None, False, "a"),
        ("the one on trial takes a slot", [A, B, C, D], 2, "d", False, "ad"),
        ("with one slot the one on trial has it", [A, D], 1, "d", False, "d"),
        ("the one on trial needs it no more", [A, B, peer("d", interested=False)], 2, "d", False, "ab"),
        ("the one on trial is gone", [A, B, C], 2, "x", False, "ab"),
        ("who wants nothing takes no slot", [peer("x", 5, interested=False), A, B], 2, None, False, "ab"),
        ("but is unchoked if it is better", [peer("x", 35, interested=False), A, B], 2, None, False, "abx"),
        ("who is content keeps a free slot", [peer("x", interested=False, unchoked=900.0), A], 2, None, True, "ax"),
        ("but none that others want", [peer("x", interested=False, unchoked=900.0), A, B], 2, None, True, "ab"),
        ("and nobody gets one for nothing", [peer("x", interested=False), A], 2, None, True, "a"),
        ("yet not while seeding", [peer("x", 35, interested=False), A, B], 2, None, True, "ab"),
        ("a snubber is not served", [peer("s", 99, snubbing=True), A], 2, None, False, "a"),
        ("except on trial", [peer("s", 99, snubbing=True), A], 2, "s", False, "as"),
        ("or while seeding", [peer("s", 99, snubbing=True), A], 1, None, True, "s"),
        ("at equal rates nobody is replaced", [peer("n"), peer("u", unchoked=900.0)], 1, None, False, "u"),
        (
            "the longest served gives way first",
            [peer("o", unchoked=900.0), peer("y", unchoked=950.0)],
            1,
            None,
            True,
            "y",
        ),
        ("a seed serves the fastest", [peer("f", 9, unchoked=950.0), peer("s", 1, unchoked=960.0)], 1, None, True, "f"),
        ("for a term", [peer("f", 9, unchoked=NOW - TERM + 1), peer("w")], 1, None, True, "f"),
        ("then who waits", [peer("f", 9, unchoked=NOW - TERM), peer("w")], 1, None, True, "w"),
        ("the longest", [peer("w", connected=400.0), peer("v", 9, choked=500.0, connected=1.0)], 1, None, True, "w"),
        ("and nobody if nobody waits", [peer("s", unchoked=3.0), peer("f", 9, unchoked=2.0)], 2, None, True, "fs"),
        ("else the order decides", [peer("m"), peer("n")], 1, None, False, "m"),
        ("whoever was just choked waits", [peer("w", 99, choked=NOW - REST + 1), A], 1, None, False, "a"),
        ("but not for long", [peer("w", 99, choked=NOW - REST), A], 1, None, False, "w"),
        ("and not when it is unchoked again", [peer("w", 99, choked=NOW - 5, unchoked=NOW - 1)], 1, None, False, "w"),
    ],
)
def test_a_round(
    case: str, candidates: list[Candidate[str]], slots: int, optimistic: str | None, seeding: bool, unchoked: str
) -> None:
    chosen = choose_unchoked(candidates, slots=slots, optimistic=optimistic, seeding=seeding, now=NOW)
    assert chosen == frozenset(unchoked), case


def test_who_gives_is_given() -> None:
    """Twenty peers, some generous: after the first trials the generous serve each other and nobody flutters."""
    dice = Random(2)
    generous = {f"g{n}" for n in range(4)}
    names = [*generous, *(f"f{n}" for n in range(16))]
    unchoked: frozenset[str] = frozenset()
    since: dict[str, float] = {}
    met: set[str] = set()
    changes = []
    for turn in range(200):
        now = 10.0 * turn
        candidates = [peer(name, 1000.0 if name in generous & met else 0.0, unchoked=since.get(name)) for name in names]
        if turn % 3 == 0:
            optimistic = choose_optimistic(candidates, dice=dice, now=now)
        before = unchoked
        unchoked = choose_unchoked(candidates, slots=5, optimistic=optimistic, seeding=False, now=now)
        met |= unchoked
        since = {name: since.get(name, now) for name in unchoked}
        changes.append(len(before ^ unchoked))
    assert generous <= unchoked
    assert sum(changes[100:]) <= 2 * len(changes[100:]) / 3 + 2  # one trial ends and one begins every third round


def test_a_trial_lasts_three_rounds() -> None:
    rounds: Rounds[str] = Rounds(slots=1, dice=Random(2))
    choked = [peer(name) for name in "abcdefgh"]
    trials = [rounds.turn(choked, seeding=False, now=NOW + 10 * turn) for turn in range(9)]
    assert trials == [trial for trial in trials[::3] for _ in range(3)]
    assert len(set(trials)) > 1


def test_who_is_on_trial_and_leaves_frees_the_slot() -> None:
    rounds: Rounds[str] = Rounds(slots=1, dice=Random(1))
    assert rounds.turn([A], seeding=False, now=NOW) == {"a"}
    assert rounds.turn([B], seeding=False, now=NOW + 10) == {"b"}


def test_a_new_peer_is_three_times_as_likely_to_be_on_trial() -> None:
    dice = Random(3)
    candidates = [peer("old"), peer("new", connected=NOW - 1)]
    chosen = Counter(choose_optimistic(candidates, dice=dice, now=NOW) for _ in range(1000))
    assert 680 < chosen["new"] < 820


@pytest.mark.parametrize(
    "candidate",
    [peer("p", interested=False), peer("p", unchoked=900.0), peer("p", choked=NOW - 1)],
    ids=["not interested", "unchoked", "just choked"],
)
def test_only_who_waits_for_it_is_put_on_trial(candidate: Candidate[str]) -> None:
    assert choose_optimistic([candidate], dice=Random(1), now=NOW) is None


@pytest.mark.parametrize(
    ("candidate", "unchoked", "slots", "at_once"),
    [
        (peer("p"), 0, 4, True),
        (peer("p"), 3, 4, True),
        (peer("p"), 4, 4, False),
        (peer("p"), 0, 0, True),
        (peer("p", interested=False), 0, 4, False),
        (peer("p", unchoked=1.0), 0, 4, False),
        (peer("p", snubbing=True), 0, 4, False),
        (peer("p", choked=NOW - 9), 0, 4, False),
        (peer("p", choked=NOW - 11), 0, 4, True),
    ],
)
def test_a_free_slot_is_given_at_once(candidate: Candidate[str], unchoked: int, slots: int, at_once: bool) -> None:
    assert may_unchoke_now(candidate, unchoked=unchoked, slots=slots, now=NOW) is at_once


def test_a_slot_that_becomes_free_is_given_to_who_gives_most_then_to_who_waits_longest() -> None:
    late, early, idle = peer("late", connected=9.0), peer("early", connected=1.0), peer("idle", interested=False)
    giver, tired = peer("giver", 5, connected=50.0), peer("tired", choked=NOW - REST + 1, connected=0.0)
    candidates = [late, early, idle, giver, tired, peer("served", unchoked=2.0)]
    assert fill_slots(candidates, unchoked=1, slots=3, now=NOW) == ["giver", "early"]
    assert fill_slots(candidates, unchoked=1, slots=9, now=NOW) == ["giver", "early", "late"]
    assert fill_slots(candidates, unchoked=1, slots=1, now=NOW) == []
    assert fill_slots([early], unchoked=0, slots=0, now=NOW) == ["early"]  # there is always one
