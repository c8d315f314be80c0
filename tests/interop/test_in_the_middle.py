"""One slow real seed that only we know, and every real client as a leech: all they get has to come through us."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.interop.clients.catalogue import CLIENTS
from tests.interop.clients.job import Job
from tests.interop.clients.libtorrent import LIBTORRENT
from tests.interop.download import TRANSCRIPT, staying
from tests.interop.network import Network
from tests.interop.samples import NAME, Sample, digests_below
from tests.interop.trackers import TrackerKind, Trackers
from tests.interop.verdict import faults_in

pytestmark = pytest.mark.interop

SECONDS = 40.0
RATE = 400 * 1024
"""Bytes per second of the seed: eight seconds for a copy, in which the leeches have met us."""
INTERRUPTED = 130
BLOCKS_MEANWHILE = 20
"""Sent before the last one came: hundreds are seen."""


def messages(transcript: Path) -> list[dict[str, Any]]:
    """What was said, in order."""
    return [event for line in transcript.read_text().splitlines() if (event := json.loads(line)).get("message")]


def test_all_of_them_get_everything_through_us_while_we_download(
    network: Network, sample: Sample, trackers: Trackers, tmp_path: Path
) -> None:
    for client in CLIENTS:
        client.require()
    tracker = trackers.of(TrackerKind("ours", "http"))
    torrent = sample.write_torrent(tmp_path / "sample.torrent", announce=tracker.url)
    home = tmp_path / "seed"
    home.mkdir()
    unlisted = sample.write_torrent(home / "sample.torrent", announce=f"http://{network.host}:1/announce")
    port = network.free_port()
    source = Job(network, network.host, unlisted, sample.copy_to(home / "content"), port, home, rate=RATE, pex=False)
    with ExitStack() as stack:
        leeches = []
        for client, host in zip(CLIENTS, network.swarm_hosts, strict=True):
            place = tmp_path / client.name
            content = place / "content"
            content.mkdir(parents=True)
            leeches.append(client.leech(Job(network, host, torrent, content, network.free_port(), place)))
            stack.callback(leeches[-1].stop)
        seed = LIBTORRENT.seed(source)
        stack.callback(seed.stop)
        peer = ("--peer", f"{network.host}:{port}")
        ours = stack.enter_context(staying(network, torrent, tmp_path / "out", directory=tmp_path, extra=peer))
        for client, leech in zip(CLIENTS, leeches, strict=True):
            folder = tmp_path / client.name / "content" / NAME
            leech.wait_until(
                lambda folder=folder: digests_below(folder) == sample.digests,  # type: ignore[misc]
                what="fetched it all",
                seconds=SECONDS,
            )
        outcome = ours.end()

    assert faults_in(outcome, *CLIENTS) == []
    assert outcome.exit_code == INTERRUPTED, outcome.story
    assert digests_below(tmp_path / "out" / NAME) == sample.digests
    for client in CLIENTS:
        assert any(client.calls_itself in name for name in outcome.clients), outcome.story
    told = seed.output()
    assert network.other_host in told
    assert not [host for host in network.swarm_hosts if f"{host}:" in told], "the seed met somebody else, too"
    assert outcome.done["uploaded"] >= sample.total_length
    blocks = [event["direction"] for event in messages(tmp_path / TRANSCRIPT) if event["message"].startswith("piece ")]
    last = len(blocks) - blocks[::-1].index("received")
    print(f"{blocks[:last].count('sent')} blocks passed on before the last one came")
    assert blocks[:last].count("sent") > BLOCKS_MEANWHILE, "we passed on hardly anything before we had everything"
