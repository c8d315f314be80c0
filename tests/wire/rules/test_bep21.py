"""The rule of BEP 21 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import ANNOUNCED, Case, Scene, check_case
from torrent_peer.wire.messages import ExtendedHandshake, Malformed, UploadOnly
from torrent_peer.wire.side import Side

D = Side.DIALER

CASES = [
    Case(
        judge="malformed_uo_01",
        rule="UO-01",
        evidence="upload_only message of 0 bytes: it is always 1",
        message=Malformed(20, 2, "UO-01", "upload_only message of 0 bytes: it is always 1"),
        legal_scene=Scene(then=ANNOUNCED),
        legal=UploadOnly(upload_only=True),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_as_a_key_and_as_a_message_it_says_the_same() -> None:
    legality = Scene(then=ANNOUNCED).legality()
    said = []
    for message in (
        *(ExtendedHandshake(upload_only=True), ExtendedHandshake(), UploadOnly(upload_only=False)),
        *(UploadOnly(upload_only=True), ExtendedHandshake(upload_only=False)),
    ):
        assert legality.admit(D, message, crossed=True) == ()
        said.append(legality.state.of(D).upload_only)
    assert said == [True, True, False, True, False]
