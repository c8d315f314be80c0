"""Every rule of BEP 54 broken once, and a legal look-alike; and what a withdrawn piece does to requests (DH-03)."""

from collections.abc import Sequence

import pytest

from tests.wire.scenes import ANNOUNCED, GEOMETRY, Case, Scene, check_case
from torrent_peer.wire.messages import (
    Cancel,
    DontHave,
    ExtendedHandshake,
    Have,
    HaveAll,
    Malformed,
    Message,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import DEFERRED_LIMIT, LATEST_PIECE

D, L = Side.DIALER, Side.LISTENER
A, B, C = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(1, 0)
SEED = Scene(here=D, then=ANNOUNCED)
UNKNOWN = Scene(size_known=False, then=ANNOUNCED)
ASKED: Sequence[tuple[Side, Message]] = [*ANNOUNCED, (L, Unchoke()), (D, Request(A)), (D, Request(C))]

CASES = [
    Case(
        judge="malformed_dh_01",
        rule="DH-01",
        evidence="lt_donthave message of 3 bytes: it is always 4",
        message=Malformed(20, 5, "DH-01", "lt_donthave message of 3 bytes: it is always 4"),
        legal_scene=SEED,
        legal_sender=L,
        legal=DontHave(3),
    ),
    Case(
        judge="what_is_withdrawn_is_a_piece",
        rule="DH-01",
        evidence="dont_have 10: the torrent has 10 pieces",
        scene=SEED,
        sender=L,
        message=DontHave(10),
        legal=DontHave(9),
    ),
    Case(
        judge="what_is_withdrawn_is_a_piece",
        rule="DH-01",
        evidence=f"dont_have {LATEST_PIECE}: no torrent has that many pieces",
        scene=UNKNOWN,
        message=DontHave(LATEST_PIECE),
        legal=DontHave(LATEST_PIECE - 1),
    ),
    Case(
        judge="what_is_withdrawn_is_a_piece",
        rule="DH-01",
        evidence="dont_have for more than 4096 pieces before the torrent's size is known",
        scene=Scene(size_known=False, then=[*ANNOUNCED, *((D, Have(piece)) for piece in range(DEFERRED_LIMIT))]),
        message=DontHave(3),
        legal_scene=UNKNOWN,
    ),
    Case(
        judge="what_is_withdrawn_was_announced",
        rule="DH-02",
        evidence="dont_have 3, which the dialer never announced",
        scene=Scene(then=ANNOUNCED),
        message=DontHave(3),
        legal_scene=Scene(then=[*ANNOUNCED, (D, Have(3))]),
    ),
    Case(
        judge="what_is_withdrawn_was_announced",
        rule="DH-02",
        evidence="dont_have 3, which the listener never announced",
        scene=Scene(then=[*ANNOUNCED, (L, DontHave(3))]),
        sender=L,
        message=DontHave(3),
        legal=DontHave(4),
    ),
    Case(
        judge="what_is_withdrawn_was_announced",
        rule="DH-02",
        evidence="dont_have 3, which the listener never announced",
        scene=Scene(opened=False, then=ANNOUNCED),
        sender=L,
        message=DontHave(3),
        legal_scene=Scene(opened=False, then=[*ANNOUNCED, (L, HaveAll())]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("fast", [True, False])
def test_a_withdrawn_piece_is_not_asked_for_until_it_is_back(fast: bool) -> None:
    legality = Scene(fast=fast, here=D, then=[*ANNOUNCED, (L, Unchoke()), (L, DontHave(0))]).legality()
    (finding,) = legality.check(D, Request(A), crossed=False)
    assert (finding.rule, finding.evidence) == ("REQ-02", "request for piece 0, which the listener has withdrawn")
    legality.apply(L, Have(0), crossed=True)
    assert legality.check(D, Request(A), crossed=False) == ()


def test_with_fast_requests_that_cross_it_still_get_their_answers() -> None:
    legality = Scene(here=D, then=[*ASKED, (L, DontHave(0))]).legality()
    assert list(legality.state.of(D).requests.live) == [A, C]
    assert legality.check(L, Reject(A), crossed=True) == ()


def test_without_fast_requests_that_cross_it_are_dead_but_may_have_been_answered() -> None:
    legality = Scene(fast=False, here=D, then=[*ASKED, (L, DontHave(0))]).legality()
    ledger = legality.state.of(D).requests
    assert (ledger.live, ledger.zombies, ledger.total) == ({C: 1}, {A: 1}, 1)
    assert legality.check(L, Piece(A, b""), crossed=True) == ()


def test_without_fast_who_withdraws_drops_what_was_asked_and_may_see_it_cancelled() -> None:
    legality = Scene(fast=False, then=[*ASKED, (L, DontHave(0))]).legality()
    assert list(legality.state.of(D).requests.live) == [C]
    assert legality.check(L, Piece(A, b""), crossed=False) != ()
    assert legality.admit(D, Cancel(A), crossed=True) == ()
    assert legality.admit(D, Request(B), crossed=True) == ()
    assert list(legality.state.of(D).requests.live) == [C]


@pytest.mark.parametrize("cancelled", [True, False])
def test_as_many_requests_may_have_crossed_it_as_the_queue_has_room_for(cancelled: bool) -> None:
    two = [(L, ExtendedHandshake(request_queue=2))]
    legality = Scene(then=[*ASKED[:-1], *two, (L, DontHave(0))]).legality()
    if cancelled:
        assert legality.admit(D, Cancel(A), crossed=True) == ()
        assert legality.admit(D, Request(B), crossed=True) == ()
    assert legality.admit(D, Request(B._replace(begin=0, length=5)), crossed=True) == ()
    found = {finding.rule: finding.evidence for finding in legality.check(D, Request(B), crossed=True)}
    assert found["REQ-02"] == "request for piece 0, which the listener has withdrawn: it did not cross that"


def test_no_request_crossed_what_its_sender_has_certainly_heard() -> None:
    mine = GEOMETRY.block(5, 0)
    said: list[tuple[Side, Message]] = [(D, Have(5)), (D, Unchoke()), (L, DontHave(0)), (L, Request(mine))]
    scene = Scene(then=[*ASKED[:-2], *said])
    assert scene.judge(D, Request(A)) == ()
    scene = Scene(then=[*ASKED[:-2], *said, (D, Piece(mine, b""))])
    assert [finding.rule for finding in scene.judge(D, Request(A))] == ["REQ-02"]


@pytest.mark.parametrize(
    ("said", "has", "rules"),
    [
        ([Have(3), DontHave(3)], False, []),
        ([Have(3), DontHave(3), Have(3)], True, []),
        ([Have(3), DontHave(3), Have(3), DontHave(3)], False, []),
        ([HaveAll(), DontHave(3)], False, []),
        ([HaveAll(), DontHave(3), Have(3)], True, []),
        ([DontHave(3)], False, ["DH-02"]),
        ([DontHave(10)], False, ["DH-01"]),
    ],
)
def test_while_the_size_is_unknown_what_was_said_last_holds(said: list[Message], has: bool, rules: list[str]) -> None:
    legality = Scene(size_known=False, then=[*ANNOUNCED, *((D, message) for message in said)]).legality()
    findings = legality.learn_geometry(GEOMETRY)
    assert [finding.rule for finding in findings] == rules
    assert (3 in (legality.state.of(D).pieces or ())) is has
