"""The endgame: what others owe is asked of whoever has nothing to do, where that is worth it."""

from tests.strategy.test_picker import block, fetch, make, numbers
from torrent_peer.strategy.received import Received
from torrent_peer.strategy.shelves import ENDGAME_BLOCKS


def test_the_endgame_begins_when_every_block_is_asked() -> None:
    picker = make(2, seeds="ab")
    seen = [picker.endgame]
    for count in (7, 1):
        picker.pick("a", count)
        seen.append(picker.endgame)
    picker.released("a")
    assert [*seen, picker.endgame] == [False, False, True, False]


def test_in_the_endgame_idle_peers_are_asked_for_what_others_owe() -> None:
    picker = make(2, seeds="abcd")
    picker.pick("a", 7)
    assert numbers(picker.pick("b", 9)) == [(1, 3)]
    assert picker.pick("b", 9) == []  # it has something to do
    assert picker.pick("c", 2, patience=lambda peer, owed: True) == []  # it will soon be here
    assert picker.pick("c", 2, patience=lambda peer, owed: (peer, owed) != ("b", 1)) == [block(1, 3)]
    assert numbers(picker.pick("d", 99)) == [(1, 2), (1, 1), (1, 0), (0, 3)][:ENDGAME_BLOCKS]
    assert picker.pick("d", 99) == []
    assert picker.received("c", block(1, 3)) == Received(others=("b",))
    assert picker.received("a", block(0, 3)) == Received(others=("d",))
    assert picker.received("d", block(0, 3)) == Received(duplicate=True)
    assert picker.received("a", block(0, 0)) == Received()
    fetch(picker, "a", [block(0, 1), block(0, 2)])
    assert picker.remaining == 1


def test_what_is_asked_twice_and_given_up_once_is_still_asked() -> None:
    picker = make(1, seeds="abc")
    picker.pick("a", 4)
    assert numbers(picker.pick("b", 4)) == [(0, 3), (0, 2)]
    picker.released("a")
    assert numbers(picker.pick("c", 9)) == [(0, 0), (0, 1)]
    assert picker.received("b", block(0, 3)) == Received()


def test_a_peer_with_nothing_to_do_can_rescue_blocks_before_the_endgame() -> None:
    picker = make(4, open_limit=1, seeds="ab")
    picker.pick("a", 4)
    assert picker.pick("b", 4) == []
    assert picker.pick("b", 4, rescue=True, patience=lambda peer, owed: True) == []
    assert len(picker.pick("b", 4, rescue=True)) == 2
