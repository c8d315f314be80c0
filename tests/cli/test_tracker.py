"""The tracker as a program."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_prints_its_urls_serves_and_leaves_on_a_signal(number: signal.Signals, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "torrent_peer", "tracker", "--port", "0", "--print-url"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    http, udp = process.stdout.readline().strip(), process.stdout.readline().strip()
    assert http.startswith("http://127.0.0.1:")
    assert udp == http.replace("http", "udp")
    query = f"{http}?info_hash={'%aa' * 20}&peer_id={'b' * 20}&port=1&uploaded=0&downloaded=0&left=0&compact=1"
    with urllib.request.urlopen(query, timeout=5) as answer:
        assert answer.read().startswith(b"d")
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (code, "", "")


def test_a_port_in_use_is_one_line() -> None:
    command = [sys.executable, "-m", "torrent_peer", "tracker", "--json", "--port"]
    with subprocess.Popen([*command, "0"], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        port = json.loads(first.stdout.readline())["http"].split(":")[2].split("/")[0]
        second = subprocess.run([*command, port], capture_output=True, text=True, check=False)
        first.terminate()
    assert second.returncode == 1
    assert second.stderr.startswith("torrent-peer: ")
    assert second.stderr.count("\n") == 1
