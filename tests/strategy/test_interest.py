"""Tests of torrent_peer.strategy.interest."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.interest import Interest
from torrent_peer.strategy.open_piece import PeerView, Queue

SIZE = 20
PIECES = st.sets(st.integers(0, SIZE - 1))


def view_of(name: str, pieces: PieceSet | None) -> PeerView[str]:
    return PeerView(name, pieces, Queue())


@given(PIECES, st.lists(PIECES, max_size=6), st.permutations(range(SIZE)), st.integers())
def test_interest_is_a_needed_piece_in_common(
    needed: set[int], sets: list[set[int]], order: list[int], seed: int
) -> None:
    interest: Interest[str] = Interest(PieceSet(SIZE, needed), dice=Random(seed))
    views = [view_of(str(n), PieceSet(SIZE, pieces)) for n, pieces in enumerate(sets)]
    for view in views:
        interest.watch(view)
    for piece in order:
        before = [view for view in views if interest.is_interesting(view)]
        lost = interest.verified(piece)
        needed -= {piece}
        for view, pieces in zip(views, sets, strict=True):
            assert interest.is_interesting(view) == bool(pieces & needed)
        assert set(lost) == {view for view in before if not interest.is_interesting(view)}


def test_a_peer_that_has_everything_is_interesting_until_nothing_is_needed() -> None:
    interest: Interest[str] = Interest(PieceSet(SIZE, [3]), dice=Random(1))
    seed = view_of("seed", None)
    interest.watch(seed)
    assert interest.is_interesting(seed)
    assert interest.verified(3) == []
    assert not interest.is_interesting(seed)


def test_a_forgotten_peer_leaves_nothing_behind() -> None:
    interest: Interest[str] = Interest(PieceSet.full(SIZE), dice=Random(1))
    one, two = view_of("one", PieceSet(SIZE, [4])), view_of("two", PieceSet(SIZE, [4]))
    interest.watch(one)
    interest.watch(two)
    interest.unwatch(one)
    assert interest._watchers == {4: {two}}
    interest.unwatch(two)
    interest.unwatch(two)
    assert interest._watchers == {}


def test_a_witness_is_looked_for_few_times_in_a_whole_download() -> None:
    dice = Random(5)
    size = 2000
    interest: Interest[str] = Interest(PieceSet.full(size), dice=dice)
    view = view_of("leech", PieceSet(size, range(size - 1)))
    interest.watch(view)
    changes = 0
    for piece in range(size - 1):
        before = view.witness
        interest.verified(piece)
        changes += view.witness != before
    assert changes < 30
