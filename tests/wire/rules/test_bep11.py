"""Every rule of BEP 11 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import ANNOUNCED, Case, Scene, check_case
from torrent_peer.core.addresses import Address
from torrent_peer.wire.effects import EXCHANGED_KEPT
from torrent_peer.wire.messages import Malformed, PeerExchange
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
PEERS = [Address(f"10.0.{number // 250}.{number % 250}", 6881) for number in range(EXCHANGED_KEPT + 1)]
A, B = PEERS[:2]


def exchange(added: int = 0, dropped: int = 0) -> PeerExchange:
    """The first so many peers added, the last so many dropped."""
    return PeerExchange(tuple(PEERS[:added]), bytes(added), tuple(PEERS[len(PEERS) - dropped :]))


FIRST = Scene(then=ANNOUNCED)
SECOND = Scene(then=[*ANNOUNCED, (D, PeerExchange((A,), b"\0"))])

CASES = [
    Case(
        judge="malformed_pex_01",
        rule="PEX-01",
        evidence="ut_pex message is not a dictionary",
        message=Malformed(20, 5, "PEX-01", "ut_pex message is not a dictionary"),
        legal=Malformed(20, 5, "META-01", "ut_metadata message is not a dictionary"),
    ),
    Case(
        judge="peers_are_whole",
        rule="PEX-02",
        evidence="ut_pex message with no usable value for added, dropped6",
        scene=FIRST,
        message=PeerExchange(ignored=("added", "dropped6")),
        legal=exchange(1),
    ),
    Case(
        judge="an_exchange_is_short",
        rule="PEX-04",
        evidence="51 peers in one list",
        scene=SECOND,
        message=exchange(51),
        legal=exchange(50, 50),
    ),
    Case(
        judge="an_exchange_is_short",
        rule="PEX-04",
        evidence="200 peers in one list",
        scene=SECOND,
        message=exchange(0, 200),
        legal_scene=FIRST,
    ),
    Case(
        judge="an_exchange_is_no_flood",
        rule="PEX-04",
        evidence="201 peers in one list",
        scene=SECOND,
        message=exchange(201),
        legal=exchange(200),
    ),
    Case(
        judge="an_exchange_is_no_flood",
        rule="PEX-04",
        evidence="201 peers in one list",
        scene=SECOND,
        message=exchange(201),
        legal_scene=FIRST,
    ),
    Case(
        judge="a_peer_is_named_once",
        rule="PEX-05",
        evidence="ut_pex message that names a peer twice",
        scene=FIRST,
        message=PeerExchange((A, A), bytes(2)),
        legal=PeerExchange((A, B), bytes(2)),
    ),
    Case(
        judge="a_peer_is_named_once",
        rule="PEX-05",
        evidence="ut_pex message that names a peer twice",
        scene=SECOND,
        message=PeerExchange(dropped=(A, A)),
        legal=PeerExchange(dropped=(A,)),
    ),
    Case(
        judge="a_peer_is_named_once",
        rule="PEX-05",
        evidence="ut_pex message that adds and drops the same peer",
        scene=SECOND,
        message=PeerExchange((B, A), bytes(2), (A,)),
        legal=PeerExchange((B,), bytes(1), (A,)),
    ),
    Case(
        judge="an_exchange_names_somebody",
        rule="PEX-06",
        evidence="ut_pex message that names nobody",
        scene=FIRST,
        message=PeerExchange(),
        legal=PeerExchange(dropped=(A,)),
    ),
    Case(
        judge="who_is_dropped_was_added",
        rule="PEX-07",
        evidence="ut_pex message that drops 1 peers never added",
        scene=SECOND,
        message=PeerExchange(dropped=(A, B)),
        legal=PeerExchange(dropped=(A,)),
    ),
    Case(
        judge="who_is_dropped_was_added",
        rule="PEX-07",
        evidence="ut_pex message that drops 1 peers never added",
        scene=FIRST,
        message=PeerExchange(dropped=(A,)),
        legal_scene=SECOND,
    ),
    Case(
        judge="who_is_dropped_was_added",
        rule="PEX-07",
        evidence="ut_pex message that drops 1 peers never added",
        scene=Scene(then=[*SECOND.then, (D, PeerExchange(dropped=(A,)))]),
        message=PeerExchange(dropped=(A,)),
        legal_scene=SECOND,
    ),
    Case(
        judge="our_exchanges_are_short",
        rule="S-14",
        evidence="51 peers in one list",
        scene=Scene(here=D, then=ANNOUNCED),
        message=exchange(51),
        legal=exchange(50),
    ),
    Case(
        judge="our_exchanges_are_short",
        rule="S-14",
        evidence="51 peers in one list",
        scene=Scene(here=D, then=ANNOUNCED),
        message=exchange(51),
        legal_scene=FIRST,  # it is about what we send only
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_who_adds_more_peers_than_are_kept_is_not_blamed_for_any_it_drops() -> None:
    for more in ([], [(D, exchange(1))]):
        scene = Scene(then=[*ANNOUNCED, (D, exchange(EXCHANGED_KEPT + 1)), *more])
        assert scene.legality().state.of(D).exchanged is None
        assert scene.judge(D, PeerExchange(dropped=(Address("1.2.3.4", 5),))) == ()
