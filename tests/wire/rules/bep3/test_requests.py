"""REQ and CAN: every rule broken, and a legal look-alike."""

import pytest

from tests.wire.scenes import ANNOUNCED, GEOMETRY, Case, Scene, check_case
from torrent_peer.core.block import Block
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Have,
    HaveAll,
    HaveNone,
    Message,
    NotInterested,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
A, B, C = (GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(1, 0))
UNSIZED = Scene(size_known=False)
OPEN = Scene(then=[(L, Unchoke())])
ASKED = Scene(then=[(L, Unchoke()), (D, Request(A))])
F = GEOMETRY.block(5, 0)
CHOKED_AND_ASKED: list[tuple[Side, Message]] = [
    *((D, Have(5)), (D, Unchoke()), (L, Unchoke()), (L, Choke()), (L, Request(F))),
]
SMALL_QUEUE = (L, ExtendedHandshake(request_queue=2))
PIECE_0_ONLY: list[tuple[Side, Message]] = [(L, Bitfield(b"\x80\x00")), (D, HaveNone()), (L, Unchoke())]
"""What the listener has."""
TWO_TOO_MANY: list[tuple[Side, Message]] = [
    *(SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (L, Choke())),
    *((D, Request(B)), (D, Request(C)), (D, Request(F))),
]
HUNDREDS = [(D, Request(Block(0, number, 1))) for number in range(254)]


def _seen_by_the_dialer(*then: object, fast: bool = True) -> Scene:
    return Scene(here=D, fast=fast, then=then)  # type: ignore[arg-type]


ASKED_HERE = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)))
ANSWERED_HERE = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (L, Piece(A, b"")))

CASES = [
    Case(
        judge="a_request_names_a_piece",
        rule="REQ-01",
        evidence="request for piece 10: the torrent has 10",
        scene=OPEN,
        message=Request(Block(10, 0, 16384)),
        legal=Request(Block(9, 0, 16384)),
    ),
    Case(
        judge="a_request_is_for_a_piece_on_offer",
        rule="REQ-02",
        evidence="request for piece 2, which the listener never announced",
        scene=Scene(opened=False, then=[(L, Bitfield(b"\x80\x00")), (D, HaveNone()), (L, Unchoke())]),
        message=Request(Block(2, 0, 16384)),
        legal=Request(A),
    ),
    Case(
        judge="a_request_is_for_a_piece_on_offer",
        rule="REQ-02",
        evidence="request for piece 2, which the listener never announced",
        scene=Scene(opened=False, then=[(L, Bitfield(b"\x80\x00")), (D, HaveNone()), (L, Unchoke())]),
        message=Request(Block(2, 0, 16384)),
        # withdrawn
        legal_scene=Scene(then=[(L, Bitfield(b"\x80\x00")), (L, Bitfield(b"\x00\x40")), (L, Unchoke())]),
    ),
    Case(
        judge="a_request_is_for_a_piece_on_offer",
        rule="REQ-02",
        evidence="request for piece 2, which the listener never announced",
        scene=Scene(opened=False, then=[*PIECE_0_ONLY, (L, AllowedFast(1))]),
        message=Request(Block(2, 0, 16384)),
        legal_scene=Scene(opened=False, then=[*PIECE_0_ONLY, (L, AllowedFast(2))]),
    ),
    Case(
        judge="a_request_is_for_a_piece_on_offer",
        rule="REQ-02",
        evidence="request for piece 0, which the listener has withdrawn: it did not cross that",
        # a queue of two: as many may cross it
        scene=Scene(then=[*ANNOUNCED, SMALL_QUEUE, (L, Unchoke()), (L, DontHave(0)), (D, Request(A)), (D, Request(B))]),
        message=Request(A),
        legal_scene=Scene(then=[*ANNOUNCED, SMALL_QUEUE, (L, Unchoke()), (L, DontHave(0)), (D, Request(A))]),
    ),
    Case(
        judge="a_request_is_for_a_piece_on_offer",
        rule="REQ-02",
        evidence="request for piece 0, which the listener has withdrawn",
        # where it is written, nothing crosses
        scene=_seen_by_the_dialer(*ANNOUNCED, (L, Unchoke()), (L, DontHave(0))),
        message=Request(A),
        legal_scene=_seen_by_the_dialer(*ANNOUNCED, (L, Unchoke()), (L, DontHave(0)), (L, AllowedFast(0))),
    ),
    Case(
        judge="a_request_asks_for_something",
        rule="REQ-03",
        evidence="request for 0 bytes of piece 0",
        scene=OPEN,
        message=Request(Block(0, 0, 0)),
        legal=Request(Block(0, 0, 1)),
    ),
    Case(
        judge="a_request_stays_inside_its_piece",
        rule="REQ-04",
        evidence="request for piece 9 [16384:32768]: the piece has 20000 bytes",
        scene=OPEN,
        message=Request(Block(9, 16384, 16384)),
        legal=Request(Block(9, 16384, 3616)),
    ),
    Case(
        judge="a_request_stays_inside_its_piece",
        rule="REQ-04",
        evidence="request for piece 0 [4294967295:4294983679]: the piece has 32768 bytes",
        scene=OPEN,
        message=Request(Block(0, 0xFFFFFFFF, 16384)),
        legal=Request(Block(0, 1, 1000)),
    ),
    Case(
        judge="a_request_is_for_16_kib_at_most",
        rule="REQ-05",
        evidence="request for 16385 bytes at once",
        scene=OPEN,
        message=Request(Block(0, 0, 16385)),
        legal=Request(A),
    ),
    Case(
        judge="a_request_is_for_16_kib_at_most",
        rule="REQ-05",
        evidence="request for 131072 bytes at once",
        scene=OPEN,
        message=Request(Block(0, 0, 131072)),
        legal=Request(Block(0, 0, 131073)),  # a graver version of the same rule
    ),
    Case(
        judge="a_request_is_never_for_more_than_128_kib",
        rule="REQ-05",
        evidence="request for 131073 bytes at once",
        scene=OPEN,
        message=Request(Block(0, 0, 131073)),
        legal=Request(Block(0, 0, 131072)),
    ),
    Case(
        judge="no_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes: it crossed no choke",
        message=Request(A),
        legal_scene=Scene(then=[(L, Unchoke()), (L, Choke())]),
    ),
    Case(
        judge="no_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 1 [0:16384] while the listener chokes: it crossed no choke",
        # a queue of two: one is waiting, one may cross the choke, and has
        scene=Scene(then=[SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (L, Choke()), (D, Request(B))]),
        message=Request(C),
        legal_scene=Scene(then=[SMALL_QUEUE, (L, Unchoke()), (L, Choke()), (D, Request(B))]),
    ),
    Case(
        judge="no_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes",
        # where it is written, nothing crosses
        scene=_seen_by_the_dialer((L, Unchoke()), (L, Choke())),
        message=Request(A),
        legal_scene=_seen_by_the_dialer((L, Unchoke()), (L, Choke()), (L, AllowedFast(0))),
    ),
    Case(
        judge="no_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes: it crossed no choke",
        # who answers what was asked after the choke has heard the choke
        scene=Scene(then=[*CHOKED_AND_ASKED, (D, Piece(F, b""))]),
        message=Request(A),
        legal_scene=Scene(then=CHOKED_AND_ASKED),
    ),
    Case(
        judge="no_flood_of_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes: number 3 that crossed no choke",
        scene=Scene(then=[SMALL_QUEUE, (D, Request(A)), (D, Request(B))]),
        message=Request(A),
        legal_scene=Scene(then=[SMALL_QUEUE, (D, Request(A))]),
    ),
    Case(
        judge="no_flood_of_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes: number 3 that crossed no choke",
        scene=Scene(then=TWO_TOO_MANY),
        message=Request(A),
        legal_scene=Scene(then=[*TWO_TOO_MANY, (L, Unchoke())]),
    ),
    Case(
        judge="no_flood_of_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes: number 3 that crossed no choke",
        scene=Scene(then=TWO_TOO_MANY),
        message=Request(A),
        # who cancels what is queued may ask for another in its place
        legal_scene=Scene(then=[*TWO_TOO_MANY, (D, Cancel(A))]),
    ),
    Case(
        judge="only_the_interested_ask",
        rule="REQ-08",
        evidence="request without interested",
        scene=Scene(then=[(L, Unchoke()), (D, NotInterested())]),
        message=Request(A),
        legal_scene=OPEN,
    ),
    Case(
        judge="nothing_is_asked_twice_at_once",
        rule="REQ-09",
        evidence="request for piece 0 [0:16384] again, before its answer",
        scene=ASKED,
        message=Request(A),
        legal_scene=Scene(fast=False, then=[(L, Unchoke()), (D, Request(A))]),
    ),
    Case(
        judge="nothing_is_asked_twice_at_once",
        rule="REQ-09",
        evidence="request for piece 0 [0:16384] again, before its answer",
        scene=_seen_by_the_dialer((L, Unchoke()), (D, Request(A)), fast=False),
        message=Request(A),
        legal_scene=_seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (L, Choke()), (L, Unchoke()), fast=False),
    ),
    Case(
        judge="nothing_is_asked_twice_at_once",
        rule="REQ-09",
        evidence="request for piece 0 [0:16384] again, before its answer",
        scene=ASKED_HERE,
        message=Request(A),
        legal_scene=_seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Cancel(A))),
    ),
    Case(
        judge="the_request_queue_is_respected",
        rule="REQ-10",
        evidence="request number 3 unanswered: at most 2 are taken",
        scene=Scene(then=[SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (D, Request(B))]),
        message=Request(C),
        legal_scene=Scene(then=[SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (D, Request(B)), (D, Cancel(A))]),
    ),
    Case(
        judge="the_request_queue_is_respected",
        rule="REQ-10",
        evidence="request number 3 unanswered: at most 2 are taken",
        scene=Scene(fast=False, then=[SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (D, Request(B))]),
        message=Request(C),
        # what crossed the choke that was taken back at once may still come
        legal_scene=Scene(
            fast=False,
            then=[SMALL_QUEUE, (L, Unchoke()), (L, Choke()), (L, Unchoke()), (D, Request(A)), (D, Request(B))],
        ),
    ),
    Case(
        judge="the_request_queue_is_respected",
        rule="REQ-10",
        evidence="request number 3 unanswered: at most 2 are taken",
        # with fast it makes no difference that something was withdrawn, or choked
        scene=Scene(then=[*ANNOUNCED, SMALL_QUEUE, (L, Unchoke()), (L, DontHave(5)), (D, Request(A)), (D, Request(B))]),
        message=Request(C),
        legal_scene=Scene(
            fast=False,
            then=[*ANNOUNCED, SMALL_QUEUE, (L, Unchoke()), (L, DontHave(5)), (D, Request(A)), (D, Request(B))],
        ),
    ),
    Case(
        judge="the_request_queue_is_respected",
        rule="REQ-10",
        evidence="request while 2 are unanswered",
        scene=_seen_by_the_dialer(SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (D, Request(B))),
        message=Request(C),
        legal_scene=_seen_by_the_dialer(SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (D, Request(B)), (D, Cancel(A))),
    ),
    Case(
        judge="requests_are_not_a_flood",
        rule="REQ-10",
        evidence="request number 255 unanswered: at most 2 are taken",
        scene=Scene(then=[SMALL_QUEUE, (L, Unchoke()), *HUNDREDS]),
        message=Request(A),
        legal_scene=Scene(then=[SMALL_QUEUE, (L, Unchoke()), *HUNDREDS[1:]]),
    ),
    Case(
        judge="nobody_asks_who_has_nothing",
        rule="REQ-12",
        evidence="request for piece 0 of a dialer that announced no piece at all",
        scene=Scene(then=[(D, Unchoke())]),
        sender=L,
        message=Request(A),
        legal_scene=Scene(then=[(D, AllowedFast(0))]),
    ),
    Case(
        judge="nobody_asks_who_has_nothing",
        rule="REQ-12",
        evidence="request for piece 0 of a dialer that announced no piece at all",
        scene=UNSIZED,
        sender=L,
        message=Request(A),
        legal_scene=Scene(here=D, then=[(D, HaveAll()), (D, HaveNone())]),
    ),
    Case(
        judge="our_requests_are_whole_blocks",
        rule="S-06",
        evidence="request for piece 0 [1:1001], which is no block of the 16 KiB grid",
        scene=_seen_by_the_dialer((L, Unchoke())),
        message=Request(Block(0, 1, 1000)),
        legal=Request(Block(9, 16384, 3616)),
    ),
    Case(
        judge="our_requests_are_whole_blocks",
        rule="S-06",
        evidence="request for piece 0 [0:1000], which is no block of the 16 KiB grid",
        scene=_seen_by_the_dialer((L, Unchoke())),
        message=Request(Block(0, 0, 1000)),
        # Transmission asks so where pieces are no multiple of 16 KiB
        legal_scene=OPEN,
    ),
    Case(
        judge="our_requests_are_whole_blocks",
        rule="S-06",
        evidence="request for piece 0 [1:16385], which is no block of the 16 KiB grid",
        scene=_seen_by_the_dialer((L, Unchoke())),
        message=Request(Block(0, 1, 16384)),
        legal=Request(Block(10, 1, 1000)),  # REQ-01 has the say
    ),
    Case(
        judge="a_cancel_names_a_block",
        rule="CAN-01",
        evidence="cancel of piece 10 [0:16384], which is not in the torrent",
        message=Cancel(Block(10, 0, 16384)),
        scene=ASKED,
        legal=Cancel(A),
    ),
    Case(
        judge="a_cancel_takes_back_a_request",
        rule="CAN-02",
        evidence="cancel of piece 0 [16384:32768], which is not requested",
        scene=ASKED,
        message=Cancel(B),
        legal=Cancel(A),
    ),
    Case(
        judge="a_cancel_is_said_once",
        rule="CAN-03",
        evidence="cancel of piece 0 [0:16384] again",
        # the one answer was matched by a cancel already
        scene=Scene(then=[(L, Unchoke()), (D, Request(A)), (L, Piece(A, b"")), (D, Cancel(A))]),
        message=Cancel(A),
        legal_scene=Scene(then=[(L, Unchoke()), (D, Request(A)), (L, Piece(A, b""))]),
    ),
    Case(
        judge="a_cancel_takes_back_a_request",
        rule="CAN-02",
        evidence="cancel of piece 0 [0:16384], which is not requested",
        scene=ANSWERED_HERE,
        message=Cancel(A),
        legal_scene=ASKED_HERE,
    ),
    Case(
        judge="a_cancel_is_said_once",
        rule="CAN-03",
        evidence="cancel of piece 0 [0:16384] again",
        scene=Scene(then=[(L, Unchoke()), (D, Request(A)), (D, Cancel(A))]),
        message=Cancel(A),
        legal_scene=ASKED,
    ),
    Case(
        judge="a_cancel_is_said_once",
        rule="CAN-03",
        evidence="cancel of piece 0 [0:16384] again",
        # it crossed the one answer to what was cancelled
        scene=Scene(then=[(L, Unchoke()), (D, Request(A)), (D, Cancel(A)), (L, Reject(A))]),
        message=Cancel(A),
        legal_scene=ASKED,
    ),
    Case(
        judge="a_cancel_is_said_once",
        rule="CAN-03",
        evidence="cancel of piece 0 [0:16384] again",
        scene=Scene(fast=False, then=[(L, Unchoke()), (D, Request(A)), (D, Cancel(A))]),
        message=Cancel(A),
        legal_scene=Scene(fast=False, then=[(L, Unchoke()), (D, Request(A)), (D, Cancel(A)), (D, Request(A))]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)
