"""Every rule of BEP 6 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import GEOMETRY, Case, Scene, check_case
from torrent_peer.core.block import Block
from torrent_peer.wire.messages import AllowedFast, Choke, HaveAll, Message, Piece, Reject, Request, Suggest, Unchoke
from torrent_peer.wire.rules.bep6 import ALLOWED_FAST_LIMIT
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
A, B = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)
LAST = GEOMETRY.block(9, 0)
ROUND: list[tuple[Side, Message]] = [(D, Request(A)), (L, Piece(A, b"")), (D, Request(B)), (L, Piece(B, b""))]
TURNED: list[tuple[Side, Message]] = [(L, Unchoke()), (L, Choke())]
ASKED = Scene(here=D, then=[(L, Unchoke()), (D, Request(A))])
PLAIN = Scene(here=D, fast=False, then=[(L, Unchoke()), (D, Request(A))])
ANSWERED = Scene(here=D, then=[(L, Unchoke()), (D, Request(A)), (L, Piece(A, b""))])

CASES = [
    Case(
        judge="fast_messages_need_fast",
        rule="FAST-01",
        evidence="have_all without the Fast Extension",
        scene=Scene(fast=False, opened=False),
        message=HaveAll(),
        legal_scene=Scene(opened=False),
    ),
    Case(
        judge="fast_messages_need_fast",
        rule="FAST-01",
        evidence="reject without the Fast Extension",
        scene=PLAIN,
        sender=L,
        message=Reject(B),
        legal=Reject(A),
    ),
    Case(
        judge="a_reject_needs_fast",
        rule="FAST-01",
        evidence="reject without the Fast Extension",
        scene=PLAIN,
        sender=L,
        message=Reject(A),
        legal_scene=ASKED,
    ),
    Case(
        judge="a_reject_needs_fast",
        rule="FAST-01",
        evidence="reject without the Fast Extension",
        scene=Scene(here=D, fast=False, then=[(L, Unchoke()), (D, Request(A)), (L, Piece(A, b""))]),
        sender=L,
        message=Reject(A),
        legal=Reject(B),
    ),
    Case(
        judge="a_reject_answers_a_request",
        rule="FAST-02",
        evidence="reject of piece 0 [16384:32768], which was never requested",
        scene=ASKED,
        sender=L,
        message=Reject(B),
        legal=Reject(A),
    ),
    Case(
        judge="a_reject_answers_a_request",
        rule="FAST-02",
        evidence="reject of piece 0 [0:16384], which was never requested",
        scene=Scene(here=D, size_known=False),
        sender=L,
        message=Reject(A),
        legal_scene=ASKED,
    ),
    Case(
        judge="a_reject_answers_once",
        rule="FAST-02",
        evidence="reject of piece 0 [0:16384], which is answered already",
        scene=ANSWERED,
        sender=L,
        message=Reject(A),
        legal_scene=ASKED,
    ),
    Case(
        judge="a_reject_names_a_block",
        rule="FAST-03",
        evidence="reject of piece 10 [0:16384], which is not in the torrent",
        scene=ASKED,
        sender=L,
        message=Reject(Block(10, 0, 16384)),
        legal=Reject(A),
    ),
    Case(
        judge="an_allowed_piece_exists",
        rule="FAST-04",
        evidence="allowed_fast 10: the torrent has 10 pieces",
        message=AllowedFast(10),
        legal=AllowedFast(9),
    ),
    Case(
        judge="an_allowed_piece_exists",
        rule="FAST-04",
        evidence="allowed_fast 9, of a torrent of unknown size",
        message=AllowedFast(9),
        sender=L,
        scene=Scene(size_known=False),
        legal_scene=Scene(size_known=False, here=D),
    ),
    Case(
        judge="a_suggested_piece_exists",
        rule="FAST-05",
        evidence="suggest 10: the torrent has 10 pieces",
        message=Suggest(10),
        legal=Suggest(9),
    ),
    Case(
        judge="allowed_fast_is_not_a_stream",
        rule="FAST-08",
        evidence="allowed_fast number 1001 in a torrent of 10 pieces",
        scene=Scene(then=[(D, AllowedFast(1))] * ALLOWED_FAST_LIMIT),
        message=AllowedFast(1),
        legal_scene=Scene(then=[(D, AllowedFast(1))] * (ALLOWED_FAST_LIMIT - 1)),
    ),
    Case(
        judge="an_allowed_piece_is_not_asked_for_endlessly",
        rule="REQ-11",
        evidence="request number 7 for piece 0, which is allowed fast, while choked",
        scene=Scene(then=[(L, AllowedFast(0)), *ROUND, *ROUND, *ROUND]),
        message=Request(A),
        legal_scene=Scene(then=[(L, AllowedFast(0)), *ROUND, *ROUND, *ROUND[:2]]),
    ),
    Case(
        judge="an_allowed_piece_is_not_asked_for_endlessly",
        rule="REQ-11",
        evidence="request number 7 for piece 9, which is allowed fast, while choked",
        scene=Scene(then=[(L, AllowedFast(9)), *[(D, Request(LAST))] * 6]),
        message=Request(LAST),
        legal_scene=Scene(then=[(L, AllowedFast(9)), *[(D, Request(LAST))] * 6, (L, Unchoke())]),
    ),
    Case(
        judge="an_allowed_piece_is_not_asked_for_endlessly",
        rule="REQ-11",
        evidence="request number 7 for piece 9, which is allowed fast, while choked",
        scene=Scene(then=[(L, AllowedFast(9)), *[(D, Request(LAST))] * 6, *TURNED, *[(D, Request(LAST))] * 494]),
        message=Request(LAST),
        legal_scene=Scene(then=[(L, AllowedFast(9)), *[(D, Request(LAST))] * 6, *TURNED, *[(D, Request(LAST))] * 493]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_a_refused_request_may_be_rejected_though_it_is_outside_the_torrent() -> None:
    outside = Block(10, 0, 16384)
    legality = Scene(then=[(L, Unchoke())]).legality()
    legality.refuse(D, Request(outside))
    assert legality.check(L, Reject(outside), crossed=False) == ()
