"""Slots given on between rounds, and what is suggested to those who have one."""

from random import Random

from tests.session.ends import encoded, hear
from tests.session.stage import GEOMETRY, NOT_FAST
from tests.session.test_serving import Shelf, choking, leech, said, serving
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.session.peer import Peer
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.suggestions import Suggestions
from torrent_peer.wire.messages import NotInterested, Suggest, Unchoke


async def test_a_slot_is_given_on_as_soon_as_its_holder_wants_nothing_more() -> None:
    giving = serving(Shelf(), slots=1)
    holder, _ = leech()
    other, sink = leech(unchoked=False)
    giving.interest_changed(other, [holder, other])
    assert choking(other)
    hear(holder, NotInterested())
    giving.released(holder, [holder, other])
    assert not choking(other)
    assert said(sink, Unchoke())


async def test_who_leaves_without_a_slot_leaves_none_behind() -> None:
    giving = serving(Shelf(), slots=1)
    holder, _ = leech()
    leaver, _ = leech(unchoked=False)
    other, _ = leech(unchoked=False)
    giving.released(leaver, [holder, other])
    assert choking(other)


async def test_a_seed_names_different_pieces_to_those_it_serves_until_others_have_them() -> None:
    count = GEOMETRY.piece_count
    availability = Availability(count)
    suggestions: Suggestions[Peer] = Suggestions(availability, have=PieceSet.full(count), dice=Random(1))
    giving = serving(Shelf(), suggestions=suggestions)
    peers = [leech(unchoked=False) for _ in range(3)]
    for peer, _ in peers[:2]:
        giving.interest_changed(peer, [peer for peer, _ in peers])
        peer.flush(now=0)
    named = [suggestions.suggest(peer, None) for peer, _ in peers]
    assert named == [[], [], []]  # everything is named already
    spoken = b"".join(bytes(sink.written) for _, sink in peers)
    assert sorted(spoken) == sorted(encoded(Unchoke(), Unchoke(), *map(Suggest, range(count))))


async def test_peers_without_fast_are_named_nothing() -> None:
    suggestions: Suggestions[Peer] = Suggestions(Availability(9), have=PieceSet.full(9), dice=Random(1))
    giving = serving(Shelf(), suggestions=suggestions)
    peer, sink = leech(reserved=NOT_FAST, unchoked=False)
    giving.interest_changed(peer, [peer])
    peer.flush(now=0)
    assert said(sink, Unchoke())
