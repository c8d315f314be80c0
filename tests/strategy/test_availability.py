"""Tests of torrent_peer.strategy.availability."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import _PENDING_LIMIT, Availability
from torrent_peer.strategy.piece_bits import bits_of, bits_of_each, first_pieces

SIZE = 37
PIECES = st.sets(st.integers(0, SIZE - 1))
EVENTS = st.lists(st.one_of(st.integers(0, SIZE - 1), PIECES, st.none()), max_size=30)


def play(events: list[int | set[int] | None]) -> tuple[Availability, Counter[int]]:
    """Single announcements, bitfields, and for None the departure of the first bitfield still there."""
    availability, counts = Availability(SIZE), Counter[int]()
    present: list[set[int]] = []
    for event in events:
        if isinstance(event, int):
            availability.add(event)
            counts[event] += 1
        elif event is not None:
            availability.add_all(bits_of_each(event, SIZE))
            counts.update(event)
            present.append(event)
        elif present:
            gone = present.pop(0)
            availability.remove_all(bits_of_each(gone, SIZE))
            counts.subtract(gone)
    return availability, counts


@given(EVENTS)
def test_counts_are_those_of_a_plain_counter(events: list[int | set[int] | None]) -> None:
    availability, counts = play(events)
    assert [availability.count(piece) for piece in range(SIZE)] == [counts[piece] for piece in range(SIZE)]


@given(EVENTS, PIECES, st.integers(1, 40))
def test_classes_come_rarest_first_and_whole(
    events: list[int | set[int] | None], candidates: set[int], how_many: int
) -> None:
    availability, counts = play(events)
    classes = [
        first_pieces(equals, SIZE, SIZE)
        for equals in availability.rarest_first(bits_of_each(candidates, SIZE), how_many)
    ]
    levels = [counts[equals[0]] for equals in classes]
    assert levels == sorted(set(levels))
    for equals, level in zip(classes, levels, strict=True):
        assert equals == sorted(piece for piece in candidates if counts[piece] == level)
    found = sum(map(len, classes))
    assert found >= min(how_many, len(candidates))
    assert not classes or found - len(classes[-1]) < how_many


@given(EVENTS, PIECES)
def test_what_nobody_has_is_found(events: list[int | set[int] | None], candidates: set[int]) -> None:
    availability, counts = play(events)
    nobodys = [piece for piece in candidates if not counts[piece]]
    assert availability.nowhere(bits_of_each(candidates, SIZE)) == bits_of_each(nobodys, SIZE)


def test_with_a_seed_nothing_is_nowhere() -> None:
    availability = Availability(8)
    availability.seeds = 2
    assert availability.nowhere(bits_of(PieceSet.full(8))) == 0
    assert availability.count(3) == 2
    availability.add(3)
    assert availability.only_with_seeds(bits_of(PieceSet.full(8))) == bits_of_each({0, 1, 2, 4, 5, 6, 7}, 8)


def test_announcements_are_noted_with_the_time_on_the_clock() -> None:
    availability = Availability(8)
    availability.add(3)
    availability.add(5)
    availability.add(3)
    assert availability.clock == 3
    assert list(availability.raised) == [0, 0, 0, 3, 0, 2, 0, 0]


def test_announcements_put_off_are_bounded() -> None:
    availability = Availability(100)
    dice = Random(1)
    for _ in range(3 * _PENDING_LIMIT):
        availability.add(dice.randrange(100))
        assert len(availability._pending) < _PENDING_LIMIT
    assert sum(availability.count(piece) for piece in range(100)) == 3 * _PENDING_LIMIT
