"""Every rule of BEP 5 broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import Case, Scene, check_case
from torrent_peer.wire.messages import HaveAll, Port
from torrent_peer.wire.side import Side

D = Side.DIALER

CASES = [
    Case(
        judge="port_is_for_nodes",
        rule="DHT-01",
        evidence="port to a listener that did not set the DHT bit",
        message=Port(6881),
        legal_scene=Scene(dht=True),
    ),
    Case(
        judge="port_is_a_port",
        rule="DHT-02",
        evidence="port 0",
        scene=Scene(dht=True),
        message=Port(0),
        legal=Port(1),
    ),
    Case(
        judge="port_is_news",
        rule="DHT-03",
        evidence="port 6881 again",
        scene=Scene(dht=True, then=[(D, Port(6882)), (D, Port(6881))]),
        message=Port(6881),
        legal=Port(6882),
    ),
    Case(
        judge="port_does_not_come_before_availability",
        rule="DHT-04",
        evidence="have_all after port",
        scene=Scene(opened=False, dht=True, then=[(D, Port(6881))]),
        message=HaveAll(),
        legal_scene=Scene(opened=False, dht=True),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)
