"""The machine of one connection, from bytes to events."""

from collections.abc import Callable, Iterator

import pytest

from tests.wire.ends import (
    DATA,
    DIALER_ID,
    FAST,
    LISTENER_ID,
    A,
    B,
    dialer,
    events,
    greeted,
    hear,
    leech,
    listener,
    seed,
    until_more_is_needed,
)
from tests.wire.scenes import GEOMETRY, INFO_HASH
from torrent_peer.core.block import Block
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import codec
from torrent_peer.wire.connection import EndOfStream, InfoHashReceived, PeerConnection, Refused
from torrent_peer.wire.errors import LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Choke,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
)
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

# ── handshakes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_ends_find_out_about_each_other() -> None:
    ours, theirs = dialer(), listener()
    (hello,) = events(theirs, ours.initiate())
    assert hello == Handshake(FAST, INFO_HASH, DIALER_ID)
    assert events(ours, theirs.initiate()) == [Handshake(FAST, INFO_HASH, LISTENER_ID)]
    assert (ours.fast, ours.extended, theirs.fast, theirs.extended) == (True, True, True, True)
    assert (ours.theirs.client, ours.theirs.peer_id, theirs.theirs.peer_id) == (
        "Transmission 4.0.1",
        LISTENER_ID,
        DIALER_ID,
    )
    assert (ours.sent_bytes, ours.received_bytes, ours.heard_message) == (68, 68, False)


def test_a_listener_with_several_torrents_is_told_which_one_after_48_bytes() -> None:
    connection = PeerConnection(side=Side.LISTENER, peer_id=LISTENER_ID)
    data = codec.encode(Handshake(FAST, INFO_HASH, DIALER_ID))
    assert events(connection, data[:47]) == []
    assert events(connection, data[47:48]) == [InfoHashReceived(FAST, INFO_HASH)]
    assert events(connection, data[48:] + codec.encode(HaveAll())) == []
    with pytest.raises(ValueError, match="no torrent was named yet: adopt one first"):
        connection.initiate()
    connection.adopt(INFO_HASH, GEOMETRY)
    assert connection.initiate() == codec.encode(Handshake(FAST, INFO_HASH, LISTENER_ID))
    assert list(until_more_is_needed(connection)) == [Handshake(FAST, INFO_HASH, DIALER_ID), HaveAll()]
    assert (connection.info_hash, connection.geometry) == (INFO_HASH, GEOMETRY)


def test_a_torrent_may_be_adopted_before_its_size_is_known() -> None:
    connection = PeerConnection(side=Side.LISTENER, peer_id=LISTENER_ID)
    events(connection, codec.encode(Handshake(FAST, INFO_HASH, DIALER_ID)))
    connection.adopt(INFO_HASH, None)
    assert connection.geometry is None


def test_a_listener_without_the_torrent_refuses_and_hears_nothing_more() -> None:
    connection = PeerConnection(side=Side.LISTENER, peer_id=LISTENER_ID)
    events(connection, codec.encode(Handshake(FAST, INFO_HASH, DIALER_ID)))
    finding = connection.refuse_info_hash()
    assert str(finding) == (
        f"handshake for {INFO_HASH}, which is not here. BEP 3, peer protocol: "
        '"If both sides don\'t send the same value, they sever the connection." [HS-04]'
    )
    assert connection.take_findings() == [finding]
    with pytest.raises(RemoteProtocolError):
        connection.next_event()


@pytest.mark.parametrize("length", [10, 20, 30, 68])
def test_only_a_torrent_that_was_just_named_can_be_refused(length: int) -> None:
    connection = PeerConnection(side=Side.LISTENER, peer_id=LISTENER_ID)
    events(connection, codec.encode(Handshake(FAST, INFO_HASH, DIALER_ID))[:length])
    if length == 68:
        connection.adopt(INFO_HASH, None)
        list(until_more_is_needed(connection))
    with pytest.raises(ValueError, match="the dialler has not named a torrent"):
        connection.refuse_info_hash()


def test_who_dials_names_a_torrent() -> None:
    with pytest.raises(ValueError, match="who dials names a torrent: info_hash is missing"):
        PeerConnection(side=Side.DIALER, peer_id=DIALER_ID)


def test_messages_behind_the_handshake_are_judged_by_the_bits_we_will_send() -> None:
    connection = listener()
    (_, have_all) = hear(connection, Handshake(FAST, INFO_HASH, DIALER_ID), HaveAll())
    assert have_all == HaveAll()
    plain = listener(reserved=Reserved())
    with pytest.raises(RemoteProtocolError, match=r"^have_all without the Fast Extension"):
        hear(plain, Handshake(FAST, INFO_HASH, DIALER_ID), HaveAll())


def _wrong_bytes() -> bytes:
    return b"\x13BitTorrent protokoll" + bytes(48)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"GET / HTTP/1.1\r\n", "HS-01"),
        (_wrong_bytes(), "HS-02"),
        (codec.encode(Handshake(FAST, InfoHash(bytes(20)), LISTENER_ID)), "HS-05"),
        (codec.encode(Handshake(FAST, INFO_HASH, DIALER_ID)), "HS-10"),
        (codec.encode(Handshake(FAST, INFO_HASH, PeerId(b"one more of our ids!"))), "HS-10"),
    ],
)
def test_a_handshake_that_is_none_of_ours_closes_the_connection(data: bytes, rule: str) -> None:
    connection = dialer(own_ids={b"one more of our ids!"})
    connection.initiate()
    with pytest.raises(RemoteProtocolError) as raised:
        events(connection, data)
    assert raised.value.violation.rule == rule
    with pytest.raises(RemoteProtocolError) as again:
        connection.next_event()
    assert again.value.violation is raised.value.violation


@pytest.mark.parametrize("profile", Profile)
def test_a_peer_that_is_not_who_the_tracker_said_is_noted_and_left_in_the_strict_profile(profile: Profile) -> None:
    connection = dialer(expected_id=PeerId(b"-XX0001-someone_else"), profile=profile)
    connection.initiate()
    theirs = Handshake(FAST, INFO_HASH, LISTENER_ID)
    if profile is Profile.STRICT:
        with pytest.raises(RemoteProtocolError, match=r"\[HS-11\]$"):
            hear(connection, theirs)
    else:
        assert hear(connection, theirs, HaveAll()) == [theirs, HaveAll()]
        assert connection.theirs.peer_id == LISTENER_ID
        assert connection.fast
    (finding,) = connection.take_findings()
    assert finding.rule == "HS-11"


def test_a_listener_that_hears_its_own_id_before_it_spoke_knows_itself() -> None:
    with pytest.raises(RemoteProtocolError, match=r"HS-10"):
        hear(listener(), Handshake(FAST, INFO_HASH, LISTENER_ID))


def test_our_handshake_is_said_once() -> None:
    connection = dialer()
    connection.initiate()
    with pytest.raises(LocalProtocolError, match=r"^a second handshake on the same connection"):
        connection.initiate()


# ── receiving ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_is_a_view_into_what_was_received() -> None:
    connection = leech()
    connection.send_requests([A, B])
    buffer = bytearray(codec.encode(Piece(A, DATA)))
    (event,) = events(connection, memoryview(buffer))
    assert isinstance(event, Piece)
    assert (event.block, bytes(event.data)) == (A, DATA)
    buffer[13] = 0xFF
    assert event.data[0] == 0xFF
    assert list(connection.outstanding) == [B]


def test_every_way_of_cutting_the_stream_gives_the_same_events(
    ways_to_cut: Callable[[bytes], Iterator[list[bytes]]],
) -> None:
    said: list[Message] = [HaveAll(), ExtendedHandshake({"ut_pex": 1}), Unchoke(), Choke(), Have(3), Unchoke()]
    data = b"".join(map(codec.encode, [Handshake(FAST, INFO_HASH, LISTENER_ID), *said]))
    for fragments in ways_to_cut(data):
        connection = dialer()
        connection.initiate()
        heard = [event for fragment in fragments for event in events(connection, fragment)]
        assert heard == [Handshake(FAST, INFO_HASH, LISTENER_ID), *said]
        assert [finding.rule for finding in connection.take_findings()] == ["BF-07"]


def test_a_violation_closes_the_connection_for_good() -> None:
    connection = leech()
    before = connection.received_bytes
    with pytest.raises(RemoteProtocolError) as raised:
        hear(connection, Have(3), Have(10), Have(4))
    violation = raised.value.violation
    assert (violation.rule, violation.offset, violation.sender) == ("BF-06", before + 9, Side.LISTENER)
    assert [finding.rule for finding in connection.take_findings()] == ["BF-07", "BF-06"]
    connection.receive_data(codec.encode(Have(5)))
    assert connection.received_bytes == before + 27
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
    with pytest.raises(LocalProtocolError, match=r"^choke after the connection was closed"):
        connection.send(Choke())


def test_the_end_between_messages_is_clean() -> None:
    connection = leech()
    assert events(connection, b"") == [EndOfStream(clean=True, pending=0)]
    assert connection.next_event() == EndOfStream(clean=True, pending=0)
    connection.receive_data(b"ignored")
    assert connection.next_event() == EndOfStream(clean=True, pending=0)
    assert connection.send(Cancel(A)) if A in connection.outstanding else True


def test_the_end_inside_a_message_is_not() -> None:
    connection = leech()
    assert events(connection, codec.encode(Have(3))[:6]) == []
    assert (connection.awaiting, connection.missing) == (9, 3)
    (end,) = events(connection, b"")
    assert end == EndOfStream(clean=False, pending=6, detail="the stream ends 6 bytes into a have of 9")


def test_what_was_received_is_used_up_before_the_end_is_told() -> None:
    connection = leech()
    connection.receive_data(codec.encode(Choke()))
    connection.receive_data(b"")
    assert list(until_more_is_needed(connection)) == [Choke(), EndOfStream(clean=True, pending=0)]


def test_the_end_inside_the_handshake_is_not_clean() -> None:
    connection = dialer()
    connection.receive_data(codec.encode(Handshake(FAST, INFO_HASH, LISTENER_ID))[:50])
    (end,) = events(connection, b"")
    assert end == EndOfStream(clean=False, pending=50, detail="the stream ends 50 bytes into the handshake's 68")


# ── what the profiles do ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_discarded_is_not_told_but_found() -> None:
    connection = leech()
    connection.send_requests([A])
    (first,) = hear(connection, Piece(A, DATA), Piece(A, DATA))
    assert isinstance(first, Piece)
    (finding,) = connection.take_findings()
    assert (finding.rule, finding.message) == ("PIECE-04", Piece(A, b""))
    assert connection.take_findings() == []
    assert connection.finding_counts == {"PIECE-04": 1}


@pytest.mark.parametrize(
    ("messages", "rule"),
    [
        ([Unknown(99, b"")], "FR-04"),
        ([HaveAll()], "BF-03"),
        ([Port(6881)], "DHT-01"),
        ([Suggest(10)], "FAST-05"),
        ([Cancel(B)], "CAN-02"),
    ],
)
def test_the_strict_profile_closes_where_the_interoperable_one_bears_it(messages: list[Message], rule: str) -> None:
    hear(leech(), *messages)
    with pytest.raises(RemoteProtocolError) as raised:
        hear(leech(profile=Profile.STRICT), *messages)
    assert raised.value.violation.rule == rule


def test_a_later_availability_message_replaces_the_first() -> None:
    connection = leech()
    assert hear(connection, Bitfield(b"\x80\x00")) == [Bitfield(b"\x80\x00")]
    assert connection.theirs.pieces == PieceSet(10, [0])


def test_a_request_that_is_not_served_is_refused_and_its_reject_is_legal() -> None:
    connection = seed()
    wrong = Block(0, 0, 32768)
    (event,) = hear(connection, Request(wrong))
    (finding,) = connection.take_findings()
    assert event == Refused(Request(wrong), finding)
    assert finding.rule == "REQ-05"
    assert connection.send(Reject(wrong)) == codec.encode(Reject(wrong))
    assert connection.requested == {}


def test_without_fast_a_refused_request_is_dropped() -> None:
    connection = seed(fast=False)
    (event,) = hear(connection, Request(Block(0, 0, 32768)))
    assert isinstance(event, Refused)
    assert connection.requested == {}


def test_a_request_that_crossed_our_choke_is_refused_without_a_finding() -> None:
    connection = seed()
    connection.send(Choke())
    assert hear(connection, Request(A)) == [Refused(Request(A), None)]
    connection.send(Reject(A))
    assert hear(connection, Cancel(A)) == [Cancel(A)]
    assert connection.take_findings() == []


def test_a_request_nobody_was_invited_to_is_refused_with_one() -> None:
    connection = greeted(listener())
    connection.send(HaveAll())
    (*_, event) = hear(connection, HaveNone(), Interested(), Request(A))
    assert isinstance(event, Refused)
    assert event.finding is not None
    assert event.finding.rule == "REQ-07"


def test_an_endless_number_of_them_closes_the_connection() -> None:
    connection = greeted(listener())
    connection.send(ExtendedHandshake(request_queue=2))
    connection.send(HaveAll())
    requests = [Request(Block(0, number, 1)) for number in range(3)]
    with pytest.raises(RemoteProtocolError, match=r"number 3 that crossed no choke"):
        hear(connection, HaveNone(), Interested(), *requests)
