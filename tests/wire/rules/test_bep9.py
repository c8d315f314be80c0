"""Every rule of BEP 9 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import ANNOUNCED, EVERY_EXTENSION, Case, Scene, check_case
from torrent_peer.wire.messages import (
    ExtendedHandshake,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
)
from torrent_peer.wire.rules.bep9 import METADATA_IN_FLIGHT
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
OPEN = Scene(then=ANNOUNCED)
UNTOLD = Scene(then=[(side, ExtendedHandshake({"ut_metadata": 1})) for side in Side])
ASKED = Scene(here=D, then=[*ANNOUNCED, *((D, MetadataRequest(piece)) for piece in (0, 1, 2))])
ASKED_UNTOLD = Scene(here=D, then=[*UNTOLD.then, (D, MetadataRequest(0)), (D, MetadataRequest(9))])
FULL = bytes(16384)


def _wrong_size(evidence: str, message: MetadataPiece, legal: MetadataPiece, scene: Scene = ASKED) -> Case:
    judge, rule = "metadata_has_its_size", "META-06"
    return Case(judge=judge, rule=rule, evidence=evidence, scene=scene, sender=L, message=message, legal=legal)


CASES = [
    Case(
        judge="malformed_meta_01",
        rule="META-01",
        evidence="ut_metadata message without a msg_type",
        message=Malformed(20, 5, "META-01", "ut_metadata message without a msg_type"),
        legal=Malformed(20, 5, "PEX-01", "ut_pex message is not a dictionary"),
    ),
    Case(
        judge="the_type_is_known",
        rule="META-02",
        evidence="ut_metadata message of type 3",
        scene=OPEN,
        message=MetadataUnknown(3),
        legal=MetadataRequest(0),
    ),
    Case(
        judge="a_metadata_request_names_a_piece",
        rule="META-03",
        evidence="request for metadata piece 3: there are 3",
        scene=OPEN,
        message=MetadataRequest(3),
        legal=MetadataRequest(2),
    ),
    Case(
        judge="a_metadata_request_names_a_piece",
        rule="META-03",
        evidence="request for metadata piece 262144: there are 3",  # 32 bits would make it piece 0
        scene=OPEN,
        message=MetadataRequest(0x40000),
        legal_scene=UNTOLD,
    ),
    Case(
        judge="nothing_follows_a_question_for_metadata",
        rule="META-04",
        evidence="2 bytes behind a metadata_request",
        scene=OPEN,
        message=MetadataRequest(0, trailing=2),
        legal=MetadataRequest(0),
    ),
    Case(
        judge="nothing_follows_a_question_for_metadata",
        rule="META-04",
        evidence="1 bytes behind a metadata_reject",
        scene=ASKED,
        sender=L,
        message=MetadataReject(0, trailing=1),
        legal=MetadataReject(0),
    ),
    Case(
        judge="metadata_was_asked_for",
        rule="META-05",
        evidence="metadata_reject 3, which is not requested",
        scene=ASKED,
        sender=L,
        message=MetadataReject(3),
        legal=MetadataReject(2),
    ),
    Case(
        judge="metadata_was_asked_for",
        rule="META-05",
        evidence="metadata_piece 0, which is not requested",
        scene=Scene(here=D, then=[*ASKED.then, (L, MetadataReject(0))]),
        sender=L,
        message=MetadataPiece(0, 40_000, FULL),
        legal_scene=ASKED,
    ),
    Case(
        judge="metadata_was_asked_for",
        rule="META-05",
        evidence="metadata_piece 0, which is not requested",
        # where it is written as well
        scene=OPEN,
        sender=L,
        message=MetadataPiece(0, 40_000, FULL),
        legal_scene=Scene(then=[*ANNOUNCED, (D, MetadataRequest(0))]),
    ),
    _wrong_size(
        "metadata of 40001 bytes, after 40000 were announced",
        MetadataPiece(2, 40_001, bytes(40_001 - 32768)),
        MetadataPiece(2, 40_000, bytes(40_000 - 32768)),
    ),
    _wrong_size("metadata piece 3: there are 3", MetadataPiece(3, 40_000, FULL), MetadataPiece(1, 40_000, FULL)),
    _wrong_size(
        "16383 bytes of metadata piece 1: it has 16384",
        MetadataPiece(1, 40_000, FULL[1:]),
        MetadataPiece(1, None, FULL),
    ),
    _wrong_size(
        "16384 bytes of metadata piece 2: it has 7232",
        MetadataPiece(2, None, FULL),
        MetadataPiece(2, None, bytes(7232)),
    ),
    _wrong_size(
        "16384 bytes of metadata piece 0: it has 100",
        MetadataPiece(0, 100, FULL),
        MetadataPiece(0, 100, bytes(100)),
        ASKED_UNTOLD,
    ),
    _wrong_size(
        "16385 bytes of metadata piece 9",
        MetadataPiece(9, None, bytes(16385)),
        MetadataPiece(9, None, FULL),
        ASKED_UNTOLD,
    ),
    Case(
        judge="metadata_comes_in_pieces",
        rule="META-06",
        evidence="metadata piece 1 without total_size",
        scene=ASKED,
        sender=L,
        message=MetadataPiece(1, None, FULL),
        legal=MetadataPiece(1, 40_000, FULL),
    ),
    Case(
        judge="metadata_comes_in_pieces",
        rule="META-06",
        evidence="all the metadata in one message",
        scene=ASKED,
        sender=L,
        message=MetadataPiece(0, 40_000, bytes(40_000)),
        legal=MetadataPiece(0, 40_000, FULL),
    ),
    Case(
        judge="the_metadata_is_not_endless",
        rule="META-07",
        evidence="metadata of 16777217 bytes announced",
        message=ExtendedHandshake(excessive_metadata_size=16 * 1024 * 1024 + 1),
        legal=ExtendedHandshake(ignored=("metadata_size",)),
    ),
    Case(
        judge="we_ask_for_metadata_that_is_there",
        rule="S-13",
        evidence="request for metadata of a listener that did not tell its size",
        scene=Scene(here=D, then=UNTOLD.then),
        message=MetadataRequest(0),
        legal_scene=UNTOLD,
    ),
    Case(
        judge="we_ask_for_metadata_that_is_there",
        rule="S-13",
        evidence="request for metadata while 8 are unanswered",
        scene=Scene(here=D, then=[*ANNOUNCED, *[(D, MetadataRequest(0))] * METADATA_IN_FLIGHT]),
        message=MetadataRequest(1),
        legal_scene=Scene(here=D, then=[*ANNOUNCED, *[(D, MetadataRequest(0))] * (METADATA_IN_FLIGHT - 1)]),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_the_metadata_in_one_message_is_not_a_violation_as_well() -> None:
    (finding,) = ASKED.judge(L, MetadataPiece(0, 40_000, bytes(40_000)))
    assert finding.rule == "META-06"


def test_metadata_may_be_asked_for_twice_and_comes_twice() -> None:
    legality = Scene(here=D, then=[*ANNOUNCED, (D, MetadataRequest(0)), (D, MetadataRequest(0))]).legality()
    for message in (MetadataPiece(0, 40_000, FULL), MetadataReject(0)):
        assert legality.admit(L, message, crossed=True) == ()
    assert [finding.rule for finding in legality.check(L, MetadataReject(0), crossed=True)] == ["META-05"]


def test_metadata_of_just_one_piece_comes_in_one_message() -> None:
    announced: list[tuple[Side, Message]] = [
        (side, ExtendedHandshake(EVERY_EXTENSION, metadata_size=16384)) for side in Side
    ]
    scene = Scene(then=[*announced, (L, MetadataRequest(0))])
    assert scene.judge(D, MetadataPiece(0, 16384, bytes(16384))) == ()
