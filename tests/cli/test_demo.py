"""The demo, from its first line to its last."""

import tempfile
from pathlib import Path

import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.exits import Exit


def test_a_sample_moves_over_loopback_and_nothing_is_left(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = invoke("demo", "--size", "256K", "--peers", "2")
    assert result.exit_code == Exit.DONE, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "torrent_peer demo: complete and verified"
    assert lines[-1] == "every file is identical to the seeders', byte for byte"
    assert list(tmp_path.iterdir()) == []


def test_a_size_out_of_range_is_refused(invoke: Invoke) -> None:
    result = invoke("demo", "--size", "1")
    assert (result.exit_code, result.stderr) == (2, "torrent-peer: --size: 1 bytes; choose from 64K to 16G\n")
