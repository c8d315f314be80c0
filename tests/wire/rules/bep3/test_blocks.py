"""PIECE: every rule broken, and a legal look-alike."""

import pytest

from tests.wire.scenes import GEOMETRY, Case, Scene, check_case
from torrent_peer.core.block import Block
from torrent_peer.wire.messages import (
    AllowedFast,
    Cancel,
    Choke,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
A, B = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)
ASKED = Scene(then=[(L, Unchoke()), (D, Request(A))])


def _seen_by_the_dialer(*then: object, fast: bool = True) -> Scene:
    return Scene(here=D, fast=fast, then=then)  # type: ignore[arg-type]


ASKED_HERE = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)))
ANSWERED_HERE = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (L, Piece(A, b"")))

CASES = [
    Case(
        judge="a_block_lies_in_its_piece",
        rule="PIECE-01",
        evidence="piece 10: the torrent has 10 pieces",
        scene=ASKED_HERE,
        sender=L,
        message=Piece(Block(10, 0, 16384), b""),
        legal=Piece(A, b""),
    ),
    Case(
        judge="a_block_lies_in_its_piece",
        rule="PIECE-01",
        evidence="piece 9 [16384:32768]: the piece has 20000 bytes",
        scene=ASKED_HERE,
        sender=L,
        message=Piece(Block(9, 16384, 16384), b""),
        legal=Piece(A, b""),
    ),
    Case(
        judge="a_block_lies_in_its_piece",
        rule="PIECE-01",
        evidence="an empty block of piece 3",
        scene=ASKED_HERE,
        sender=L,
        message=Piece(Block(3, 0, 0), b""),
        legal=Piece(A, b""),
    ),
    Case(
        judge="a_block_was_requested",
        rule="PIECE-02",
        evidence="piece 0 [16384:32768] was never requested",
        scene=ASKED_HERE,
        sender=L,
        message=Piece(B, b""),
        legal=Piece(A, b""),
    ),
    Case(
        judge="a_block_has_the_length_requested",
        rule="PIECE-03",
        evidence="1000 bytes of piece 0 at 0: 16384 were requested",
        scene=ASKED_HERE,
        sender=L,
        message=Piece(Block(0, 0, 1000), b""),
        legal=Piece(A, b""),
    ),
    Case(
        judge="a_block_has_the_length_requested",
        rule="PIECE-03",
        evidence="5 bytes of data for piece 0 [0:16384]",
        scene=ASKED,
        sender=L,
        message=Piece(A, b"12345"),
        legal=Piece(A, bytes(16384)),
    ),
    Case(
        judge="a_block_comes_once_for_each_request",
        rule="PIECE-04",
        evidence="piece 0 [0:16384] once more than it was requested",
        scene=ANSWERED_HERE,
        sender=L,
        message=Piece(A, b""),
        legal_scene=_seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Request(A)), (L, Piece(A, b""))),
    ),
    Case(
        judge="a_block_comes_once_for_each_request",
        rule="PIECE-04",
        evidence="piece 0 [0:16384] once more than it was requested",
        # a choke and an unchoke apart, one block may legally come twice, and not three times
        scene=_seen_by_the_dialer(
            *[(L, Unchoke()), (D, Request(A)), (L, Choke()), (L, Unchoke()), (D, Request(A))],
            *[(L, Piece(A, b"")), (L, Piece(A, b""))],
            fast=False,
        ),
        sender=L,
        message=Piece(A, b""),
        legal_scene=_seen_by_the_dialer(
            *[(L, Unchoke()), (D, Request(A)), (L, Choke()), (L, Unchoke()), (D, Request(A)), (L, Piece(A, b""))],
            fast=False,
        ),
    ),
    Case(
        judge="no_block_is_sent_while_choking",
        rule="PIECE-05",
        evidence="piece 0 [0:16384] while choking",
        scene=_seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (L, Choke())),
        sender=L,
        message=Piece(A, b""),
        legal_scene=_seen_by_the_dialer((L, AllowedFast(0)), (D, Request(A))),
    ),
    Case(
        judge="no_block_comes_before_the_size_is_known",
        rule="PIECE-09",
        evidence="piece 0 [0:16384] before the torrent's size is known",
        scene=Scene(size_known=False, here=D, then=[(L, Unchoke())]),
        sender=L,
        message=Piece(A, b""),
        legal_scene=ASKED_HERE,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_a_reject_may_follow_a_cancel_but_only_once() -> None:
    after_cancel = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Cancel(A)))
    assert after_cancel.judge(L, Reject(A)) == ()
    assert after_cancel.judge(L, Piece(A, b"")) == ()
    answered = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Cancel(A)), (L, Piece(A, b"")))
    assert [finding.rule for finding in answered.judge(L, Reject(A))] == ["FAST-02"]


def test_where_it_is_written_a_request_that_has_ended_is_not_answered() -> None:
    ended = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (L, Choke()), (L, Unchoke()), fast=False).legality()
    assert ended.check(L, Piece(A, b""), crossed=True) == ()
    assert [finding.rule for finding in ended.check(L, Piece(A, b""), crossed=False)] == ["PIECE-04"]


def test_an_answer_that_crossed_a_cancel_is_not_held_against_the_request_that_followed() -> None:
    shorter = Block(0, 0, 1000)
    asked = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Cancel(A)), (D, Request(shorter)), fast=False)
    assert asked.judge(L, Piece(A, b"")) == ()
    assert asked.judge(L, Piece(shorter, b"")) == ()
