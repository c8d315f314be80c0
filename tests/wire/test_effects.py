"""What messages change in what is known of each side."""

from typing import Any

import pytest

from tests.wire.scenes import EMPTY, FULL, GEOMETRY, INFO_HASH, Scene
from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import effects
from torrent_peer.wire.effects import EXCHANGED_KEPT
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Holepunch,
    HolepunchKind,
    Interested,
    KeepAlive,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Question,
    Reject,
    Request,
    Suggest,
    Unchoke,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Availability, SideState

D, L = Side.DIALER, Side.LISTENER
A, B, C = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(5, 0)


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
    said: list[Message] = [HaveNone(), Have(3), AllowedFast(4), DontHave(2), Suggest(11), FULL]
    legality = Scene(size_known=False, opened=False, then=[(D, message) for message in said]).legality()
    assert list(legality.state.of(D).deferred or ()) == [AllowedFast(4), Suggest(11), FULL]
    assert [finding.rule for finding in legality.learn_geometry(GEOMETRY)] == ["FAST-05"]
    assert (legality.state.of(D).pieces, legality.state.of(D).allowed_fast) == (PieceSet.full(10), {4})


def test_what_is_kept_for_later_is_bounded() -> None:
    legality = Scene(size_known=False, then=[(D, Have(1 << 30))]).legality()
    assert legality.state.of(D).deferred == {HaveNone(): None}


# ── what extensions say ──────────────────────────────────────────────────────────────────────────────────────────────


def said(*messages: Message, **scene: Any) -> SideState:
    """What is known of the dialler after it has said this."""
    return Scene(**scene, then=[(D, message) for message in messages]).legality().state.of(D)


def test_a_first_word_that_is_not_about_pieces_leaves_their_number_open() -> None:
    side = said(Interested(), opened=False, size_known=False)
    assert (side.availability, side.pieces) == (Availability.IMPLICIT_NONE, None)


def test_a_message_without_an_effect_changes_nothing_but_the_turn() -> None:
    assert said(KeepAlive(), Suggest(1)).deferred is None


def test_what_is_told_by_extended_handshakes_and_messages_of_their_own() -> None:
    side = said(Port(6881), ExtendedHandshake(metadata_size=7, upload_only=True), UploadOnly(upload_only=False))
    assert (side.port, side.metadata_size, side.upload_only) == (6881, 7, False)
    assert said(ExtendedHandshake(upload_only=True), ExtendedHandshake()).upload_only


def test_an_id_that_is_taken_is_not_given_away() -> None:
    side = said(ExtendedHandshake({"ut_pex": 1}), ExtendedHandshake({"ut_holepunch": 1, "lt_donthave": 2}))
    assert (side.extensions, side.announced) == ({"ut_pex": 1, "lt_donthave": 2}, {1: "ut_pex", 2: "lt_donthave"})


RANGE = HashRange(bytes(32), 0, 0, 2, 0)
PEER, OTHER = Address("192.0.2.1", 6881), Address("192.0.2.2", 6881)


@pytest.mark.parametrize(
    ("question", "answers", "book"),
    [
        (MetadataRequest(0), [MetadataPiece(0, None, b""), MetadataReject(0)], "metadata"),
        (HashRequest(RANGE), [Hashes(RANGE, b""), HashReject(RANGE)], "hashes"),
        (Holepunch(HolepunchKind.RENDEZVOUS, PEER), [Holepunch(HolepunchKind.ERROR, PEER, 2)], "rendezvous"),
    ],
)
def test_questions_wait_for_their_answers(question: Message, answers: list[Message], book: str) -> None:
    for answer in answers:
        legality = Scene().legality()
        questions = getattr(legality.state.of(D), book)
        legality.apply(D, question, crossed=True)
        assert questions.total == 1
        legality.apply(L, answer, crossed=False)
        assert questions.total == 0


def test_to_be_told_to_connect_is_neither_question_nor_answer() -> None:
    legality = Scene(then=[(D, Holepunch(HolepunchKind.RENDEZVOUS, PEER))]).legality()
    legality.apply(L, Holepunch(HolepunchKind.CONNECT, PEER), crossed=False)
    assert legality.state.of(D).rendezvous.total == 1
    assert legality.state.of(L).rendezvous.total == 0


def test_peers_that_were_exchanged_are_remembered_as_long_as_they_are_not_too_many() -> None:
    first, second = PeerExchange(added=(PEER, OTHER)), PeerExchange(dropped=(OTHER,))
    assert (said(first).exchanges, said(first).exchanged) == (1, {PEER, OTHER})
    assert said(first, second).exchanged == {PEER}
    crowd = tuple(Address("192.0.2.1", port) for port in range(1, EXCHANGED_KEPT + 2))
    assert len(said(PeerExchange(added=crowd[:-1])).exchanged or ()) == EXCHANGED_KEPT
    assert said(PeerExchange(added=crowd)).exchanged is None
    assert said(PeerExchange(added=crowd), first).exchanged is None


# ── what is withdrawn, refused, or too late ──────────────────────────────────────────────────────────────────────────


def test_what_is_withdrawn_is_known_as_such_until_it_is_announced_again() -> None:
    side = said(Have(3), DontHave(3), DontHave(4), DontHave(10))
    assert (side.pieces, side.has_withdrawn(3), side.has_withdrawn(4)) == (PieceSet(10), True, False)
    assert not said(Have(3), DontHave(3), Have(3)).has_withdrawn(3)
    assert said(Have(1), Bitfield(b"\x80\x00"), HaveNone()).withdrawn == PieceSet(10, [0, 1])


@pytest.mark.parametrize("fast", [True, False])
def test_requests_for_what_is_withdrawn_wait_for_their_answers_with_fast_and_end_without(fast: bool) -> None:
    asked: list[tuple[Side, Message]] = [(L, Unchoke()), (D, Request(A)), (D, Request(C)), (L, DontHave(0))]
    ledger = Scene(fast=fast, here=D, then=asked).legality().state.of(D).requests
    assert ledger.live == ({A: 1, C: 1} if fast else {C: 1})
    assert ledger.zombies == ({} if fast else {A: 1})
    assert ledger.leeway == 500 - 2


def test_requests_that_come_for_what_was_withdrawn_use_up_their_leeway() -> None:
    legality = Scene(fast=False, then=[(L, Unchoke()), (L, DontHave(0))]).legality()
    ledger = legality.state.of(D).requests
    for left in (499, 498):
        legality.apply(D, Request(A), crossed=True)
        assert (ledger.leeway, ledger.live, ledger.answered) == (left, {}, {A: 500 - left})
    legality.apply(D, Cancel(A), crossed=True)
    assert (ledger.leeway, ledger.budget) == (499, 1)
    ledger.leeway = 0
    legality.apply(D, Request(A), crossed=True)
    assert ledger.leeway == 0


def test_a_cancel_makes_room_for_another_request_while_its_server_chokes() -> None:
    legality = Scene(then=[(L, Unchoke()), (D, Request(A)), (D, Cancel(A))]).legality()
    assert legality.state.of(D).requests.budget == 0
    legality = Scene(then=[(L, Unchoke()), (D, Request(A)), (L, Choke()), (D, Cancel(A))]).legality()
    assert legality.state.of(D).requests.budget == 500


@pytest.mark.parametrize("question", [MetadataRequest(0), HashRequest(RANGE)])
def test_a_question_that_is_refused_waits_for_its_reject(question: Question) -> None:
    legality = Scene().legality()
    effects.refuse(legality.direction(D), question)
    side = legality.state.of(D)
    assert side.metadata.total + side.hashes.total == 1


@pytest.mark.parametrize("fast", [True, False])
def test_a_request_that_is_refused_waits_for_its_reject_with_fast_and_ends_without(fast: bool) -> None:
    legality = Scene(fast=fast, here=D).legality()
    effects.refuse(legality.direction(D), Request(A))
    ledger = legality.state.of(D).requests
    assert (ledger.live, ledger.zombies, ledger.excess) == (({A: 1}, {}, 1) if fast else ({}, {A: 1}, 1))


def test_a_second_choke_does_not_open_a_second_window() -> None:
    legality = Scene(fast=False, then=[(L, Unchoke()), (L, Choke())]).legality()
    ledger = legality.state.of(D).requests
    assert ledger.budget == 500
    legality.apply(L, Choke(), crossed=False)
    assert ledger.budget == 500
    legality.apply(L, Unchoke(), crossed=False)
    assert ledger.budget == 500
    legality.apply(L, Choke(), crossed=False)
    assert ledger.budget == 1000


def test_requests_for_what_is_allowed_fast_are_counted_while_choked_but_for_those_that_crossed_the_choke() -> None:
    asked: list[tuple[Side, Message]] = [(L, AllowedFast(0)), (D, Request(A)), (L, Unchoke()), (D, Request(B))]
    legality = Scene(then=asked).legality()
    ledger = legality.state.of(D).requests
    assert ledger.times_spared(0) == 1
    legality.apply(L, Choke(), crossed=False)
    budget = ledger.budget
    legality.apply(D, Request(A), crossed=True)
    assert (ledger.times_spared(0), ledger.budget) == (1, budget - 1)
    ledger.budget = 0
    legality.apply(D, Request(A), crossed=True)
    assert ledger.times_spared(0) == 2


def test_a_cancel_of_what_was_never_asked_makes_no_room() -> None:
    ledger = Scene(fast=False, then=[(L, Unchoke()), (L, DontHave(0)), (D, Cancel(B))]).legality().state.of(D).requests
    assert (ledger.budget, ledger.leeway) == (0, 500)


def test_while_the_size_is_unknown_what_is_said_last_of_a_piece_holds() -> None:
    side = said(DontHave(3), Have(3), size_known=False, opened=False)
    assert list(side.deferred or ()) == [Have(3)]
