"""Every rule of BEP 3 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import FULL, GEOMETRY, INFO_HASH, Case, Scene, check_case
from torrent_peer.core.block import Block
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Malformed,
    NotInterested,
    Piece,
    Port,
    Reject,
    Request,
    Unchoke,
    Unknown,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules.bep3.availability import UPDATES_LIMIT
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import DEFERRED_LIMIT, LATEST_PIECE

D, L = Side.DIALER, Side.LISTENER
BITS = Reserved.of(fast=True, extended=True)
V2 = Reserved.of(v2=True)
OTHER = InfoHash(b"jihgfedcba9876543210")
DIALER_ID, LISTENER_ID = PeerId(b"-XX0001-dialdialdial"), PeerId(b"-XX0001-listenlisten")
A, B, C = (GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(1, 0))
SILENT = Scene(greeted=False)
FRESH = Scene(opened=False)
SLOW_FRESH = Scene(opened=False, fast=False)
UNSIZED = Scene(size_known=False)
OPEN = Scene(then=[(L, Unchoke())])
SLOW_OPEN = Scene(fast=False, then=[(L, Unchoke())])
ASKED = Scene(then=[(L, Unchoke()), (D, Request(A))])
SMALL_QUEUE = (L, ExtendedHandshake(request_queue=2))
HUNDREDS = [(D, Request(Block(0, number, 1))) for number in range(254)]


def _seen_by_the_dialer(*then: object, fast: bool = True) -> Scene:
    return Scene(here=D, fast=fast, then=then)  # type: ignore[arg-type]


ASKED_HERE = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)))
ANSWERED_HERE = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (L, Piece(A, b"")))

HANDSHAKES = [
    Case(
        judge="the_handshake_comes_first",
        rule="HS-01",
        evidence="keep_alive before the handshake",
        scene=SILENT,
        message=KeepAlive(),
        legal_scene=FRESH,
    ),
    Case(
        judge="there_is_one_handshake",
        rule="HS-13",
        evidence="a second handshake on the same connection",
        scene=FRESH,
        message=Handshake(BITS, INFO_HASH, DIALER_ID),
        legal_scene=SILENT,
    ),
    Case(
        judge="the_dialler_names_a_torrent_we_run",
        rule="HS-04",
        evidence=f"handshake for {OTHER}, which is not {INFO_HASH}",
        scene=SILENT,
        message=Handshake(BITS, OTHER, DIALER_ID),
        legal=Handshake(BITS, INFO_HASH, DIALER_ID),
    ),
    Case(
        judge="the_listener_answers_with_the_same_torrent",
        rule="HS-05",
        evidence=f"answered with info-hash {OTHER}, not {INFO_HASH}",
        scene=Scene(greeted=False, then=[(D, Handshake(BITS, INFO_HASH, DIALER_ID))]),
        message=Handshake(BITS, OTHER, LISTENER_ID),
        sender=L,
        legal=Handshake(BITS, INFO_HASH, LISTENER_ID),
    ),
    Case(
        judge="the_listener_answers_with_the_same_torrent",
        rule="HS-05",
        evidence=f"answered with info-hash {OTHER}, not {INFO_HASH}",
        scene=Scene(greeted=False, then=[(D, Handshake(BITS, INFO_HASH, DIALER_ID))]),
        message=Handshake(V2, OTHER, LISTENER_ID),
        sender=L,
        legal_scene=Scene(greeted=False, then=[(D, Handshake(V2, INFO_HASH, DIALER_ID))]),
    ),
    Case(
        judge="nobody_talks_to_itself",
        rule="HS-10",
        evidence="both ends call themselves -XX0001-dialdialdial: this is a connection to itself",
        scene=Scene(greeted=False, then=[(D, Handshake(BITS, INFO_HASH, DIALER_ID))]),
        message=Handshake(BITS, INFO_HASH, DIALER_ID),
        sender=L,
        legal=Handshake(BITS, INFO_HASH, LISTENER_ID),
    ),
]

FRAMES = [
    *(
        Case(
            judge="malformed_" + rule.lower().replace("-", "_"),
            rule=rule,
            evidence="what framing found",
            scene=SILENT if rule in ("HS-01", "HS-02") else FRESH,
            message=Malformed(5, 1000, rule, "what framing found"),
            legal=Malformed(5, 1000, "FR-03" if rule != "FR-03" else "FR-02", "something else"),
        )
        for rule in ("HS-01", "HS-02", "HS-13", "FR-02", "FR-03", "FR-05", "BF-04", "EXT-03")
    ),
    Case(
        judge="the_id_is_known",
        rule="FR-04",
        evidence="message id 99 is nobody's",
        message=Unknown(99, b""),
        legal=Unknown(21, b""),
    ),
]

CHOKING = [
    Case(
        judge="choking_is_said_when_it_changes",
        rule="ST-02",
        evidence="choke while choking already",
        message=Choke(),
        legal=Unchoke(),
    ),
    Case(
        judge="choking_is_said_when_it_changes",
        rule="ST-02",
        evidence="unchoke while not choking",
        scene=OPEN,
        message=Unchoke(),
        sender=L,
        legal=Choke(),
    ),
    Case(
        judge="interest_is_said_when_it_changes",
        rule="ST-02",
        evidence="interested while interested already",
        message=Interested(),
        legal=NotInterested(),
    ),
    Case(
        judge="interest_is_said_when_it_changes",
        rule="ST-02",
        evidence="not_interested while not interested",
        sender=L,
        message=NotInterested(),
        legal=Interested(),
    ),
]

AVAILABILITY = [
    Case(
        judge="with_fast_the_first_word_is_about_pieces",
        rule="BF-01",
        evidence="interested before bitfield, have_all or have_none",
        scene=FRESH,
        message=Interested(),
        legal_scene=SLOW_FRESH,
    ),
    Case(
        judge="with_fast_the_first_word_is_about_pieces",
        rule="BF-01",
        evidence="interested before bitfield, have_all or have_none",
        scene=Scene(greeted=False, here=D, then=[(D, Handshake(BITS, INFO_HASH, DIALER_ID))]),
        message=Interested(),
        legal_scene=Scene(greeted=False, here=D, then=[(D, Handshake(Reserved(), INFO_HASH, DIALER_ID))]),
    ),
    Case(
        judge="availability_comes_first",
        rule="BF-02",
        evidence="bitfield after other messages",
        scene=Scene(opened=False, fast=False, then=[(D, Interested())]),
        message=FULL,
        legal_scene=Scene(opened=False, fast=False, then=[(D, ExtendedHandshake()), (D, KeepAlive())]),
    ),
    Case(
        judge="availability_is_said_once",
        rule="BF-03",
        evidence="have_all after have_none",
        message=HaveAll(),
        legal_scene=FRESH,
    ),
    Case(
        judge="availability_is_not_a_stream",
        rule="BF-03",
        evidence="have_none number 17 in mid-conversation",
        scene=Scene(then=[(D, HaveNone())] * UPDATES_LIMIT),
        message=HaveNone(),
        legal_scene=Scene(then=[(D, HaveNone())] * (UPDATES_LIMIT - 1)),
    ),
    Case(
        judge="a_bitfield_fits_the_torrent",
        rule="BF-04",
        evidence="a bitfield of 3 bytes: 10 pieces need 2",
        scene=FRESH,
        message=Bitfield(bytes(3)),
        legal=Bitfield(bytes(2)),
    ),
    Case(
        judge="spare_bits_are_zero",
        rule="BF-05",
        evidence="a bitfield with spare bits set behind piece 9",
        scene=FRESH,
        message=Bitfield(b"\x00\x20"),
        legal=Bitfield(b"\x00\x40"),
    ),
    Case(
        judge="a_have_names_a_piece",
        rule="BF-06",
        evidence="have 10: the torrent has 10 pieces",
        message=Have(10),
        legal=Have(9),
    ),
    Case(
        judge="a_have_is_news",
        rule="BF-07",
        evidence="have 3 again",
        sender=L,
        message=Have(3),
        legal_sender=D,
    ),
    Case(
        judge="what_cannot_be_judged_is_no_burden",
        rule="BF-09",
        evidence=f"have {LATEST_PIECE}: no torrent has that many pieces",
        scene=UNSIZED,
        message=Have(LATEST_PIECE),
        legal=Have(LATEST_PIECE - 1),
    ),
    Case(
        judge="what_cannot_be_judged_is_no_burden",
        rule="BF-09",
        evidence="allowed_fast for more than 4096 pieces before the torrent's size is known",
        scene=Scene(size_known=False, then=[(D, Have(piece)) for piece in range(DEFERRED_LIMIT)]),
        message=AllowedFast(1),
        legal_scene=Scene(size_known=False, then=[(D, Have(piece)) for piece in range(DEFERRED_LIMIT - 2)]),
    ),
]

REQUESTS = [
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
        # withdrawn, or allowed fast
        legal_scene=Scene(then=[(L, Bitfield(b"\x80\x00")), (L, Bitfield(b"\x00\x40")), (L, Unchoke())]),
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
        judge="no_flood_of_requests_while_choked",
        rule="REQ-07",
        evidence="request for piece 0 [0:16384] while the listener chokes: number 3 that crossed no choke",
        scene=Scene(then=[SMALL_QUEUE, (D, Request(A)), (D, Request(B))]),
        message=Request(A),
        legal_scene=Scene(then=[SMALL_QUEUE, (D, Request(A))]),
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
        evidence="request while 2 are unanswered",
        scene=_seen_by_the_dialer(SMALL_QUEUE, (L, Unchoke()), (D, Request(A)), (D, Request(B))),
        message=Request(C),
        legal_scene=_seen_by_the_dialer(SMALL_QUEUE, (L, Unchoke()), (D, Request(A))),
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
        judge="a_cancel_takes_back_a_request",
        rule="CAN-02",
        evidence="cancel of piece 0 [0:16384], which is not requested",
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
]

BLOCKS = [
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

CASES = [*HANDSHAKES, *FRAMES, *CHOKING, *AVAILABILITY, *REQUESTS, *BLOCKS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_after_a_close_nothing_may_be_said() -> None:
    legality = OPEN.legality()
    legality.close(D)
    findings = legality.check(D, Port(1), crossed=True)
    assert [str(finding) for finding in findings if finding.rule == "S-19"] == [
        "port after the connection was closed. BEP 3, peer protocol [S-19]"
    ]
    assert [finding.rule for finding in legality.check(D, Handshake(BITS, INFO_HASH, DIALER_ID), crossed=True)] == [
        "S-19"
    ]
    assert [finding.rule for finding in legality.check(D, Malformed(1, 2, "FR-03", ""), crossed=True)] == ["S-19"]
    assert legality.check(L, KeepAlive(), crossed=False) == ()


def test_a_reject_may_follow_a_cancel_but_only_once() -> None:
    after_cancel = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Cancel(A)))
    assert after_cancel.judge(L, Reject(A)) == ()
    assert after_cancel.judge(L, Piece(A, b"")) == ()
    answered = _seen_by_the_dialer((L, Unchoke()), (D, Request(A)), (D, Cancel(A)), (L, Piece(A, b"")))
    assert [finding.rule for finding in answered.judge(L, Reject(A))] == ["FAST-02"]
