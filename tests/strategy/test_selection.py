"""Tests of torrent_peer.strategy.selection."""

from collections import Counter
from itertools import pairwise
from random import Random

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.open_piece import PeerView
from torrent_peer.strategy.piece_bits import bits_of_each
from torrent_peer.strategy.selection import RANDOM_FIRST, SUGGESTIONS_KEPT, Selection

SIZE = 40


def selection(
    availability: Availability, *, verified: int = RANDOM_FIRST, sequential: bool = False, seed: int = 1
) -> Selection:
    return Selection(PieceSet.full(SIZE), availability, verified=verified, dice=Random(seed), sequential=sequential)


def test_pieces_equally_rare_are_begun_in_rows_the_rarest_first() -> None:
    availability = with_counts({piece: 1 if piece in (7, 30) else 2 for piece in range(SIZE)})
    pieces = PieceSet.full(SIZE)
    chooser = Selection(pieces, availability, verified=RANDOM_FIRST, dice=Random(1), sequential=False, in_a_row=4)
    taken = take_all(chooser, view_of(chooser))
    assert set(taken[:2]) == {7, 30}
    assert sorted(taken) == list(range(SIZE))
    beside = sum(following == piece + 1 for piece, following in pairwise(taken[2:]))
    assert beside >= (SIZE - 2) // 2


def view_of(chooser: Selection, pieces: PieceSet | None = None) -> PeerView[str]:
    return PeerView("peer", pieces, chooser.queue_for(pieces))


def take_all(chooser: Selection, view: PeerView[str]) -> list[int]:
    taken = []
    while (piece := chooser.next_piece(view)) is not None:
        chooser.begun(piece)
        taken.append(piece)
    return taken


def with_counts(counts: dict[int, int]) -> Availability:
    availability = Availability(SIZE)
    for level in range(max(counts.values())):
        availability.add_all(bits_of_each((p for p, n in counts.items() if n > level), SIZE))
    return availability


COUNTS = {piece: 1 + piece % 5 for piece in range(SIZE)}


def test_rarest_first_goes_from_the_rarest_to_the_commonest() -> None:
    chooser = selection(with_counts(COUNTS))
    levels = [COUNTS[piece] for piece in take_all(chooser, view_of(chooser))]
    assert levels == sorted(levels)
    assert len(levels) == SIZE


def test_rarest_first_holds_for_what_a_leech_has() -> None:
    chooser = selection(with_counts(COUNTS))
    taken = take_all(chooser, view_of(chooser, PieceSet(SIZE, range(0, SIZE, 3))))
    levels = [COUNTS[piece] for piece in taken]
    assert levels == sorted(levels)
    assert sorted(taken) == list(range(0, SIZE, 3))


def test_the_first_pieces_are_random_even_if_some_are_rare() -> None:
    first = Counter(
        chooser.next_piece(view_of(chooser))
        for seed in range(400)
        for chooser in [selection(with_counts(COUNTS), verified=RANDOM_FIRST - 1, seed=seed)]
    )
    assert len(first) == SIZE


def test_equally_rare_pieces_are_drawn() -> None:
    rare = {piece for piece, count in COUNTS.items() if count == 1}
    first = Counter(
        chooser.next_piece(view_of(chooser))
        for seed in range(200)
        for chooser in [selection(with_counts(COUNTS), seed=seed)]
    )
    assert set(first) == rare


def test_rarest_first_begins_with_the_fourth_verified_piece() -> None:
    chooser = selection(with_counts({**dict.fromkeys(range(SIZE), 2), 17: 1}), verified=RANDOM_FIRST - 2, seed=3)
    view = view_of(chooser)
    assert chooser.next_piece(view) != 17
    chooser.verified()
    assert chooser.next_piece(view) != 17
    chooser.verified()
    assert chooser.next_piece(view) == 17


def test_in_sequence_pieces_come_in_order() -> None:
    chooser = selection(with_counts(COUNTS), sequential=True)
    assert take_all(chooser, view_of(chooser)) == list(range(SIZE))


def test_in_sequence_a_lower_piece_that_is_announced_comes_first() -> None:
    chooser = selection(Availability(SIZE), sequential=True)
    pieces = PieceSet(SIZE, range(10, 20))
    view = view_of(chooser, pieces)
    assert chooser.next_piece(view) == 10
    chooser.begun(10)
    pieces.add(5)
    chooser.announced(view)
    assert chooser.next_piece(view) == 5


def test_a_piece_announced_by_others_is_no_longer_taken_for_rare() -> None:
    availability = with_counts({0: 2, 1: 2, 2: 3})
    chooser = selection(availability)
    view = view_of(chooser, PieceSet(SIZE, [0, 1, 2]))
    first = chooser.next_piece(view)
    assert first is not None
    chooser.begun(first)
    other = 1 - first
    availability.add(other)
    availability.add(other)
    assert chooser.next_piece(view) == 2


def test_after_some_announcements_of_its_own_peer_the_choice_is_made_anew() -> None:
    availability = with_counts({**dict.fromkeys(range(SIZE), 2), 30: 1})
    chooser = selection(availability)
    pieces = PieceSet(SIZE, range(20))
    view = view_of(chooser, pieces)
    chooser.next_piece(view)
    for piece in range(30, 38):
        pieces.add(piece)
        chooser.announced(view)
    assert chooser.next_piece(view) == 30


def test_a_peer_that_had_nothing_is_looked_at_again_when_it_announces() -> None:
    chooser = selection(with_counts(COUNTS))
    pieces = PieceSet(SIZE)
    view = view_of(chooser, pieces)
    assert chooser.next_piece(view) is None
    pieces.add(8)
    assert chooser.next_piece(view) is None  # it is told of announcements, it does not search for them
    chooser.announced(view)
    assert chooser.next_piece(view) == 8


def test_seeds_share_a_queue_and_never_get_the_same_piece() -> None:
    chooser = selection(with_counts(COUNTS))
    one, two = view_of(chooser), view_of(chooser)
    assert one.queue is two.queue
    taken = []
    for view in [one, two] * (SIZE // 2):
        piece = chooser.next_piece(view)
        assert piece is not None
        chooser.begun(piece)
        taken.append(piece)
    assert sorted(taken) == list(range(SIZE))
    assert chooser.next_piece(one) is None


def test_a_piece_that_failed_comes_before_any_other() -> None:
    chooser = selection(with_counts(COUNTS))
    view = view_of(chooser)
    chooser.begun(39)
    chooser.next_piece(view)
    chooser.parole.add(39)
    assert chooser.next_piece(view) != 39  # still open
    chooser.may_begin_again(39)
    assert chooser.next_piece(view_of(chooser, PieceSet(SIZE, [1]))) == 1  # it does not have it
    assert chooser.next_piece(view) == 39


def test_of_a_seed_that_suggests_nothing_else_is_begun_while_others_may_bring_what_it_is_sending_them() -> None:
    availability = Availability(SIZE)
    availability.seeds = 2
    chooser = selection(availability)
    seed, leech = view_of(chooser), view_of(chooser, PieceSet(SIZE, [4, 7]))
    silent_seed = view_of(chooser)
    chooser.suggested(seed, 4)
    assert chooser.next_piece(seed) == 4
    chooser.begun(4)
    assert chooser.next_piece(seed) is None
    assert chooser.next_piece(seed, alone=True) is not None, "nobody else can bring it"
    assert chooser.next_piece(silent_seed) is not None
    chooser.suggested(leech, 7)
    assert {chooser.next_piece(leech), chooser.next_piece(leech)} == {7}, "who is none has not sent it to others"
    availability.add_all(bits_of_each(range(SIZE), SIZE))
    assert chooser.next_piece(seed) is not None, "everything is somewhere else, too"


def test_what_a_peer_suggests_is_begun_first() -> None:
    chooser = selection(with_counts(COUNTS))
    view = view_of(chooser)
    for piece in (4, 9, 4):
        chooser.suggested(view, piece)
    assert sorted(take_all(chooser, view)[:2]) == [4, 9]


def test_a_suggestion_is_idle_once_somebody_else_announces_the_piece() -> None:
    availability = with_counts(COUNTS)
    chooser = selection(availability)
    view = view_of(chooser)
    chooser.suggested(view, 4)
    availability.add(4)
    assert COUNTS[take_all(chooser, view)[0]] == 1


def test_a_peer_can_suggest_only_so_much_and_only_what_it_has() -> None:
    availability = Availability(2 * SUGGESTIONS_KEPT)
    everything = PieceSet.full(2 * SUGGESTIONS_KEPT)
    chooser = Selection(everything, availability, verified=RANDOM_FIRST, dice=Random(1), sequential=False)
    view = view_of(chooser, PieceSet(everything.size, [0]))
    for piece in everything:
        chooser.suggested(view, piece)
    assert len(view.suggested) == SUGGESTIONS_KEPT
    assert take_all(chooser, view) == [0]
    assert not view.suggested


def test_in_order_means_in_order_whatever_a_peer_suggests() -> None:
    chooser = selection(Availability(SIZE), sequential=True)
    view = view_of(chooser)
    chooser.suggested(view, 7)
    assert take_all(chooser, view) == list(range(SIZE))
