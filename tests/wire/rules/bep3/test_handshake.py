"""HS: every rule broken, and a legal look-alike."""

import pytest

from tests.wire.scenes import INFO_HASH, Case, Scene, check_case
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.messages import (
    Handshake,
    KeepAlive,
    Malformed,
    Port,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
BITS = Reserved.of(fast=True, extended=True)
V2 = Reserved.of(v2=True)
OTHER = InfoHash(b"jihgfedcba9876543210")
DIALER_ID, LISTENER_ID = PeerId(b"-XX0001-dialdialdial"), PeerId(b"-XX0001-listenlisten")
SILENT = Scene(greeted=False)
FRESH = Scene(opened=False)
OPEN = Scene(then=[(L, Unchoke())])


CASES = [
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
        scene=Scene(greeted=False, then=[(D, Handshake(V2, INFO_HASH, DIALER_ID))]),
        message=Handshake(BITS, OTHER, LISTENER_ID),
        sender=L,
        legal=Handshake(V2, OTHER, LISTENER_ID),
    ),
    Case(
        judge="the_upgrade_was_offered",
        rule="HS-06",
        evidence=f"answered with info-hash {OTHER}, not {INFO_HASH}: nobody offered version 2",
        scene=Scene(greeted=False, then=[(D, Handshake(BITS, INFO_HASH, DIALER_ID))]),
        message=Handshake(V2, OTHER, LISTENER_ID),
        sender=L,
        legal_scene=Scene(greeted=False, then=[(D, Handshake(V2, INFO_HASH, DIALER_ID))]),
    ),
    Case(
        judge="the_upgrade_was_offered",
        rule="HS-06",
        evidence=f"answered with info-hash {OTHER}, not {INFO_HASH}: nobody offered version 2",
        scene=SILENT,
        message=Handshake(V2, OTHER, LISTENER_ID),
        sender=L,
        legal=Handshake(V2, INFO_HASH, LISTENER_ID),
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
    Case(
        judge="the_tracker_named_this_peer",
        rule="HS-11",
        evidence="calls itself -XX0001-someone_else: the tracker called it -XX0001-listenlisten",
        scene=Scene(greeted=False, expected_id=LISTENER_ID),
        message=Handshake(BITS, INFO_HASH, PeerId(b"-XX0001-someone_else")),
        sender=L,
        legal=Handshake(BITS, INFO_HASH, LISTENER_ID),
    ),
]


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
