"""Every rule of BEP 55 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import ANNOUNCED, Case, Scene, check_case
from torrent_peer.core.addresses import Address
from torrent_peer.wire.messages import Holepunch, HolepunchKind, Malformed
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
RENDEZVOUS, CONNECT, ERROR = HolepunchKind
A, B = Address("10.0.0.1", 6881), Address("2001:db8::1", 6881)
OPEN = Scene(then=ANNOUNCED)
ASKED = Scene(here=D, then=[*ANNOUNCED, (D, Holepunch(RENDEZVOUS, A))])


def _code(evidence: str, message: Holepunch, legal: Holepunch) -> Case:
    judge, rule = "a_holepunch_has_an_error_code", "HP-01"
    return Case(judge=judge, rule=rule, evidence=evidence, scene=OPEN, message=message, legal=legal)


CASES = [
    Case(
        judge="malformed_hp_01",
        rule="HP-01",
        evidence="ut_holepunch message of 11 bytes: it is always 12",
        message=Malformed(20, 13, "HP-01", "ut_holepunch message of 11 bytes: it is always 12"),
        legal=Malformed(20, 13, "DH-01", "lt_donthave message of 11 bytes: it is always 4"),
    ),
    _code("ut_holepunch message of type 3", Holepunch(3, A), Holepunch(CONNECT, A)),
    _code("ut_holepunch message without an error code", Holepunch(CONNECT, A, None), Holepunch(CONNECT, B)),
    _code("ut_holepunch rendezvous with error code 1", Holepunch(RENDEZVOUS, A, 1), Holepunch(RENDEZVOUS, A)),
    _code("ut_holepunch error with error code 0", Holepunch(ERROR, A, 0), Holepunch(ERROR, A, 4)),
    Case(
        judge="a_holepunch_error_answers_a_rendezvous",
        rule="HP-02",
        evidence="ut_holepunch error about [2001:db8::1]:6881, for which no rendezvous was asked",
        scene=ASKED,
        sender=L,
        message=Holepunch(ERROR, B, 2),
        legal=Holepunch(ERROR, A, 2),
    ),
    Case(
        judge="a_holepunch_error_answers_a_rendezvous",
        rule="HP-02",
        evidence="ut_holepunch error about 10.0.0.1:6881, for which no rendezvous was asked",
        scene=Scene(here=D, then=[*ASKED.then, (L, Holepunch(CONNECT, A)), (L, Holepunch(ERROR, A, 2))]),
        sender=L,
        message=Holepunch(ERROR, A, 2),
        legal=Holepunch(CONNECT, A),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)
