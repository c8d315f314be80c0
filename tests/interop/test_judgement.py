"""What the captures of real clients are judged by: quirks that are known are counted, everything else is a fault."""

from itertools import product
from pathlib import Path

import pytest

from tests.interop import judgement
from tests.interop.clients.catalogue import CLIENTS
from tests.interop.judgement import Judgement
from tests.interop.samples import Sample
from tests.interop.scenes import MEETINGS, SCENES, SWARM
from tests.interop.verdict import KNOWN_QUIRKS
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.wire.codec import encode
from torrent_peer.wire.messages import Have
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.severity import Severity

CAPTURES = Path(__file__).parent.parent / "capture" / "captures"
QUIRKY = CAPTURES / "rtorrent-transmission-aria2.pcap"


@pytest.fixture
def tiny() -> Sample:
    """What was downloaded in the captures that are kept."""
    torrent = parse_torrent((CAPTURES / "sample.torrent").read_bytes())
    return Sample(CAPTURES, torrent.info, {}, torrent.content_length)


def test_known_quirks_are_counted_and_no_fault(tiny: Sample) -> None:
    judged = Judgement()
    judged.add(QUIRKY, tiny)
    assert judged.faults == []
    assert judged.quirks == {("aria2", "BF-02"): 1, ("aria2", "BF-03"): 1}
    assert judged.conversations == {
        ("transmission", "rtorrent"): 1,
        ("transmission", "aria2"): 1,
        ("aria2", "rtorrent"): 2,
    }
    assert judged.messages["cancel"] == 2


def test_unknown_ones_are_faults_with_their_evidence(tiny: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "KNOWN_QUIRKS", {"transmission": KNOWN_QUIRKS["aria2"]})
    judged = Judgement()
    judged.add(QUIRKY, tiny)
    assert [fault.partition(". ")[0] for fault in judged.faults] == [
        "rtorrent-transmission-aria2.pcap, packet 87, aria2 to transmission, 1 times: have_all after have_none",
        "rtorrent-transmission-aria2.pcap, packet 83, aria2 to rtorrent, 1 times: bitfield after other messages",
    ]


def test_a_violation_is_a_fault_whoever_commits_it(tiny: Sample, tmp_path: Path) -> None:
    path = tmp_path / "changed.pcap"
    data = (CAPTURES / "libtorrent-qbittorrent-rtorrent.pcap").read_bytes()
    path.write_bytes(data.replace(encode(Have(1)), encode(Have(2)), 1))
    judged = Judgement()
    judged.add(path, tiny)
    assert len(judged.faults) == 1
    assert "1 times: have 2: the torrent has 2 pieces. BEP 3, peer messages" in judged.faults[0]


def test_a_conversation_that_cannot_be_judged_to_its_end_is_a_fault(tiny: Sample, tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(QUIRKY.read_bytes()[:-30_000])
    judged = Judgement()
    judged.add(path, tiny)
    assert judged.faults[0].startswith("cut.pcap: the file ends inside packet ")


def test_judgements_add_up(tiny: Sample) -> None:
    one, both = Judgement(), Judgement()
    one.add(QUIRKY, tiny)
    both.take(one)
    both.take(one)
    assert both.messages["piece"] == 2 * one.messages["piece"] > 0
    assert both.conversations.total() == 2 * one.conversations.total()
    assert both.quirks["aria2", "BF-03"] == 2


def test_a_quirk_is_a_deviation_of_a_client_that_is_here() -> None:
    deviations = {rule.id for rule in RULES.rules if rule.severity is Severity.DEVIATION}
    assert set(KNOWN_QUIRKS) <= {client.name for client in CLIENTS}
    assert {rule for quirks in KNOWN_QUIRKS.values() for rule in quirks} <= deviations


def test_every_client_serves_every_client_and_all_meet_in_one_swarm() -> None:
    served = {(scene.parts[0].client.name, part.client.name) for scene in MEETINGS for part in scene.parts[1:]}
    names = [client.name for client in CLIENTS]
    assert served == set(product(names, names))
    assert {part.client.name for part in SWARM.parts} == set(names)
    assert len({scene.name for scene in SCENES}) == len(SCENES)
    assert all(scene.parts[0].seeds and not scene.parts[-1].seeds for scene in SCENES)
