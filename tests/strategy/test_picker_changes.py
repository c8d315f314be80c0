"""Tests of torrent_peer.strategy.picker: peers that change what they said, and answers nobody waits for any more."""

from random import Random

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.picker import Picker


def make(*peers: str) -> Picker[str]:
    """Four pieces of two blocks, taken in order."""
    picker: Picker[str] = Picker(
        Geometry(8 * BLOCK_LENGTH, 2 * BLOCK_LENGTH),
        have=PieceSet(4),
        wanted=PieceSet.full(4),
        dice=Random(1),
        sequential=True,
        open_limit=10,
    )
    for peer in peers:
        picker.peer_joined(peer, PieceSet.full(4))
    return picker


def block(piece: int, number: int) -> Block:
    return Block(piece, number * BLOCK_LENGTH, BLOCK_LENGTH)


def test_a_peer_is_neither_asked_nor_waited_for_when_it_has_a_piece_no_longer() -> None:
    picker = make("a", "b")
    assert picker.pick("a", 1) == [block(0, 0)]
    picker.peer_replaced("a", PieceSet(4, [1]))
    assert picker.pick("a", 1) == [block(1, 0)]
    assert picker.pick("b", 2) == [block(0, 0), block(0, 1)]


def test_a_peer_that_says_anew_what_it_has_still_owes_what_it_owed() -> None:
    picker = make("a", "b")
    picker.pick("a", 2)
    picker.peer_replaced("a", PieceSet(4, [0]))
    assert picker.pick("b", 1) == [block(1, 0)]


def test_what_others_give_back_of_such_a_piece_is_not_the_peers_either() -> None:
    picker = make("a", "b")
    picker.pick("a", 1)
    assert picker.pick("b", 4, rescue=True, whole_pieces=False)[0] == block(1, 0)
    picker.peer_replaced("a", PieceSet(4))
    picker.released("b")
    assert picker.pick("a", 8) == []


def test_a_piece_nobody_is_asked_for_can_be_begun_again_by_others() -> None:
    picker = make("a", "b")
    picker.released("a", picker.pick("a", 1))
    picker.pick("a", 1)
    picker.released("a")
    picker.peer_replaced("a", PieceSet(4))
    assert picker.pick("b", 2) == [block(0, 0), block(0, 1)]


def test_whether_a_peer_owed_what_it_released_is_told() -> None:
    picker = make("a", "b")
    asked = picker.pick("a", 2)
    assert picker.released("a", asked[:1])
    assert not picker.released("a", asked[:1])
    assert not picker.released("b", asked[1:])
    assert picker.released("a")
    assert not picker.released("a")


def test_releasing_what_it_does_not_owe_leaves_a_peer_its_piece() -> None:
    picker = make("a", "b")
    picker.pick("a", 1)
    picker.released("a", [block(0, 1)])
    assert picker.pick("b", 1) == [block(1, 0)]
