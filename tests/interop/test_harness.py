"""The harness of the interop tests itself: what it must notice, it notices."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.interop.clients.catalogue import CLIENTS
from tests.interop.download import read_outcome
from tests.interop.network import Network, open_network
from tests.interop.programs import Program, ProgramFailed
from tests.interop.samples import FILES, NAME, PIECE_LENGTH, Sample, digests_below
from tests.interop.test_download_from_clients import CASES
from tests.interop.verdict import faults_in

LIBTORRENT = CLIENTS[0]


def test_every_client_meets_two_kinds_of_tracker_and_every_kind_three_clients() -> None:
    met = [(case.values[0].name, str(case.values[1])) for case in CASES]  # type: ignore[union-attr]
    assert sorted(len([kind for client, kind in met if client == name]) for name, _ in met) == [2] * 12
    assert {kind for _, kind in met} == {"ours-http", "ours-udp", "opentracker-http", "opentracker-udp"}
    assert all(len([client for client, kind in met if kind == wanted]) == 3 for _, wanted in met)


def test_the_sample_ends_in_a_short_piece_and_an_odd_block(sample: Sample) -> None:
    last_piece = sample.total_length % PIECE_LENGTH
    assert 0 < last_piece < PIECE_LENGTH
    assert last_piece % 16_384 % 2 == 1


def test_a_changed_byte_and_a_stray_file_are_seen(sample: Sample, tmp_path: Path) -> None:
    copy = sample.copy_to(tmp_path) / NAME
    assert digests_below(copy) == sample.digests
    victim = copy / next(iter(FILES))
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)
    assert digests_below(copy) != sample.digests
    victim.write_bytes(bytes(content[:-1]) + bytes([content[-1] ^ 1]))
    assert digests_below(copy) == sample.digests
    (copy / "stray").touch()
    assert digests_below(copy) != sample.digests


def test_findings_and_faults_are_read_from_the_events(tmp_path: Path) -> None:
    peer = {"peer": "10.77.0.1:20001", "client": "libtorrent 2.1"}
    events = [
        {"event": "peer_connected", **peer, "dialed": True},
        {"event": "finding", **peer, "rule": "PIECE-04", "severity": "deviation", "evidence": "a block too many"},
        {"event": "finding", **peer, "rule": "ST-02", "severity": "redundant", "evidence": "a second unchoke"},
        {"event": "peer_closed", **peer, "cause": "our fault", "detail": "we asked while choked"},
        {"event": "peer_closed", **peer, "cause": "shutdown", "detail": "the torrent ended"},
        {"event": "done", "ending": "complete"},
    ]
    output = "a warning on stderr\n" + "".join(json.dumps(event) + "\n" for event in events)
    transcript = tmp_path / "transcript.jsonl"
    transcript.write_text("{}\n{}\n")
    outcome = read_outcome(0, output, transcript)
    assert outcome.clients == {"libtorrent 2.1"}
    assert outcome.messages == 2
    assert faults_in(outcome, LIBTORRENT) == [
        "PIECE-04 (deviation): a block too many",
        "10.77.0.1:20001: we asked while choked",
    ]


def test_a_program_that_ends_too_early_is_named_with_its_last_words(network: Network, tmp_path: Path) -> None:
    program = Program.start(network, "moody", ["sh", "-c", "echo farewell; exit 3"], directory=tmp_path)
    with pytest.raises(ProgramFailed, match=r"moody ended with status 3 before it listened\n.*\nfarewell"):
        program.wait_until(lambda: False, what="listened", seconds=5)
    program.stop()


def test_a_stopped_program_takes_its_children_with_it(network: Network, tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    script = f"(while :; do echo >> {beat}; sleep 0.01; done) & wait"
    program = Program.start(network, "parent", ["sh", "-c", script], directory=tmp_path)
    program.wait_until(beat.exists, what="beat", seconds=5)
    program.stop()
    size = beat.stat().st_size
    time.sleep(0.05)
    assert beat.stat().st_size == size


def test_nothing_can_leave_the_network_and_nothing_survives_it() -> None:
    with open_network() as network:
        if not network.isolated:
            pytest.skip("no network namespace may be made here")
        connect = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
        attempt = subprocess.run(network.command([sys.executable, "-c", connect]), capture_output=True, check=False)
        assert b"Network is unreachable" in attempt.stderr
        orphan = subprocess.Popen(network.command(["sleep", "60"]))
    assert orphan.wait(5) != 0
