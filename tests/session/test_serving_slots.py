"""Slots given on between rounds, and what is suggested to those who have one."""

from random import Random

from tests.session.ends import encoded, hear
from tests.session.stage import GEOMETRY, NOT_FAST
from tests.session.test_serving import Shelf, ask, choking, leech, said, serving
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.session.peer import Peer
from torrent_peer.strategy.availability import Availability
from torrent_peer.strategy.choker import ROUND
from torrent_peer.strategy.slots import TURN, Slots
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
    assert named[:2] == [[], []], "everything is named already"
    assert len(named[2]) == 1, "so that it knows that we suggest"
    (_, one), (_, other), _ = peers
    assert sorted(one.written) == sorted(encoded(Unchoke(), *map(Suggest, range(count))))
    assert len(other.written) == len(encoded(Unchoke(), Suggest(0)))


async def test_what_is_asked_for_in_one_go_is_not_named_to_others() -> None:
    count = GEOMETRY.piece_count
    suggestions: Suggestions[Peer] = Suggestions(Availability(count), have=PieceSet.full(count), dice=Random(1))
    giving = serving(Shelf(), suggestions=suggestions)
    (one, _), (other, _) = leech(), leech()
    ask(one, *(GEOMETRY.block(piece, 0) for piece in (0, 1, 2)))
    giving.asked(one, 2)
    assert one.requests == 2
    assert sorted(suggestions.suggest(other, None)) == [piece for piece in range(count) if piece not in (1, 2)]


async def test_peers_without_fast_are_named_nothing() -> None:
    suggestions: Suggestions[Peer] = Suggestions(Availability(9), have=PieceSet.full(9), dice=Random(1))
    giving = serving(Shelf(), suggestions=suggestions)
    peer, sink = leech(reserved=NOT_FAST, unchoked=False)
    giving.interest_changed(peer, [peer])
    peer.flush(now=0)
    assert said(sink, Unchoke())


def served(peers: list[Peer]) -> int:
    return sum(not choking(peer) for peer in peers)


async def test_a_torrent_that_begins_gets_its_share_of_the_slots_within_two_rounds() -> None:
    slots = Slots(4)
    (one, ones), (other, others) = (
        (serving(Shelf(), of=slots), [leech(unchoked=False)[0] for _ in range(6)]) for _ in range(2)
    )
    for peer in ones:
        one.interest_changed(peer, ones)
    for peer in others:
        other.interest_changed(peer, others)
    assert (served(ones), served(others)) == (4, 0)
    for begin in (0, ROUND):
        one.rechoke(ones, seeding=True, now=begin)
        other.rechoke(others, seeding=True, now=begin + ROUND / 2)
    assert (served(ones), served(others)) == (2, 2)


async def test_with_one_slot_for_two_torrents_each_has_its_turn() -> None:
    slots = Slots(1)
    torrents = [(serving(Shelf(), of=slots), [leech(unchoked=False)[0] for _ in range(2)]) for _ in range(2)]
    turns = []
    for now in range(0, 6 * int(TURN), int(ROUND)):
        for giving, peers in torrents:
            giving.rechoke(peers, seeding=True, now=now)
        turns.append(tuple(served(peers) for _, peers in torrents))
    assert set(turns) <= {(1, 0), (0, 1), (0, 0)}
    assert turns.count((0, 0)) <= 3  # the one who lets go does so after the other has asked
    assert abs(turns.count((1, 0)) - turns.count((0, 1))) <= 6


async def test_a_torrent_that_is_over_leaves_its_slots() -> None:
    slots = Slots(2)
    one, other = serving(Shelf(), of=slots), serving(Shelf(), of=slots)
    ones, others = [leech(unchoked=False)[0] for _ in range(2)], [leech(unchoked=False)[0] for _ in range(2)]
    for peer in ones:
        one.interest_changed(peer, ones)
    other.rechoke(others, seeding=True, now=0)
    assert served(others) == 0
    one.slots.leave()
    other.rechoke(others, seeding=True, now=ROUND)
    assert served(others) == 2
