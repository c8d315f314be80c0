"""Tests of torrent_peer.strategy.picker: blocks that come run by run."""

from tests.strategy.test_picker import block, fetch, make, numbers
from torrent_peer.strategy.received import Received


def test_a_run_of_blocks_is_received_as_if_one_by_one() -> None:
    picker, other = make(seeds="ab"), make(seeds="ab")
    asked = picker.pick("a", 6)
    assert other.pick("a", 6) == asked
    assert picker.received_run("a", 0, 0, 3) == Received()
    assert picker.received_run("a", 0, 3, 1) == Received(piece_complete=True)
    fetch(other, "a", asked[:4])
    picker.verified(0)
    assert (picker.remaining, picker.pick("a", 99), picker.pick("b", 9)) == (
        other.remaining,
        other.pick("a", 99),
        other.pick("b", 9),
    )
    assert picker.released("a") == other.released("a")


def test_a_run_that_is_not_wholly_one_peers_is_left_alone() -> None:
    picker = make(pieces=2, seeds="abc")
    assert numbers(picker.pick("a", 2, whole_pieces=False)) == [(0, 0), (0, 1)]
    assert numbers(picker.pick("b", 1, whole_pieces=False)) == [(0, 2)]
    asked = [("a", 0, 0, 3), ("a", 0, 1, 4), ("a", 1, 0, 1), ("b", 0, 0, 1), ("a", 0, 0, 2), ("b", 0, 2, 1)]
    assert [picker.is_asked_alone(*each) for each in asked] == [False] * 4 + [True] * 2
    assert picker.received_run("a", 0, 0, 3) is None  # the third was asked of another
    assert picker.received_run("a", 0, 1, 4) is None  # there are only four
    assert picker.received_run("a", 1, 0, 1) is None  # not open
    assert picker.received_run("b", 0, 0, 1) is None  # not asked of it
    assert picker.received_run("a", 0, 0, 2) == Received()
    assert picker.received_run("a", 0, 0, 2) is None  # here already
    assert numbers(picker.pick("a", 9)) == [(0, 3), (1, 0), (1, 1), (1, 2), (1, 3)]
    assert numbers(picker.pick("c", 1, patience=lambda peer, owed: peer != "b")) == [(0, 2)]  # asked of two
    assert not any(picker.is_asked_alone(*each) for each in asked if each[1] == 0)
    assert picker.received_run("b", 0, 2, 1) is None
    assert picker.received("b", block(0, 2)) == Received(others=("c",))
