"""Tests of torrent_peer.strategy.super_seeding."""

from collections.abc import Iterable
from random import Random

import pytest
from attrs import define, field

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.piece_bits import bits_of
from torrent_peer.strategy.super_seeding import (
    ENOUGH_SEEDS,
    INSTALMENT,
    LEAST_WINDOW,
    LONE_BYTES,
    MOST_PATIENCE,
    PATIENCE,
    WINDOW_BYTES,
    SuperSeeding,
)

PIECE_LENGTH = WINDOW_BYTES


@define
class Seed:
    """A seed of a few pieces, its peers, what they have and what they were told."""

    pieces: int = 12
    piece_length: int = PIECE_LENGTH
    now: float = 100.0
    theirs: dict[str, PieceSet] = field(factory=dict)
    told: dict[str, PieceSet] = field(factory=dict)
    availability: Availability = field(init=False)
    hidden: SuperSeeding[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.availability = Availability(self.pieces)
        self.hidden = SuperSeeding(
            self.availability, pieces=self.pieces, piece_length=self.piece_length, dice=Random(1)
        )

    def join(self, peer: str, pieces: Iterable[int] = ()) -> list[int]:
        """What a newcomer that has these is told."""
        theirs = self.theirs[peer] = PieceSet(self.pieces, pieces)
        self.told[peer] = PieceSet(self.pieces)
        self.availability.add_all(bits_of(theirs))
        for other in self.hidden.came(peer, theirs, now=self.now):
            self.look(other)
        return self.look(peer)

    def look(self, peer: str, *, owed: bool = False) -> list[int]:
        """What it is told now."""
        theirs, told = self.theirs[peer], self.told[peer]
        pieces = self.hidden.reveal(peer, theirs=theirs, told=told, owed=owed, now=self.now)
        assert len(set(pieces)) == len(pieces)
        for piece in pieces:
            assert piece not in theirs
            assert told.add(piece)
        return pieces

    def got(self, peer: str, piece: int) -> list[str]:
        """`peer` has a piece more; whom that serves."""
        self.theirs[peer].add(piece)
        self.availability.add(piece)
        return self.hidden.has(peer, piece, now=self.now)

    def leave(self, peer: str) -> None:
        self.availability.remove_all(bits_of(self.theirs.pop(peer)))
        self.hidden.left(peer)


def test_no_two_peers_are_told_of_the_same_piece_while_there_are_others() -> None:
    seed = Seed()
    told = [piece for peer in "abcdef" for piece in seed.join(peer)]
    assert sorted(told) == list(range(12))


@pytest.mark.parametrize(
    ("piece_length", "window"),
    [(16 * 1024, 16), (WINDOW_BYTES // 2, LEAST_WINDOW), (WINDOW_BYTES, LEAST_WINDOW), (2**24, LEAST_WINDOW)],
)
def test_small_pieces_are_told_several_at_once(piece_length: int, window: int) -> None:
    assert len(Seed(pieces=100, piece_length=piece_length).join("a")) == window


def test_another_is_told_when_somebody_else_has_shown_the_first() -> None:
    seed = Seed()
    first, _ = seed.join("a")
    seed.join("b")
    assert seed.got("a", first) == []
    assert seed.look("a") == []
    assert seed.got("b", first) == ["a"]
    assert len(seed.look("a")) == 1
    assert seed.look("a") == []


def test_who_comes_with_a_piece_has_shown_it() -> None:
    seed = Seed()
    first, second = seed.join("a")
    seed.join("b", [first, second])
    assert seed.told["a"].count == 4


def test_a_lone_peer_is_told_of_ever_more_at_once() -> None:
    seed = Seed(pieces=100)
    waiting = seed.join("a")
    most = []
    while waiting:
        most.append(len(waiting))
        assert seed.got("a", waiting.pop(0)) == []
        waiting += seed.look("a")
    assert seed.theirs["a"].is_full
    assert most[:4] == [LEAST_WINDOW, LEAST_WINDOW + 1, LEAST_WINDOW + 2, LEAST_WINDOW + 3]
    assert max(most) == LEAST_WINDOW + LONE_BYTES // PIECE_LENGTH


def test_who_is_alone_no_more_has_to_pass_on_what_it_got() -> None:
    seed = Seed(pieces=100)
    for piece in seed.join("a"):
        seed.got("a", piece)
    assert len(seed.look("a")) == 2 * LEAST_WINDOW
    seed.join("b")
    for piece in [piece for piece in seed.told["a"] if piece not in seed.theirs["a"]]:
        seed.got("a", piece)
        assert seed.look("a") == []


def test_who_is_alone_and_never_says_what_it_has_says_that_it_wants_nothing_more() -> None:
    seed = Seed(pieces=100)
    told = seed.join("a")
    seed.hidden.satisfied("a")
    assert len(seed.look("a")) == 2 * LEAST_WINDOW
    seed.got("a", told[0])
    seed.hidden.satisfied("a")
    assert len(seed.look("a")) == 4 * LEAST_WINDOW
    seed.got("a", next(iter(seed.hidden._watches["a"].claims)))
    seed.look("a")
    seed.hidden.satisfied("a")
    assert seed.look("a") == []


def test_what_only_the_one_who_left_was_told_of_is_told_to_others() -> None:
    seed = Seed(pieces=4)
    lost = seed.join("a")
    seed.join("b")
    seed.leave("a")
    for piece in sorted(seed.told["b"]):
        seed.got("b", piece)
    assert sorted(seed.look("b")) == sorted(lost)


def test_what_left_with_the_only_one_who_had_it_is_told_again() -> None:
    seed = Seed(pieces=2)
    for piece in seed.join("a"):
        seed.got("a", piece)
    seed.leave("a")
    assert sorted(seed.join("b")) == [0, 1]


def test_who_gets_on_without_us_is_told_of_nothing_that_others_have() -> None:
    seed = Seed(pieces=8)
    seed.join("a", range(7))
    assert seed.join("b") == [7]
    seed.got("b", 7)
    for piece in range(5):
        seed.now += PATIENCE
        seed.got("b", piece)
        assert seed.look("b") == []


def test_a_newcomer_is_told_of_the_least_held_piece_even_if_others_have_all() -> None:
    seed = Seed(pieces=5)
    seed.join("a", [0, 1, 2, 4])
    seed.join("b", [0, 1, 2, 3])
    seed.join("c", [0, 1, 2, 4])
    assert seed.join("d") == [3]


def test_who_gets_nothing_and_passes_nothing_on_is_told_of_ever_more() -> None:
    seed = Seed(pieces=100)
    seed.join("a")
    seed.join("b")
    told = []
    for _ in range(8):
        seed.now += PATIENCE
        assert seed.look("a") == []
        seed.now += 1
        before = seed.told["a"].count
        while seed.look("a"):
            pass
        told.append(seed.told["a"].count - before)
    assert told[:5] == [2, 2, 4, 8, 16]
    assert seed.told["a"].is_full


def test_what_a_starving_peer_did_not_fetch_others_may() -> None:
    seed = Seed(pieces=4)
    ignored = seed.join("a")
    for piece in seed.join("b"):
        seed.got("b", piece)
    seed.now += PATIENCE + 1
    assert len(seed.look("a")) == 1
    assert sorted(seed.join("c")) == sorted(ignored)


def test_who_is_owed_something_is_not_starving() -> None:
    seed = Seed()
    seed.join("a")
    seed.join("b")
    for _ in range(10):
        seed.now += PATIENCE + 1
        assert seed.look("a", owed=True) == []
    seed.now += PATIENCE + 1
    assert seed.look("a")


@pytest.mark.parametrize(
    ("took", "patience"), [(1.0, PATIENCE), (PATIENCE, 2 * PATIENCE), (MOST_PATIENCE, MOST_PATIENCE)]
)
def test_where_pieces_take_long_there_is_more_patience(took: float, patience: float) -> None:
    seed = Seed()
    first, _ = seed.join("a")
    seed.join("b")
    seed.now += took
    seed.got("a", first)
    seed.now += patience
    assert seed.look("a") == []
    seed.now += 1
    assert seed.look("a")


def test_passing_a_piece_on_ends_a_run_of_rests() -> None:
    seed = Seed(pieces=100)
    told = seed.join("a")
    seed.join("b")
    while len(told) < 5:
        seed.now += PATIENCE + 1
        told = seed.look("a")
    for piece in told:
        assert seed.got("b", piece) == ["a"]
    assert len(seed.look("a")) == LEAST_WINDOW
    seed.now += PATIENCE + 1
    assert len(seed.look("a")) == 1


def test_it_is_over_when_enough_others_have_everything() -> None:
    seed = Seed(pieces=INSTALMENT + 10)
    seed.join("a", range(5))
    for name in range(ENOUGH_SEEDS):
        assert not seed.hidden.is_over
        seed.hidden.has_everything(name)
        seed.hidden.has_everything(name)
    assert seed.hidden.is_over
    before = seed.told["a"].count
    assert len(seed.look("a")) == INSTALMENT
    assert len(seed.look("a")) == 5 - before
    assert seed.look("a") == []


def test_it_is_not_over_while_more_lack_something_than_have_everything() -> None:
    seed = Seed()
    for peer in "abc":
        seed.join(peer)
    for name in range(ENOUGH_SEEDS):
        seed.hidden.has_everything(name)
    over = [seed.hidden.is_over]
    seed.leave("a")
    over.append(seed.hidden.is_over)
    seed.join("d")
    seed.join("e")
    over.append(seed.hidden.is_over)
    assert over == [False, True, True]


@pytest.mark.parametrize("peers", [2, 3, 12])
@pytest.mark.parametrize("isolated", [False, True])
def test_everybody_gets_everything(peers: int, isolated: bool) -> None:
    """Each second they fetch a piece from us, of those they were told of, and one from another if they reach him."""
    seed = Seed(pieces=40)
    names = [f"peer {number}" for number in range(peers)]
    dice = Random(peers)
    from_us = 0
    for name in names:
        seed.join(name)
    while not all(theirs.is_full for theirs in seed.theirs.values()):
        seed.now += 1
        assert seed.now < 1_000
        for name in names:
            theirs = seed.theirs[name]
            elsewhere = [p for other in names for p in seed.theirs[other] if p not in theirs and not isolated]
            ours = [piece for piece in seed.told[name] if piece not in theirs and piece not in elsewhere]
            if ours:
                from_us += 1
                seed.got(name, dice.choice(ours))
            if elsewhere:
                seed.got(name, dice.choice(elsewhere))
            seed.look(name)
    assert from_us == 40 * (peers if isolated else 1)
