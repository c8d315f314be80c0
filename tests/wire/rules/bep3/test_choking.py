"""ST: every rule broken, and a legal look-alike."""

import pytest

from tests.wire.scenes import Case, Scene, check_case
from torrent_peer.wire.messages import (
    Choke,
    Interested,
    NotInterested,
    Unchoke,
)
from torrent_peer.wire.side import Side

L = Side.LISTENER
OPEN = Scene(then=[(L, Unchoke())])


CASES = [
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


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)
