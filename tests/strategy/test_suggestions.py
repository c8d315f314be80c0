"""Tests of torrent_peer.strategy.suggestions."""

from random import Random

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.suggestions import AHEAD, Suggestions

PIECES = 3 * AHEAD


def make(pieces: int = PIECES, *, have: PieceSet | None = None) -> tuple[Availability, Suggestions[str]]:
    availability = Availability(pieces)
    return availability, Suggestions(availability, have=have or PieceSet.full(pieces), dice=Random(1))


def test_no_two_peers_are_named_the_same_piece() -> None:
    _, suggestions = make()
    named = [suggestions.suggest(peer, PieceSet(PIECES)) for peer in "abc"]
    assert [len(pieces) for pieces in named] == [AHEAD] * 3
    assert sorted(piece for pieces in named for piece in pieces) == list(range(PIECES))
    (one,) = suggestions.suggest("d", None)  # so that it knows that we suggest
    assert one in range(PIECES)
    assert suggestions.suggest("d", None) == []
    assert suggestions.suggest("a", None) == []


def test_others_are_named_when_half_of_them_are_asked_for() -> None:
    _, suggestions = make()
    first = suggestions.suggest("a", None)
    for piece in first[: AHEAD // 2]:
        assert suggestions.suggest("a", None) == []
        suggestions.asked("a", piece)
    more = suggestions.suggest("a", None)
    assert len(more) == AHEAD // 2
    assert not set(more) & set(first)


def test_what_a_peer_asks_for_unasked_is_not_named_to_others() -> None:
    _, suggestions = make(2)
    suggestions.asked("a", 0)
    suggestions.asked("a", 0)
    assert suggestions.suggest("b", None) == [1]


def test_what_is_somewhere_else_is_not_named() -> None:
    availability, suggestions = make(4)
    for piece in (0, 3):
        availability.add(piece)
    assert sorted(suggestions.suggest("a", PieceSet(4, [1]))) == [2]


def test_what_we_lack_is_not_named_until_we_have_it() -> None:
    have = PieceSet(3, [1])
    _, suggestions = make(3, have=have)
    assert suggestions.suggest("a", None) == [1]
    have.add(2)
    assert suggestions.suggest("a", None) == [2]


def test_beside_another_seed_nothing_is_named() -> None:
    availability, suggestions = make()
    availability.seeds = 1
    assert suggestions.suggest("a", None) == []


def test_what_was_named_to_one_who_is_gone_is_named_to_another() -> None:
    _, suggestions = make(2)
    suggestions.asked("a", 1)
    assert suggestions.suggest("a", None) == [0]
    suggestions.gone("a")
    suggestions.gone("a")
    assert sorted(suggestions.suggest("b", None)) == [0, 1]


def test_once_everything_is_elsewhere_nothing_is_said_until_somebody_leaves() -> None:
    availability, suggestions = make(2)
    named = suggestions.suggest("a", None)
    bits = 0b11 << 6
    availability.add_all(bits)
    for piece in named:
        suggestions.has("a", piece)
        suggestions.has("b", piece)
    assert suggestions.suggest("b", PieceSet(2)) == []
    availability.remove_all(bits)
    assert suggestions.suggest("b", PieceSet(2)) == []  # not looked at anew for every request
    suggestions.gone("a")
    assert sorted(suggestions.suggest("b", PieceSet(2))) == [0, 1]
