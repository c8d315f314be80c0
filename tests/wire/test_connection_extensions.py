"""The machine of one connection: messages of extensions, under the ids that each side wants."""

import pytest

from tests.wire.ends import FAST, A, dialer, greeted, hear, leech, listener, seed
from tests.wire.scenes import EVERY_EXTENSION, GEOMETRY, Trees
from torrent_peer.core.addresses import Address
from torrent_peer.wire import codec
from torrent_peer.wire.connection import PeerConnection, Refused
from torrent_peer.wire.errors import LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import (
    DontHave,
    Extended,
    ExtendedHandshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    HaveAll,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    PeerExchange,
    Reject,
    Request,
    UploadOnly,
)
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved

THEIRS = {name: number + 20 for name, number in EVERY_EXTENSION.items()}
METADATA = bytes(100)
RANGE = HashRange(b"r" * 32, 0, 0, 2, 0)
V2 = Reserved.of(fast=True, extended=True, v2=True)


def introduced(**more: object) -> PeerConnection:
    """A dialler that speaks every extension with a listener that does, both with the metadata."""
    connection = greeted(dialer(extensions=EVERY_EXTENSION, **more))
    connection.send(connection.extended_handshake(metadata_size=len(METADATA)))
    hear(connection, ExtendedHandshake(THEIRS, metadata_size=len(METADATA)))
    return connection


def test_what_comes_under_our_ids_is_read_as_what_we_announced() -> None:
    connection = introduced()
    said: list[Message] = [
        *(Extended(1, b"d8:msg_typei0e5:piecei0ee"), Extended(2, b"d5:added6:abcdefe"), Extended(3, b"\1")),
        *(ExtendedHandshake({"ut_pex": 0}), Extended(2, b"d5:added6:ABCDEFe")),
    ]
    assert hear(connection, *said) == [
        MetadataRequest(0),
        PeerExchange((Address("97.98.99.100", 25958),), b"\0"),
        UploadOnly(upload_only=True),
        ExtendedHandshake({"ut_pex": 0}),
        PeerExchange((Address("65.66.67.68", 17734),), b"\0"),
    ]
    assert connection.take_findings() == []


def test_what_comes_under_the_id_of_an_unknown_extension_stays_as_it_is() -> None:
    connection = greeted(dialer(extensions={"of_our_own": 7}))
    connection.send(connection.extended_handshake())
    assert hear(connection, ExtendedHandshake(), Extended(7, b"?"))[1:] == [Extended(7, b"?")]


def test_what_we_never_announced_closes_the_connection() -> None:
    connection = greeted(dialer())
    connection.send(connection.extended_handshake())
    with pytest.raises(RemoteProtocolError, match=r"^extended id 1, which the dialer never announced"):
        hear(connection, ExtendedHandshake(THEIRS), Extended(1, b"d8:msg_typei0e5:piecei0ee"))


def test_what_we_say_goes_under_the_id_they_want_now() -> None:
    connection = introduced()
    request = MetadataRequest(0)
    assert connection.send(request) == codec.encode(Extended(21, b"d8:msg_typei0e5:piecei0ee"))
    hear(connection, ExtendedHandshake({"ut_metadata": 99}))
    assert connection.send(request) == codec.encode(Extended(99, b"d8:msg_typei0e5:piecei0ee"))
    assert list(connection.recent)[-1].text == "metadata_request 0"
    hear(connection, ExtendedHandshake({"ut_metadata": 0}))
    with pytest.raises(LocalProtocolError, match=r"^ut_metadata, which the listener does not announce"):
        connection.send(request)


def test_what_we_say_by_hand_is_judged_as_what_it_will_be_read_as() -> None:
    connection = introduced()
    assert connection.send(Extended(22, b"d5:added6:abcdefe"))
    assert connection.ours.exchanges == 1
    for message, rule in (
        (Extended(21, b"not bencoded"), "META-01"),
        (Extended(21, b"d8:msg_typei2e5:piecei0ee"), "META-05"),
        (Extended(2, b"de"), "EXT-02"),
    ):
        finding = connection.may_send(message)
        assert finding is not None
        assert finding.rule == rule
        with pytest.raises(LocalProtocolError):
            connection.send(message)


def test_metadata_that_is_not_there_is_refused_and_rejected() -> None:
    connection = greeted(dialer(extensions=EVERY_EXTENSION))
    connection.send(connection.extended_handshake())
    request = Extended(1, b"d8:msg_typei0e5:piecei0ee")
    assert hear(connection, ExtendedHandshake(THEIRS), request)[1:] == [Refused(MetadataRequest(0), None)]
    assert connection.send(MetadataReject(0))
    with pytest.raises(LocalProtocolError, match=r"^metadata_reject 0, which is not requested"):
        connection.send(MetadataReject(0))


def test_metadata_beyond_its_end_is_refused_with_a_finding() -> None:
    connection = introduced()
    (event,) = hear(connection, Extended(1, b"d8:msg_typei0e5:piecei1ee"))
    (finding,) = connection.take_findings()
    assert event == Refused(MetadataRequest(1), finding)
    assert finding.rule == "META-03"
    assert connection.send(MetadataReject(1))
    with pytest.raises(RemoteProtocolError):
        hear(introduced(profile=Profile.STRICT), Extended(1, b"d8:msg_typei0e5:piecei1ee"))


def test_an_answer_comes_once() -> None:
    connection = introduced()
    connection.send(MetadataRequest(0))
    answer = Extended(1, b"d8:msg_typei1e5:piecei0e10:total_sizei100ee" + METADATA)
    assert hear(connection, answer, answer) == [MetadataPiece(0, 100, METADATA)]
    (finding,) = connection.take_findings()
    assert (finding.rule, finding.message) == ("META-05", MetadataPiece(0, 100, b""))


def test_garbage_that_is_no_danger_is_passed_over() -> None:
    connection = introduced()
    assert hear(connection, Extended(3, b""), Extended(4, b""), Extended(3, b"\0")) == [UploadOnly(upload_only=False)]
    assert connection.finding_counts == {"UO-01": 1, "DH-01": 1}


def test_a_request_for_a_piece_we_have_withdrawn_is_refused() -> None:
    connection = seed(extensions=EVERY_EXTENSION)
    hear(connection, ExtendedHandshake({"lt_donthave": 9}))
    assert connection.send(DontHave(0)) == codec.encode(Extended(9, bytes(4)))
    assert hear(connection, Request(A), Request(GEOMETRY.block(1, 0))) == [
        Refused(Request(A), None),
        Request(GEOMETRY.block(1, 0)),
    ]
    assert connection.take_findings() == []
    assert connection.send(Reject(A))


def test_a_piece_they_have_withdrawn_is_not_asked_for() -> None:
    connection = leech(extensions=EVERY_EXTENSION)
    assert hear(connection, ExtendedHandshake(), Extended(4, bytes(4)))[1:] == [DontHave(0)]
    assert 0 not in (connection.theirs.pieces or ())
    with pytest.raises(LocalProtocolError, match=r"^request for piece 0, which the listener has withdrawn"):
        connection.send_requests([A])


def test_hashes_are_asked_for_where_both_speak_version_2() -> None:
    connection = greeted(dialer(reserved=V2), reserved=V2)
    connection.send(HaveAll())
    hear(connection, HaveAll())
    connection.send(HashRequest(RANGE))
    assert hear(connection, Hashes(RANGE, bytes(64))) == [Hashes(RANGE, bytes(64))]
    assert hear(connection, HashRequest(RANGE)) == [HashRequest(RANGE)]
    connection.learn_hash_trees(Trees({}))
    (event,) = hear(connection, HashRequest(RANGE))
    (finding,) = connection.take_findings()
    assert (event, finding.rule) == (Refused(HashRequest(RANGE), finding), "HASH-03")
    assert connection.send(HashReject(RANGE))


@pytest.mark.parametrize("reserved", [FAST, V2])
def test_one_side_that_speaks_version_2_is_not_enough(reserved: Reserved) -> None:
    connection = greeted(listener(reserved=reserved), reserved=FAST if reserved is V2 else V2)
    with pytest.raises(RemoteProtocolError, match=r"^hash_request on a connection that does not speak version 2"):
        hear(connection, HaveAll(), HashRequest(RANGE))
