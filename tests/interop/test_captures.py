"""Real clients talk to each other while the network is recorded: nobody is accused of what no honest peer can do."""

import pytest

from tests.interop.clients.catalogue import CLIENTS
from tests.interop.judgement import Judgement
from tests.interop.network import Network
from tests.interop.recordings import play
from tests.interop.samples import Sample
from tests.interop.scenes import BY_DEFAULT

pytestmark = pytest.mark.interop

SAID = ("cancel", "choke", "reject", "metadata_request", "metadata_piece", "peer_exchange", "have", "piece", "unchoke")
"""What must be in the captures, or they prove little."""
MOST_PIECES = 2
"""Copies of the sample that must pass at least."""


@pytest.fixture(scope="module")
def judgement(network: Network, sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """The scenes of every run, played, recorded without loss and judged."""
    if not network.isolated:
        pytest.skip("packets can be recorded in a network of our own only")
    together = Judgement()
    for scene in BY_DEFAULT:
        scene.require()
        recorded = play(scene, network, sample, tmp_path_factory.mktemp(scene.name))
        assert recorded.lost == 0
        together.add(recorded.path, sample)
    return together


def test_no_real_client_breaks_a_rule_but_for_its_known_quirks(judgement: Judgement) -> None:
    assert judgement.faults == []


def test_the_captures_hold_what_the_rules_are_about(judgement: Judgement, sample: Sample) -> None:
    print(judgement.messages, judgement.conversations, judgement.quirks, sep="\n")
    assert [kind for kind in SAID if not judgement.messages[kind]] == []
    assert judgement.messages["piece"] > MOST_PIECES * sample.blocks
    met = {client for pair in judgement.conversations for client in pair}
    assert met >= {client.name for client in CLIENTS}
