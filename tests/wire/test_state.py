"""What is known of each side, at the beginning and in between."""

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire.ledger import RequestLedger
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Availability, Direction, PeerState

D, L = Side.DIALER, Side.LISTENER


def test_a_connection_starts_choked_and_not_interested_and_knows_nothing() -> None:
    side = Legality().state.of(D)
    assert (side.choking, side.interested, side.pieces, side.peer_id, side.client) == (True, False, None, None, "")
    assert (side.request_queue, side.patience, side.availability) == (250, 500, Availability.UNSEEN)


def test_nothing_is_taken_for_said_that_was_not() -> None:
    side = PeerState().of(L)
    flags = ("heard", "choking", "interested", "greeted", "upload_only")
    assert [getattr(side, flag) for flag in flags] == [False, True, False, False, False]
    counts = (side.availability_updates, side.allowed_fast_said, side.exchanges)
    assert counts == (0, 0, 0)
    unknown = ("handshake", "reserved", "peer_id", "expected_id", "pieces", "withdrawn", "declared_queue", "port")
    assert all(getattr(side, name) is None for name in (*unknown, "deferred", "metadata_size", "exchanged"))
    assert (side.own_ids, side.allowed_fast, side.extensions, side.announced) == ((), frozenset(), {}, {})
    assert (side.side, side.phase, side.client) == (L, Phase.HANDSHAKE, "")
    state = PeerState()
    assert (state.fast, state.extended, state.v2) == (False, False, False)
    assert (state.info_hash, state.geometry, state.hash_trees) == (None, None, None)


def test_how_a_side_told_of_its_pieces_has_words_for_evidence() -> None:
    words = ["unseen", "bitfield", "have_all", "have_none", "implicit none"]
    assert [each.value for each in Availability] == words


def test_what_both_speak_is_known_when_both_have_said_so() -> None:
    state = PeerState()
    state.of(D).reserved = Reserved.of(fast=True, extended=True)
    state.negotiate()
    assert (state.fast, state.extended) == (False, False)
    state.of(L).reserved = Reserved.of(fast=True)
    state.negotiate()
    assert (state.fast, state.extended) == (True, False)


def test_a_declared_queue_counts_both_for_asking_and_for_blaming() -> None:
    side = PeerState().of(L)
    side.declared_queue = 30
    assert (side.request_queue, side.patience) == (30, 30)


def test_a_side_declines_what_it_chokes_or_has_no_longer() -> None:
    side = PeerState().of(L)
    side.pieces, side.allowed_fast = PieceSet(3, [0, 2]), {0}
    assert [side.declines(piece) for piece in range(3)] == [False, True, True]
    side.choking = False
    assert not any(side.declines(piece) for piece in range(3))
    side.withdrawn = PieceSet(3, [1, 2])
    assert [side.has_withdrawn(piece) for piece in range(3)] == [False, True, False]
    side.pieces = None
    assert [side.declines(piece) for piece in range(3)] == [False, True, True]


def test_version_2_is_spoken_when_both_say_so() -> None:
    state = PeerState()
    state.of(D).reserved, state.of(L).reserved = Reserved.of(v2=True), Reserved()
    state.negotiate()
    assert not state.v2
    state.of(L).reserved = Reserved.of(v2=True)
    state.negotiate()
    assert state.v2


def test_a_direction_has_one_side_speaking_and_the_other_listening() -> None:
    state = PeerState()
    way = Direction(state, L)
    assert (way.sender.side, way.receiver.side) == (L, D)
    assert isinstance(way.sender.requests, RequestLedger)


def test_books_of_other_questions_are_opened_when_they_are_first_looked_at() -> None:
    side = PeerState().of(D)
    for book in (side.metadata, side.hashes, side.rendezvous):
        assert (book.total, book.sent) == (0, 0)
    side.metadata.ask(3)
    assert (side.metadata.total, side.hashes.total, side.rendezvous.total) == (1, 0, 0)
    assert side.hashes is side.hashes
    assert side.rendezvous is side.rendezvous
