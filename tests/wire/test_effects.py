"""What messages change in what is known of each side."""

from tests.wire.scenes import EMPTY, FULL, GEOMETRY, INFO_HASH, Scene
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    NotInterested,
    Piece,
    Reject,
    Request,
    Suggest,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Availability

D, L = Side.DIALER, Side.LISTENER
A, B = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)


def test_a_handshake_names_the_client_and_both_decide_what_is_spoken() -> None:
    legality = Legality()
    legality.apply(
        D, Handshake(Reserved.of(fast=True, extended=True), INFO_HASH, PeerId(b"-TR4010-abcdefghijkl")), crossed=True
    )
    assert legality.state.of(D).client == "Transmission 4.0.1"
    assert legality.state.info_hash == INFO_HASH
    legality.apply(L, Handshake(Reserved.of(fast=True), InfoHash(bytes(20)), PeerId(bytes(20))), crossed=False)
    assert legality.state.info_hash == INFO_HASH
    assert (legality.state.fast, legality.state.extended) == (True, False)
    assert (legality.state.of(D).heard, legality.state.of(L).heard) == (True, False)


def test_choking_and_interest_follow_what_is_said() -> None:
    legality = Scene(then=[(L, Unchoke())]).legality()
    assert not legality.state.of(L).choking
    legality.apply(L, Choke(), crossed=False)
    legality.apply(D, NotInterested(), crossed=True)
    assert (legality.state.of(L).choking, legality.state.of(D).interested) == (True, False)
    legality.apply(D, Interested(), crossed=True)
    assert legality.state.of(D).interested


def test_a_first_word_that_is_not_about_pieces_means_none() -> None:
    side = Scene(opened=False, then=[(D, Interested())]).legality().state.of(D)
    assert (side.availability, side.pieces) == (Availability.IMPLICIT_NONE, PieceSet(10))


def test_have_adds_to_what_was_declared() -> None:
    side = Scene(then=[(D, Have(3)), (D, Have(10))]).legality().state.of(D)
    assert list(side.pieces or ()) == [3]


def test_a_later_availability_message_replaces_the_first_and_what_is_lost_is_remembered() -> None:
    legality = Scene(then=[(L, Bitfield(b"\x80\x00")), (L, Bitfield(b"\x00\x00")), (L, HaveAll())]).legality()
    side = legality.state.of(L)
    assert (side.availability_updates, side.pieces) == (3, PieceSet.full(10))
    assert side.withdrawn == PieceSet.full(10)


def test_a_bitfield_of_the_wrong_size_is_as_good_as_none() -> None:
    assert Scene(opened=False, then=[(D, Bitfield(bytes(5)))]).legality().state.of(D).pieces == PieceSet(10)


def test_without_fast_a_choke_ends_requests_only_once() -> None:
    scene = Scene(fast=False, here=D, then=[(L, Unchoke()), (D, Request(A)), (L, Choke()), (L, Choke())])
    ledger = scene.legality().state.of(D).requests
    assert (ledger.live, ledger.zombies) == ({}, {A: 1})


def test_with_fast_requests_outlive_a_choke() -> None:
    ledger = Scene(then=[(L, Unchoke()), (D, Request(A)), (L, Choke())]).legality().state.of(D).requests
    assert (ledger.live, ledger.budget) == ({A: 1}, 499)


def test_with_fast_a_late_request_waits_for_its_reject() -> None:
    legality = Scene(then=[(L, Unchoke()), (L, Choke()), (D, Request(A))]).legality()
    assert legality.check(L, Reject(A), crossed=False) == ()
    legality.apply(L, Reject(A), crossed=False)
    assert legality.state.of(D).requests.answered == {A: 1}


def test_without_fast_a_late_request_is_dropped_and_its_cancel_expected() -> None:
    legality = Scene(fast=False, then=[(L, Unchoke()), (L, Choke()), (D, Request(A))]).legality()
    assert legality.state.of(D).requests.live == {}
    assert legality.check(D, Cancel(A), crossed=True) == ()


def test_in_a_capture_a_request_that_crossed_a_choke_may_still_be_answered() -> None:
    legality = Legality(geometry=GEOMETRY)
    plain = Reserved()
    for sender, message in (
        (D, Handshake(plain, INFO_HASH, PeerId(bytes(20)))),
        (L, Handshake(plain, INFO_HASH, PeerId(b"l" * 20))),
        *((L, FULL), (D, EMPTY), (D, Interested()), (L, Unchoke()), (L, Choke()), (D, Request(A)), (L, Unchoke())),
        *((D, Request(B)), (D, Cancel(B)), (L, Piece(B, b"")), (L, Piece(A, b""))),
    ):
        assert legality.check(sender, message, crossed=True) == ()
        legality.apply(sender, message, crossed=True)
    assert [finding.rule for finding in legality.check(L, Piece(A, b""), crossed=True)] == ["PIECE-04"]


def test_allowed_fast_pieces_are_remembered_and_say_nothing_of_what_their_sender_has() -> None:
    side = Scene(then=[(D, AllowedFast(3)), (D, AllowedFast(4)), (D, AllowedFast(10))]).legality().state.of(D)
    assert side.allowed_fast == {3, 4}
    assert not side.pieces


def test_extended_handshakes_add_up_and_zero_disables() -> None:
    side = (
        Scene(
            then=[
                (
                    D,
                    ExtendedHandshake({"ut_pex": 1, "ut_metadata": 2}, client="x\x1b[2J" + "y" * 100, request_queue=99),
                ),
                (D, ExtendedHandshake({"ut_pex": 0, "ut_holepunch": 2, "n" * 65: 5})),
            ]
        )
        .legality()
        .state.of(D)
    )
    assert side.extensions == {"ut_metadata": 2}
    assert side.announced == {1: "ut_pex", 2: "ut_metadata"}
    assert side.client == "x.[2J" + "y" * 59
    assert (side.request_queue, side.patience) == (99, 99)


def test_a_bitfield_takes_the_place_of_what_was_kept_but_for_what_it_does_not_say() -> None:
    said = [HaveNone(), Have(3), AllowedFast(4), DontHave(2), Suggest(11), FULL]
    legality = Scene(size_known=False, opened=False, then=[(D, message) for message in said]).legality()
    assert list(legality.state.of(D).deferred or ()) == [AllowedFast(4), Suggest(11), FULL]
    assert [finding.rule for finding in legality.learn_geometry(GEOMETRY)] == ["FAST-05"]
    assert (legality.state.of(D).pieces, legality.state.of(D).allowed_fast) == (PieceSet.full(10), {4})


def test_what_is_kept_for_later_is_bounded() -> None:
    legality = Scene(size_known=False, then=[(D, Have(1 << 30))]).legality()
    assert legality.state.of(D).deferred == {HaveNone(): None}
