"""Findings and errors, word for word."""

import pytest

from torrent_peer.core.block import Block
from torrent_peer.wire.errors import Finding, LocalProtocolError, ProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import Hashes, HashRange, HaveAll, Message, MetadataPiece, Piece
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

RANGE = HashRange(bytes(32), 0, 0, 2, 0)
FINDING = Finding(
    "FAST-01",
    Severity.VIOLATION,
    "BEP 6, Fast Extension",
    "The extension is enabled only if both ends of the connection set this bit.",
    "have_all without the Fast Extension",
    Side.DIALER,
    HaveAll(),
    68,
)


def test_a_finding_is_one_line_with_evidence_source_quotation_and_rule() -> None:
    assert str(FINDING) == (
        "have_all without the Fast Extension. BEP 6, Fast Extension: "
        '"The extension is enabled only if both ends of the connection set this bit." [FAST-01]'
    )


def test_without_a_quotation_there_are_no_quotes() -> None:
    finding = Finding("FR-03", Severity.VIOLATION, "BEP 3, peer messages", "", "too long", Side.DIALER, HaveAll())
    assert str(finding) == "too long. BEP 3, peer messages [FR-03]"
    assert finding.offset is None


def test_the_error_says_whose_fault_it_is_and_keeps_the_facts() -> None:
    for kind in (LocalProtocolError, RemoteProtocolError):
        error = kind(FINDING)
        assert isinstance(error, ProtocolError)
        assert str(error) == str(FINDING)
        assert error.violation is FINDING


def test_a_finding_never_holds_on_to_a_receive_buffer() -> None:
    buffer = bytearray(16384)
    piece = Piece(Block(0, 0, 16384), memoryview(buffer))
    finding = Finding("PIECE-02", Severity.VIOLATION, "BEP 6", "", "never requested", Side.DIALER, piece)
    assert finding.message == Piece(Block(0, 0, 16384), b"")


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (MetadataPiece(3, 100, bytes(16384)), MetadataPiece(3, 100, b"")),
        (Hashes(RANGE, bytes(64)), Hashes(RANGE, b"")),
    ],
)
def test_a_finding_keeps_no_data_of_others_either(message: Message, kept: Message) -> None:
    assert Finding("HASH-08", Severity.VIOLATION, "BEP 52", "", "too many", Side.DIALER, message).message == kept


def test_severities_are_in_order() -> None:
    assert Severity.VIOLATION.gravity > Severity.DEVIATION.gravity > Severity.REDUNDANT.gravity
