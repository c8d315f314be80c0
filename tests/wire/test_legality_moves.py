"""What else is done to the table: refuse, decline, pass over, withdraw, close, learn the torrent's size."""

import pytest

from tests.wire.scenes import ANNOUNCED, EMPTY, FULL, GEOMETRY, INFO_HASH, Scene
from torrent_peer.core.block import Block
from torrent_peer.core.ids import PeerId
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
    HashRange,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Message,
    MetadataRequest,
    Piece,
    Port,
    Question,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
)
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
A, B = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)
OPEN: list[tuple[Side, Message]] = [(L, Unchoke())]


def rules(legality: Legality, sender: Side, message: Message, *, crossed: bool) -> list[str]:
    return [finding.rule for finding in legality.check(sender, message, crossed=crossed)]


def test_to_check_changes_nothing_and_hands_the_offset_on() -> None:
    legality = Scene(then=OPEN).legality()
    (finding,) = legality.check(D, Request(GEOMETRY.block(0, 0)._replace(length=0)), crossed=True, offset=99)
    assert (finding.rule, finding.offset, finding.sender) == ("REQ-03", 99, D)
    assert legality.check(D, Request(A), crossed=True) == ()
    assert legality.state.of(D).requests.total == 0


def test_what_is_admitted_is_applied_and_what_is_not_is_not() -> None:
    legality = Scene(then=OPEN).legality()
    assert legality.admit(D, Request(A), crossed=True, offset=5) == ()
    assert legality.state.of(D).requests.live == {A: 1}
    (finding,) = legality.admit(D, Request(A), crossed=True, offset=7)
    assert (finding.rule, finding.offset) == ("REQ-09", 7)
    assert legality.state.of(D).requests.live == {A: 1}
    assert legality.admit(L, Piece(A, b""), crossed=False) == ()
    assert legality.state.of(D).requests.live == {}
    (finding,) = legality.admit(L, Choke(), crossed=False) or legality.admit(L, Choke(), crossed=False)
    assert finding.rule == "ST-02"
    assert legality.state.of(L).choking


def test_the_gravest_finding_stands_first() -> None:
    legality = Scene(then=[(L, Unchoke())], opened=False).legality()
    assert rules(legality, L, Request(GEOMETRY.block(9, 1)._replace(length=1 << 20)), crossed=False) == [
        *("REQ-04", "REQ-05", "REQ-12"),
        *("REQ-07",),
        *("REQ-08",),
    ]


def test_what_nobody_may_say_in_this_phase_is_held_against_all_its_rules() -> None:
    legality = Scene(then=OPEN).legality()
    assert rules(legality, D, Unknown(99, b""), crossed=True) == ["FR-04"]
    assert rules(legality, D, HaveNone(), crossed=True) == ["BF-03"]


def test_requests_that_were_not_written_are_taken_back() -> None:
    legality = Scene(here=D, then=[*OPEN, (D, Request(A)), (D, Request(B))]).legality()
    ledger = legality.state.of(D).requests
    assert ledger.asked == {0: 0b11}
    legality.withdraw(D, [A, B], {0: 0b10})
    assert (ledger.live, ledger.total, ledger.asked) == ({}, 0, {0: 0b10})


def test_a_request_for_what_is_allowed_fast_that_was_not_written_is_no_such_request() -> None:
    legality = Scene(here=D, then=[(L, AllowedFast(0)), (D, Request(A)), (D, Request(B))]).legality()
    ledger = legality.state.of(D).requests
    assert ledger.times_spared(0) == 2
    legality.withdraw(D, [B], {0: 0b01})
    assert (ledger.live, ledger.times_spared(0), ledger.asked) == ({A: 1}, 1, {0: 0b01})


def everything_asked(legality: Legality) -> tuple[object, ...]:
    ledger = legality.state.of(D).requests
    return dict(ledger.live), ledger.total, dict(ledger.asked), ledger.times_spared(0)


@pytest.mark.parametrize("then", [OPEN, [(L, AllowedFast(0))]], ids=["open", "allowed fast"])
def test_requests_admitted_together_are_those_admitted_one_by_one(then: list[tuple[Side, Message]]) -> None:
    together, apart = Scene(here=D, then=then).legality(), Scene(here=D, then=then).legality()
    assert together.admit_requests(D, [A, B]) == ()
    for block in (A, B):
        assert apart.admit(D, Request(block), crossed=False) == ()
    assert everything_asked(together) == everything_asked(apart)
    assert together.state.of(D).requests.sent == 2  # of those one by one not all are counted


@pytest.mark.parametrize("then", [OPEN, [(L, AllowedFast(0))]], ids=["open", "allowed fast"])
@pytest.mark.parametrize(
    ("blocks", "rule"),
    [
        ([A, B, A], "REQ-09"),
        ([A._replace(length=0)], "REQ-03"),
        ([A, B, GEOMETRY.block(0, 0)._replace(piece=10)], "REQ-01"),
    ],
)
def test_of_requests_admitted_together_one_that_is_illegal_leaves_all_unsaid(
    then: list[tuple[Side, Message]], blocks: list[Block], rule: str
) -> None:
    legality = Scene(here=D, then=then).legality()
    before = everything_asked(legality)
    found = legality.admit_requests(D, blocks)
    assert rule in [finding.rule for finding in found]
    assert found[0].sender is D
    ledger = legality.state.of(D).requests
    assert (ledger.live, ledger.total, ledger.sent, ledger.times_spared(0)) == ({}, 0, 0, 0)
    assert {piece: bits for piece, bits in ledger.asked.items() if bits} == before[2]


def test_a_refused_request_waits_for_its_reject() -> None:
    legality = Scene(then=OPEN).legality()
    legality.refuse(D, Request(A))
    assert legality.state.of(D).requests.live == {A: 1}
    assert legality.check(L, Reject(A), crossed=False) == ()


@pytest.mark.parametrize("question", [MetadataRequest(0), HashRequest(HashRange(bytes(32), 0, 0, 2, 0))])
def test_any_other_question_that_is_refused_counts_as_asked(question: Question) -> None:
    legality = Scene(v2=True, then=ANNOUNCED).legality()
    legality.refuse(D, question)
    side = legality.state.of(D)
    assert side.metadata.total + side.hashes.total == 1


@pytest.mark.parametrize(
    ("scene", "message", "declined"),
    [
        (Scene(then=OPEN), Request(A), False),
        (Scene(then=[*OPEN, (L, Choke())]), Request(A), True),
        (Scene(then=[*OPEN, (L, AllowedFast(0)), (L, Choke())]), Request(A), False),
        (Scene(then=[*OPEN, *ANNOUNCED, (L, DontHave(0))]), Request(A), True),
        (Scene(then=ANNOUNCED), MetadataRequest(0), False),
        (Scene(then=[(L, ExtendedHandshake({"ut_metadata": 1}))]), MetadataRequest(0), True),
        (Scene(), Cancel(A), False),
    ],
)
def test_what_is_legal_may_still_be_declined(scene: Scene, message: Message, declined: bool) -> None:
    assert scene.legality().declined(D, message) is (message if declined else None)


def test_what_is_passed_over_takes_its_turn_and_nothing_else() -> None:
    legality = Scene(opened=False).legality()
    legality.pass_over(D, AllowedFast(3))
    side = legality.state.of(D)
    assert (side.phase, side.allowed_fast) == (Phase.ACTIVE, frozenset())


def test_a_side_that_is_closed_says_nothing_more_and_the_other_may() -> None:
    legality = Scene().legality()
    legality.close(D)
    assert (legality.state.of(D).phase, legality.state.of(L).phase) == (Phase.CLOSED, Phase.ACTIVE)
    assert rules(legality, D, KeepAlive(), crossed=True) == ["S-19"]
    assert rules(legality, L, KeepAlive(), crossed=False) == []
    legality.close(D, L)
    assert legality.state.of(L).phase is Phase.CLOSED


def test_while_the_size_is_unknown_pieces_are_kept_for_later() -> None:
    said: list[tuple[Side, Message]] = [(D, HaveNone()), (D, Have(3)), (D, AllowedFast(4)), (L, FULL)]
    legality = Scene(size_known=False, opened=False, then=said).legality()
    assert legality.state.of(D).pieces is None
    assert legality.learn_geometry(GEOMETRY) == []
    assert legality.state.geometry is GEOMETRY
    dialer, listener = legality.state.of(D), legality.state.of(L)
    assert (dialer.pieces, dialer.allowed_fast, dialer.allowed_fast_said) == (PieceSet(10, [3]), {4}, 1)
    assert (listener.pieces, listener.availability_updates) == (PieceSet.full(10), 0)
    assert dialer.deferred is None


def test_who_says_nothing_of_pieces_has_none_once_the_size_is_known() -> None:
    legality = Scene(size_known=False, fast=False, opened=False, then=[(D, Interested())]).legality()
    assert legality.learn_geometry(GEOMETRY) == []
    assert (legality.state.of(D).pieces, legality.state.of(L).pieces) == (PieceSet(10), None)


def test_what_was_said_of_pieces_is_judged_when_the_size_is_known() -> None:
    scene = Scene(size_known=False, fast=False, opened=False, then=[(D, Bitfield(bytes(5))), (L, Have(10))])
    findings = scene.legality().learn_geometry(GEOMETRY)
    assert [(str(finding), finding.sender, finding.offset) for finding in findings] == [
        (
            "a bitfield of 5 bytes: 10 pieces need 2 (judged late). BEP 3, peer messages: "
            '"Its payload is a bitfield with each index that downloader has sent set to one" [BF-04]',
            D,
            None,
        ),
        (
            "have 10: the torrent has 10 pieces (judged late). BEP 3, peer messages: "
            "\"The 'have' message's payload is a single number, the index which that downloader just completed\" "
            "[BF-06]",
            L,
            None,
        ),
    ]


def test_what_is_judged_late_is_told_gravest_first() -> None:
    said: list[Message] = [HaveNone(), Suggest(10), Have(10), AllowedFast(11)]
    legality = Scene(size_known=False, opened=False, then=[(D, message) for message in said]).legality()
    assert [finding.rule for finding in legality.learn_geometry(GEOMETRY)] == ["BF-06", "FAST-05", "FAST-04"]


def test_the_size_may_become_known_before_anything_is_said() -> None:
    legality = Legality()
    assert legality.learn_geometry(GEOMETRY) == []
    assert legality.state.of(D).pieces is None


def test_what_is_kept_for_later_comes_into_force_in_the_order_in_which_it_was_said() -> None:
    said: list[tuple[Side, Message]] = [
        (D, EMPTY),
        (D, Have(2)),
        (D, ExtendedHandshake()),
        (D, DontHave(2)),
        (D, Have(7)),
    ]
    legality = Scene(size_known=False, opened=False, then=said).legality()
    assert legality.learn_geometry(GEOMETRY) == []
    assert legality.state.of(D).pieces == PieceSet(10, [7])


def test_an_info_hash_and_a_size_may_be_known_from_the_start() -> None:
    legality = Legality(info_hash=INFO_HASH, geometry=GEOMETRY)
    assert (legality.state.info_hash, legality.state.geometry) == (INFO_HASH, GEOMETRY)
    legality.apply(D, Handshake(Reserved(), INFO_HASH, PeerId(bytes(20))), crossed=True)
    legality.apply(D, HaveAll(), crossed=True)
    assert legality.state.of(D).heard
    assert rules(legality, D, Port(1), crossed=True) == ["DHT-01"]
    assert legality.direction(D).sender.side is D
    assert legality.direction(L).sender.side is L
