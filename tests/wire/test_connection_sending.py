"""The machine of one connection, from messages to bytes; the size that is learned late; transcripts."""

import pytest

from tests.wire.ends import DATA, DIALER_ID, A, B, dialer, greeted, hear, leech, seed
from tests.wire.scenes import GEOMETRY, INFO_HASH
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import codec
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.errors import Finding, LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    Extended,
    ExtendedHandshake,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Piece,
    Reject,
    Request,
    Unchoke,
    Unknown,
)
from torrent_peer.wire.side import Side

# ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_we_say_is_judged_and_an_illegal_message_changes_nothing() -> None:
    connection = leech()
    sent = connection.sent_bytes
    with pytest.raises(LocalProtocolError) as raised:
        connection.send(Interested())
    assert (raised.value.violation.rule, raised.value.violation.offset) == ("ST-02", sent)
    assert connection.sent_bytes == sent
    assert connection.take_findings() == []


def test_with_fast_the_first_thing_we_say_is_what_we_have() -> None:
    connection = greeted(dialer())
    with pytest.raises(LocalProtocolError, match=r"^interested before bitfield, have_all or have_none"):
        connection.send(Interested())
    connection.send(HaveNone())
    with pytest.raises(LocalProtocolError, match=r"^have_all after have_none"):
        connection.send(HaveAll())


def test_requests_go_out_in_one_buffer() -> None:
    connection = leech()
    blocks = [GEOMETRY.block(piece, number) for piece in range(9) for number in (0, 1)] * 1
    assert connection.send_requests(blocks) == b"".join(codec.encode(Request(block)) for block in blocks)
    assert list(connection.outstanding) == blocks
    assert connection.recent.last_of(Side.DIALER) == "request 8 [16384:32768]"


def test_many_requests_count_in_full_though_only_the_last_are_remembered() -> None:
    connection = greeted(dialer())
    connection.send(HaveNone())
    connection.send(Interested())
    hear(connection, HaveAll(), Unchoke())
    for block in [GEOMETRY.block(piece, number) for piece in range(10) for number in (0, 1)]:
        connection.send_requests([block])
        hear(connection, Piece(block, bytes(block.length)))
    sent = connection.sent_bytes
    connection.send_requests([GEOMETRY.block(piece, number) for piece in range(10) for number in (0, 1)])
    assert connection.sent_bytes == sent + 20 * codec.REQUEST_LENGTH


def test_one_illegal_request_and_none_is_sent() -> None:
    connection = leech()
    with pytest.raises(LocalProtocolError, match=r"^request for piece 0 \[0:16384\] again, before its answer"):
        connection.send_requests([A, B, A])
    assert (connection.outstanding, connection.ours.requests.sent) == ({}, 0)
    assert not connection.ours.requests.was_asked(A)
    assert connection.send_requests([A, B])
    assert connection.ours.requests.sent == 2


def test_what_was_asked_before_stays_asked_when_requests_are_taken_back() -> None:
    connection = leech()
    connection.send_requests([A])
    hear(connection, Piece(A, DATA))
    with pytest.raises(LocalProtocolError, match="again, before its answer"):
        connection.send_requests([A, B, B])
    assert [connection.ours.requests.was_asked(block) for block in (A, B)] == [True, False]


def test_taken_back_requests_for_what_is_allowed_fast_may_be_made_again() -> None:
    connection = leech()
    hear(connection, AllowedFast(0), Choke())
    connection.send_requests([A])
    for _ in range(9):
        with pytest.raises(LocalProtocolError, match=r"^request for piece 0 \[0:16384\] again, before its answer"):
            connection.send_requests([B, A])
    assert connection.ours.requests.times_spared(0) == 1
    hear(connection, Unchoke())
    with pytest.raises(LocalProtocolError, match="again, before its answer"):
        connection.send_requests([B, A])
    assert connection.ours.requests.times_spared(0) == 1, "those made while unchoked were no such requests"


def test_their_request_queue_is_respected() -> None:
    connection = leech()
    hear(connection, ExtendedHandshake(request_queue=1))
    assert connection.theirs.request_queue == 1
    with pytest.raises(LocalProtocolError, match=r"^request while 1 are unanswered"):
        connection.send_requests([A, B])


def test_a_cancelled_request_frees_its_place_at_once() -> None:
    connection = leech()
    hear(connection, ExtendedHandshake(request_queue=1))
    connection.send_requests([A])
    connection.send(Cancel(A))
    assert connection.send_requests([B])
    assert len(hear(connection, Reject(A), Piece(B, DATA))) == 2
    assert connection.take_findings() == []


def test_a_peer_that_chokes_again_and_again_may_still_be_asked() -> None:
    connection = leech(fast=False)
    for _ in range(2 * connection.theirs.request_queue):
        assert connection.send_requests([A, B])
        hear(connection, Choke(), Unchoke())
    assert connection.take_findings() == []


def test_pieces_are_sent_only_while_they_are_asked_for() -> None:
    connection = seed()
    with pytest.raises(LocalProtocolError, match=r"^piece 0 \[0:16384\] was never requested"):
        connection.piece_header(A)
    hear(connection, Request(A), Request(B))
    assert list(connection.requested) == [A, B]
    assert connection.may_send(Piece(A, b"")) is None
    sent = connection.sent_bytes
    assert connection.piece_header(A) + DATA == codec.encode(Piece(A, DATA))
    assert connection.sent_bytes == sent + 13 + 16384
    assert connection.may_send(Piece(A, b"")) is not None
    connection.send(Choke())
    assert connection.may_send(Piece(B, b"")) is not None
    with pytest.raises(LocalProtocolError, match=r"^piece 0 \[16384:32768\] while choking"):
        connection.piece_header(B)
    connection.send(Reject(B))
    assert connection.requested == {}


def test_data_of_the_wrong_length_is_not_sent() -> None:
    connection = seed()
    hear(connection, Request(A))
    with pytest.raises(LocalProtocolError, match=r"^5 bytes of data for piece 0 \[0:16384\]"):
        connection.send(Piece(A, b"12345"))
    assert connection.send(Piece(A, DATA))


def test_may_send_tells_without_doing() -> None:
    connection = leech()
    assert connection.may_send(Request(A)) is None
    finding = connection.may_send(Cancel(A))
    assert isinstance(finding, Finding)
    assert finding.rule == "CAN-02"
    assert connection.outstanding == {}


def test_our_extended_handshake_says_what_the_connection_was_made_with() -> None:
    connection = greeted(dialer(request_queue=77, extensions={"ut_pex": 3}))
    message = connection.extended_handshake(client="torrent_peer", listen_port=6881)
    assert message == ExtendedHandshake({"ut_pex": 3}, client="torrent_peer", listen_port=6881, request_queue=77)
    connection.send(message)
    hear(connection, ExtendedHandshake({"ut_pex": 9}))
    assert connection.ours.extensions == {"ut_pex": 3}
    with pytest.raises(RemoteProtocolError, match=r"^extended id 9, which the dialer never announced"):
        hear(connection, Extended(9, b"de"))


# ── the size that is learned late ────────────────────────────────────────────────────────────────────────────────────


def test_what_was_said_before_the_size_was_known_is_judged_late() -> None:
    connection = PeerConnection(side=Side.DIALER, info_hash=INFO_HASH, peer_id=DIALER_ID)
    greeted(connection)
    hear(connection, Bitfield(b"\xff\xe0"))
    connection.learn_geometry(GEOMETRY)
    assert [finding.rule for finding in connection.take_findings()] == ["BF-05"]
    assert connection.theirs.pieces == PieceSet.full(10)


def test_a_violation_found_late_closes_the_connection() -> None:
    connection = PeerConnection(side=Side.DIALER, info_hash=INFO_HASH, peer_id=DIALER_ID)
    greeted(connection)
    hear(connection, Bitfield(b"\xff\xff\xff"))
    with pytest.raises(RemoteProtocolError, match=r"^a bitfield of 3 bytes: 10 pieces need 2 \(judged late\)"):
        connection.learn_geometry(GEOMETRY)
    with pytest.raises(RemoteProtocolError):
        connection.next_event()


# ── transcripts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_message_both_ways_can_be_watched() -> None:
    connection = seed()
    seen: list[tuple[Side, int, str, list[str]]] = []
    connection.recent.on_message = lambda side, offset, message, findings: seen.append(
        (side, offset, type(message).__name__, [finding.rule for finding in findings])
    )
    received, sent = connection.received_bytes, connection.sent_bytes
    hear(connection, Request(A), Unknown(99, b""))
    connection.piece_header(A)
    assert seen == [
        (Side.DIALER, received, "Request", []),
        (Side.DIALER, received + 17, "Unknown", ["FR-04"]),
        (Side.LISTENER, sent, "Piece", []),
    ]


def test_watching_changes_nothing_about_blocks_and_requests() -> None:
    connection = leech()
    seen: list[Message] = []
    connection.recent.on_message = lambda side, offset, message, findings: seen.append(message)
    connection.send_requests([A, B])
    assert len(hear(connection, Piece(A, DATA), Piece(B, DATA))) == 2
    assert [type(message) for message in seen] == [Request, Request, Piece, Piece]
    assert connection.outstanding == {}


def test_blocks_in_rows_are_told_so_both_ways_and_everything_else_one_by_one() -> None:
    connection = leech()
    told: list[tuple[Side, int, str]] = []
    connection.recent.on_message = lambda side, offset, message, findings: told.append(
        (side, offset, type(message).__name__)
    )
    connection.recent.on_blocks = lambda side, offset, kind, blocks: told.append(
        (side, offset, f"{len(blocks)} {kind.__name__}")
    )
    sent, received = connection.sent_bytes, connection.received_bytes
    connection.send_requests([A, B])
    connection.receive_data(codec.encode(Piece(A, DATA)) + codec.encode(Piece(B, DATA)) + codec.encode(Choke()))
    assert [run.row.blocks for run in connection.next_pieces()] == [[A, B]]
    assert connection.next_event() == Choke()
    assert told == [
        (Side.DIALER, sent, "2 Request"),
        (Side.LISTENER, received, "2 Piece"),
        (Side.LISTENER, received + 2 * (13 + len(DATA)), "Choke"),
    ]


def test_the_last_messages_are_at_hand_for_a_bug_report() -> None:
    connection = leech()
    connection.send_requests([A])
    hear(connection, Piece(A, DATA))
    assert [str(said) for said in connection.recent][-2:] == [
        "dialer at 78: request 0 [0:16384]",
        "listener at 78: piece 0 [0:16384]",
    ]


def test_findings_are_bounded_and_their_counts_are_not() -> None:
    connection = leech()
    hear(connection, *[Unchoke()] * 300)
    assert len(connection.take_findings()) == 256
    assert connection.finding_counts["ST-02"] == 300
