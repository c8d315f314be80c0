"""Tests of torrent_peer.strategy.picker: what is asked of whom, case by case."""

from collections.abc import Iterable
from random import Random

import pytest

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.picker import Picker
from torrent_peer.strategy.received import Received
from torrent_peer.strategy.selection import RANDOM_FIRST

BLOCKS = 4
"""Blocks in a piece of these tests."""


def make(
    pieces: int = 8,
    *,
    blocks: int = BLOCKS,
    have: Iterable[int] = (),
    wanted: Iterable[int] | None = None,
    sequential: bool = True,
    open_limit: int = 100,
    seeds: str = "",
) -> Picker[str]:
    geometry = Geometry(pieces * blocks * BLOCK_LENGTH, blocks * BLOCK_LENGTH)
    picker: Picker[str] = Picker(
        geometry,
        have=PieceSet(pieces, have),
        wanted=PieceSet.full(pieces) if wanted is None else PieceSet(pieces, wanted),
        dice=Random(1),
        sequential=sequential,
        open_limit=open_limit,
    )
    for seed in seeds:
        picker.peer_joined(seed, PieceSet.full(pieces))
    return picker


def numbers(blocks: Iterable[Block]) -> list[tuple[int, int]]:
    return [(block.piece, block.begin // BLOCK_LENGTH) for block in blocks]


def block(piece: int, number: int) -> Block:
    return Block(piece, number * BLOCK_LENGTH, BLOCK_LENGTH)


def fetch(picker: Picker[str], peer: str, blocks: Iterable[Block]) -> None:
    for one in blocks:
        if picker.received(peer, one).piece_complete:
            picker.verified(one.piece)


def test_at_least_one_piece_must_be_open() -> None:
    with pytest.raises(ValueError) as caught:
        make(open_limit=0)
    assert str(caught.value) == "at least one piece must be open, not 0"


def test_one_peer_gets_whole_pieces_in_contiguous_blocks() -> None:
    picker = make(3, seeds="a")
    assert numbers(picker.pick("a", 6)) == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)]
    assert numbers(picker.pick("a", 3)) == [(1, 2), (1, 3), (2, 0)]
    assert picker.pick("a", 0) == []
    assert list(picker.open_pieces) == [0, 1, 2]


def test_each_fast_peer_has_a_piece_of_its_own() -> None:
    picker = make(3, seeds="abc")
    assert [numbers(picker.pick(peer, 2)) for peer in "abcab"] == [
        [(0, 0), (0, 1)],
        [(1, 0), (1, 1)],
        [(2, 0), (2, 1)],
        [(0, 2), (0, 3)],
        [(1, 2), (1, 3)],
    ]


def test_slow_peers_share_a_piece() -> None:
    picker = make(3, seeds="abc")
    assert [numbers(picker.pick(peer, 1, whole_pieces=False)) for peer in "abcab"] == [
        [(0, 0)],
        [(0, 1)],
        [(0, 2)],
        [(0, 3)],
        [(1, 0)],
    ]


def test_a_fast_peer_finishes_what_slow_ones_began_and_then_has_its_own() -> None:
    picker = make(3, seeds="ab")
    picker.pick("a", 1, whole_pieces=False)
    assert numbers(picker.pick("b", 2)) == [(0, 1), (0, 2)]
    assert numbers(picker.pick("a", 1, whole_pieces=False)) == [(1, 0)]


def test_when_no_more_pieces_may_be_opened_peers_share_and_then_wait() -> None:
    picker = make(4, open_limit=2, seeds="abc")
    assert numbers(picker.pick("a", 1)) == [(0, 0)]
    assert numbers(picker.pick("b", 1)) == [(1, 0)]
    assert numbers(picker.pick("c", 9)) == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]
    assert picker.pick("a", 4) == []
    assert not picker.endgame
    fetch(picker, "c", [block(0, n) for n in range(4)])
    assert numbers(picker.pick("a", 4)) == [(2, 0), (2, 1), (2, 2), (2, 3)]


def test_a_piece_waiting_for_its_verification_counts_as_open() -> None:
    picker = make(4, open_limit=1, seeds="a")
    blocks = picker.pick("a", 9)
    assert len(blocks) == BLOCKS
    assert [picker.received("a", one) for one in blocks] == [Received()] * 3 + [Received(piece_complete=True)]
    assert picker.pick("a", 9) == []
    picker.open_limit = 2
    assert len(picker.pick("a", 9)) == BLOCKS


def test_only_what_the_peer_has_is_asked_of_it() -> None:
    picker = make(8)
    picker.peer_joined("a", PieceSet(8, [5]))
    picker.peer_joined("b", PieceSet(8))
    assert numbers(picker.pick("a", 99)) == [(5, n) for n in range(4)]
    assert picker.pick("b", 99) == []
    assert picker.pick("a", 99) == []


@pytest.mark.parametrize(("have", "wanted", "asked"), [([0, 1], None, [2, 3]), ([], [1, 3], [1, 3]), ([1], [1], [])])
def test_only_what_is_wanted_and_missing_is_asked(have: list[int], wanted: list[int] | None, asked: list[int]) -> None:
    picker = make(4, have=have, wanted=wanted, seeds="a")
    assert picker.remaining == len(asked)
    assert picker.is_complete == (not asked)
    assert picker.is_interesting("a") == bool(asked)
    assert [one.piece for one in picker.pick("a", 99)[::BLOCKS]] == asked


def test_the_rarest_piece_comes_first_once_there_is_something_to_give() -> None:
    picker = make(40, have=range(RANDOM_FIRST), sequential=False, seeds="a")
    picker.peer_joined("b", PieceSet(40, [piece for piece in range(40) if piece not in (17, 30)]))
    picker.peer_joined("c", PieceSet(40, [30]))
    picker.peer_joined("d", PieceSet(40))
    picker.peer_has("d", 17)
    picker.peer_has("c", 17)
    assert [picker.availability(piece) for piece in (5, 17, 30)] == [2, 3, 2]
    picker.peer_left("c")
    picker.peer_left("d")
    assert {one.piece for one in picker.pick("a", 2 * BLOCKS)} == {17, 30}


def test_released_blocks_go_to_others_before_new_pieces() -> None:
    picker = make(8, seeds="ab")
    asked = picker.pick("a", 6)
    fetch(picker, "a", asked[:1])
    picker.released("a", asked[1:])
    assert numbers(picker.pick("b", 4)) == [(0, 1), (0, 2), (0, 3), (1, 0)]
    assert list(picker.open_pieces) == [0, 1]


def test_all_a_peer_owes_can_be_released_at_once() -> None:
    picker = make(8, seeds="ab")
    asked = picker.pick("a", 6)
    fetch(picker, "a", asked[:1])
    picker.pick("b", 1)
    picker.released("a")
    picker.released("a")
    assert list(picker.open_pieces) == [0, 2]  # of piece 1 nothing is left
    assert numbers(picker.pick("b", 4)) == [(2, 1), (2, 2), (2, 3), (0, 1)]


def test_what_is_unknown_can_be_released() -> None:
    picker = make(2, seeds="ab")
    picker.pick("a", 1)
    picker.released("b", [block(0, 0), block(1, 2)])
    assert numbers(picker.pick("a", 1)) == [(0, 1)]


def test_a_peer_that_leaves_gives_back_what_it_owes() -> None:
    picker = make(8, seeds="ab")
    fetch(picker, "a", picker.pick("a", 6)[:1])
    picker.peer_left("a")
    assert numbers(picker.pick("b", 3)) == [(0, 1), (0, 2), (0, 3)]
    assert picker.availability(0) == 1


def test_a_late_block_is_still_taken() -> None:
    picker = make(1, seeds="a")
    asked = picker.pick("a", 4)
    fetch(picker, "a", asked[:1])
    picker.released("a")
    assert picker.received("a", asked[1]) == Received()
    assert numbers(picker.pick("a", 4)) == [(0, 2), (0, 3)]


def test_a_late_block_that_was_asked_of_another_is_taken_back_there() -> None:
    picker = make(1, seeds="ab")
    asked = picker.pick("a", 4)
    fetch(picker, "a", asked[:1])
    picker.released("a")
    picker.pick("b", 4)
    assert picker.received("a", asked[1]) == Received(others=("b",))


@pytest.mark.parametrize("one", [block(0, 0), block(1, 0)], ids=["here already", "not open"])
def test_a_block_of_no_use_is_a_duplicate(one: Block) -> None:
    picker = make(2, seeds="a")
    picker.received("a", picker.pick("a", 1)[0])
    assert picker.received("a", one) == Received(duplicate=True)


def test_a_piece_whose_hash_was_wrong_comes_first_and_is_not_shared() -> None:
    picker = make(8, open_limit=2, seeds="abc")
    for one in picker.pick("a", 4):
        picker.received("a", one)
    picker.failed(0)
    assert numbers(picker.pick("b", 2, whole_pieces=False)) == [(0, 0), (0, 1)]
    assert numbers(picker.pick("c", 5, whole_pieces=False)) == [(1, n) for n in range(4)]
    assert picker.pick("c", 5, rescue=False) == []
    assert numbers(picker.pick("b", 1)) == [(0, 2)]


def test_a_piece_that_is_kept_for_one_peer_is_not_kept_for_ever() -> None:
    picker = make(1, seeds="abc")
    fetch_all = picker.pick("a", 4)
    for one in fetch_all:
        picker.received("a", one)
    picker.failed(0)
    picker.pick("b", 3)
    assert picker.pick("c", 2) == []
    assert numbers(picker.pick("c", 2, rescue=True)) == [(0, 3)]
    picker.released("b")
    assert numbers(picker.pick("a", 2)) == [(0, 0), (0, 1)]


def test_an_open_piece_whose_peers_are_gone_makes_room_for_what_is_there() -> None:
    picker = make(8, open_limit=2)
    for peer, pieces in (("a", [0, 1]), ("b", [5])):
        picker.peer_joined(peer, PieceSet(8, pieces))
    asked = picker.pick("a", 8)
    assert picker.pick("b", 4) == []  # they may yet arrive
    fetch(picker, "a", [asked[0], asked[1], asked[4]])
    picker.peer_left("a")
    assert numbers(picker.pick("b", 8)) == [(5, n) for n in range(4)]
    assert picker.take_dropped() == [1]
    assert picker.take_dropped() == []
    assert list(picker.open_pieces) == [0, 5]
    assert picker.pick("b", 8) == []  # it has no other; nothing more is thrown away
    assert picker.take_dropped() == []


def test_while_choked_only_allowed_pieces_the_peer_has_are_asked() -> None:
    picker = make(8, have=[1], open_limit=3)
    picker.peer_joined("a", PieceSet(8, [1, 2, 3, 4, 6]))
    picker.peer_joined("b", PieceSet.full(8))
    assert numbers(picker.pick("b", 1)) == [(0, 0)]
    assert numbers(picker.pick("a", 6, allowed=[0, 1, 2, 3, 7])) == [(2, 0), (2, 1), (2, 2), (2, 3), (3, 0), (3, 1)]
    assert picker.pick("a", 6, allowed=[4]) == []  # no more may be opened
    assert numbers(picker.pick("a", 6, allowed=[2, 3])) == [(3, 2), (3, 3)]
    assert picker.pick("a", 6, allowed=[]) == []


def test_allowed_pieces_kept_for_one_peer_are_left_alone() -> None:
    picker = make(2, seeds="ab")
    for one in picker.pick("a", 4):
        picker.received("a", one)
    picker.failed(0)
    picker.pick("a", 1)
    assert picker.pick("b", 4, allowed=[0]) == []


def test_interest_follows_announcements_and_verified_pieces() -> None:
    picker = make(4)
    picker.peer_joined("a", PieceSet(4))
    picker.peer_joined("s", PieceSet.full(4))
    assert [picker.is_interesting(peer) for peer in "as"] == [False, True]
    assert picker.peer_has("a", 2)
    assert not picker.peer_has("a", 2)
    assert not picker.peer_has("a", 3)
    assert not picker.peer_has("s", 3)
    assert [picker.verified(piece) for piece in (2, 0, 3, 1)] == [[], [], ["a"], ["s"]]
    assert picker.verified(1) == []
    assert (picker.is_complete, picker.is_interesting("s"), picker.peer_has("a", 1)) == (True, False, False)


def test_a_peer_that_gets_the_last_piece_counts_as_a_seed() -> None:
    picker = make(3)
    picker.peer_joined("a", PieceSet(3, [0, 1]))
    assert picker.unobtainable == 1
    assert not picker.peer_has("a", 2)
    assert picker.unobtainable == 0
    assert [picker.availability(piece) for piece in range(3)] == [1, 1, 1]
    assert len(picker.pick("a", 99)) == 12
    picker.peer_left("a")
    assert [picker.availability(piece) for piece in range(3)] == [0, 0, 0]


def test_a_peer_may_tell_anew_what_it_has() -> None:
    picker = make(4)
    picker.peer_joined("a", PieceSet(4))
    for pieces in (PieceSet(4, [1]), PieceSet.full(4), PieceSet(4, [2]), PieceSet(4)):
        picker.peer_replaced("a", pieces)
        assert [picker.availability(piece) for piece in range(4)] == [int(piece in pieces) for piece in range(4)]
        assert picker.is_interesting("a") == bool(pieces)
    with pytest.raises(ValueError) as caught:
        picker.peer_joined("a", PieceSet(4))
    assert str(caught.value) == "'a' has joined already"


def test_sets_are_copied() -> None:
    pieces = PieceSet(4)
    picker = make(4)
    picker.peer_joined("a", pieces)
    pieces.add(1)
    assert picker.pick("a", 1) == []
    assert picker.peer_has("a", 1)
    assert numbers(picker.pick("a", 1)) == [(1, 0)]


def test_a_piece_verified_without_having_been_asked_is_not_asked_any_more() -> None:
    picker = make(2, seeds="a")
    picker.verified(0)
    assert [one.piece for one in picker.pick("a", 99)] == [1] * 4


def test_a_piece_verified_while_its_blocks_are_outstanding_settles_every_debt() -> None:
    picker = make(1, seeds="a")
    picker.pick("a", 4)
    picker.verified(0)
    assert picker.received("a", block(0, 0)) == Received(duplicate=True)
    picker.peer_left("a")
