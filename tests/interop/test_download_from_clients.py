"""We download the whole sample from every real client, found through every kind of tracker, and find no fault in it."""

from pathlib import Path

import pytest

from tests.interop.clients.catalogue import CLIENTS
from tests.interop.clients.job import Client, Job
from tests.interop.download import download
from tests.interop.network import Network
from tests.interop.samples import NAME, Sample, digests_below
from tests.interop.trackers import TrackerKind, Trackers
from tests.interop.verdict import faults_in

pytestmark = pytest.mark.interop

OURS_HTTP, OURS_UDP = TrackerKind("ours", "http"), TrackerKind("ours", "udp")
OPENTRACKER_HTTP, OPENTRACKER_UDP = TrackerKind("opentracker", "http"), TrackerKind("opentracker", "udp")

PAIRS = [(OURS_HTTP, OPENTRACKER_UDP), (OURS_UDP, OPENTRACKER_HTTP)]
"""Every client meets both trackers and both protocols; every kind meets three clients."""

CASES = [
    pytest.param(client, kind, id=f"{client.name}-{kind}")
    for index, client in enumerate(CLIENTS)
    for kind in PAIRS[index % len(PAIRS)]
]


@pytest.mark.parametrize(("client", "kind"), CASES)
def test_the_sample_comes_whole_and_no_fault_is_found(
    client: Client, kind: TrackerKind, network: Network, sample: Sample, trackers: Trackers, tmp_path: Path
) -> None:
    client.require()
    tracker = trackers.of(kind)
    seeder_directory = tmp_path / client.name
    seeder_directory.mkdir()
    seeds_by = tracker.url if client.udp_trackers else tracker.http_url
    seeder = client.seed(
        Job(
            network=network,
            host=network.host,
            torrent=sample.write_torrent(seeder_directory / "sample.torrent", announce=seeds_by),
            content=sample.copy_to(seeder_directory / "content"),
            port=network.free_port(),
            directory=seeder_directory,
        )
    )
    try:
        tracker.wait_for_seeder(sample, seeder)
        torrent = sample.write_torrent(tmp_path / "ours.torrent", announce=tracker.url)
        outcome = download(network, torrent, tmp_path / "out", directory=tmp_path)
    finally:
        seeder.stop()

    assert outcome.exit_code == 0, outcome.story
    assert digests_below(tmp_path / "out" / NAME) == sample.digests
    assert any(client.calls_itself in name for name in outcome.clients), outcome.story
    assert outcome.messages > sample.blocks, "the transcript lacks most of the conversation"
    assert faults_in(outcome, client) == []
