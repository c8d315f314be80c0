"""What `lint` says of a capture, word for word."""

import pytest

from tests.capture.frames import Talk, numbered, talk
from torrent_peer.capture.recording import Recording, judge_packets
from torrent_peer.cli.lint_report import as_document, describe, severities_in
from torrent_peer.wire.catalogue.exchange import ASKED, GEOMETRY, INFO_HASH, OPEN, A, dialer, handshake, listener
from torrent_peer.wire.codec import encode
from torrent_peer.wire.messages import Have, Piece, Unchoke
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

HOSTILE = b"\x00\x00\x00\x15\x14\x00d1:v11:evil\x1b[2J\xe2\x80\xaee"


@pytest.fixture
def recording() -> Recording:
    """One conversation with findings of every kind, one that is none, and one in HTTP."""
    made = talk(
        ASKED,
        listener(HOSTILE, words="v"),
        listener(Piece(A, bytes(A.length)), *[Piece(A, bytes(A.length))] * 5, Unchoke()),
        dialer(Have(10)),
    )
    other = Talk(ends={Side.DIALER: ("192.0.2.9", 1), Side.LISTENER: ("192.0.2.2", 6881)})
    other.open().say(Side.DIALER, encode(handshake(Side.DIALER))).close(Side.LISTENER)
    web = Talk(ends={Side.DIALER: ("192.0.2.9", 2), Side.LISTENER: ("192.0.2.2", 80)}).open()
    web.say(Side.DIALER, b"GET / HTTP/1.1\r\n")
    return judge_packets(numbered([*made.packets, *other.packets, *web.packets]), {INFO_HASH: GEOMETRY})


def test_the_report_word_for_word(recording: Recording) -> None:
    assert list(describe(recording, verbose=False)) == [
        "192.0.2.1:50000 (XX 0.0.0.1) → 192.0.2.2:6881 (evil.[2J.)",
        f"  torrent   {INFO_HASH}; from packet 1, 0.0 s",
        "  dialer    104 B: 1 handshake, 1 have_none, 1 interested, 1 request, 1 have",
        "  listener  96.2 KiB: 6 piece, 2 unchoke, 1 handshake, 1 have_all, 1 extended_handshake",
        "  violation BF-06, 1 time, by the dialer (XX 0.0.0.1); BEP 3, peer messages",
        "    packet 14, offset 95: have 10: the torrent has 10 pieces",
        "  deviation PIECE-04, 5 times, by the listener (evil.[2J.); BEP 6, Fast Extension",
        "    packet 12, offset 16500: piece 0 [0:16384] once more than it was requested",
        "    packet 12, offset 32897: piece 0 [0:16384] once more than it was requested",
        "    packet 13, offset 49294: piece 0 [0:16384] once more than it was requested",
        "    and 2 more",
        "  end       it was going on when the capture ended",
        "",
        "192.0.2.9:1 (XX 0.0.0.1) → 192.0.2.2:6881 (no handshake)",
        f"  torrent   {INFO_HASH}; from packet 15, 0.0 s",
        "  dialer    68 B: 1 handshake",
        "  listener  0 B: nothing",
        "  note      not judged to its end: the listener never answered the handshake",
        "  end       the listener closed it",
        "",
        "not read: 1 connection: the dialer speaks no BitTorrent that can be read: this looks like an HTTP request",
        "2 connections, 17 messages: 1 violation, 5 deviations, 1 redundant",
    ]


def test_with_v_redundant_messages_and_all_that_was_not_read_are_listed(recording: Recording) -> None:
    lines = list(describe(recording, verbose=True))
    assert "  redundant ST-02, 1 time, by the listener (evil.[2J.); BEP 3, peer protocol" in lines
    assert (
        "not read: 192.0.2.9:2 → 192.0.2.2:80: the dialer speaks no BitTorrent that can be read: "
        "this looks like an HTTP request"
    ) in lines


def test_what_could_not_be_asked_is_said() -> None:
    lines = list(describe(judge_packets(numbered(talk(OPEN).packets), {}), verbose=False))
    assert (
        "  note      the torrent's size is not known, so that rules about blocks were not asked; --torrent tells it"
        in lines
    )


def test_a_capture_of_nothing_says_so() -> None:
    assert list(describe(judge_packets([], {}, ["a note"]), verbose=False)) == [
        "note: a note",
        "no TCP connection in 0 packets",
        "0 connections, 0 messages: 0 violations, 0 deviations, 0 redundant",
    ]


def test_the_severities_of_all_conversations(recording: Recording) -> None:
    assert severities_in(recording) == set(Severity)


def test_as_json(recording: Recording) -> None:
    document = as_document(recording)
    first, second, third = document["connections"]
    assert (document["packets"], document["notes"]) == (recording.packets, [])
    assert first["sides"]["listener"]["client"] == "evil.[2J."
    assert first["sides"]["dialer"]["peer_id"] == b"-XX0001-dialdialdial".hex()
    assert first["sides"]["listener"]["messages"]["piece"] == 6
    assert first["found"][0] == {"rule": "PIECE-04", "severity": "deviation", "sender": "listener", "count": 5}
    assert first["findings"][-1] == {
        "rule": "BF-06",
        "severity": "violation",
        "sender": "dialer",
        "evidence": "have 10: the torrent has 10 pieces",
        "section": "BEP 3, peer messages",
        "quote": "The 'have' message's payload is a single number, the index which that downloader just completed",
        "message": "have 10",
        "offset": 95,
        "packet": 14,
        "at": pytest.approx(1_700_000_000.014),
    }
    assert (first["judged"], first["size_known"], first["info_hash"]) == (True, True, INFO_HASH.hex())
    assert second["stopped"] == "the listener never answered the handshake"
    assert (third["judged"], third["sides"]["dialer"]["address"]) == (False, "192.0.2.9:2")
