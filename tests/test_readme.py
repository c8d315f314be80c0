"""The README's examples run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.session import open_session
from torrent_peer.testing.tracker import open_local_tracker

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SAMPLE = ROOT / "sample_torrents" / "single-file.torrent"
CONTENT = ROOT / "sample_torrents" / "content"


def example(mark: str) -> str:
    """The one python block that contains `mark`."""
    (found,) = [block for block in EXAMPLES if mark in block]
    return str(found)


DOWNLOAD, EMBED, MACHINE, OWN_TEST = map(example, ("on_event=print", "connect_peer(", "receive_data(", "bt_tracker"))


def test_every_example_is_run_here() -> None:
    assert sorted(EXAMPLES) == sorted([DOWNLOAD, EMBED, MACHINE, OWN_TEST])


def run(example: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, "README.md", "exec"), namespace)
    return namespace


@pytest.fixture
def seeded(tmp_path: Path) -> Path:
    """A directory with the sample's content, so that no record is left beside the repository's own."""
    torrent = parse_torrent(SAMPLE.read_bytes())
    directory = tmp_path / "seed"
    directory.mkdir()
    for file in torrent.files:
        (directory / file.path).write_bytes((CONTENT / file.path).read_bytes())
    return directory


def test_the_machine_alone_names_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    run(MACHINE)
    assert capsys.readouterr().out.endswith("]\n")


async def test_a_peer_is_embedded_in_twenty_lines(seeded: Path) -> None:
    main = run(EMBED)["main"]
    torrent = parse_torrent(SAMPLE.read_bytes())
    with trio.fail_after(10):
        async with open_session(SessionOptions(listen_host="127.0.0.1", listen_ports=(0,))) as session:
            await session.add(torrent, seeded, TorrentOptions(trackers=(), seed_time=60)).checked()
            block = await main("127.0.0.1", session.port, SAMPLE)
    assert block == (seeded / torrent.files[0].path).read_bytes()[:16384]


async def test_a_torrent_is_downloaded_with_one_call(
    seeded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main = run(DOWNLOAD)["main"]
    torrent = parse_torrent(SAMPLE.read_bytes())
    with trio.fail_after(20):
        async with (
            open_local_tracker() as tracker,
            open_session(SessionOptions(listen_host="127.0.0.1", listen_ports=(0,))) as session,
        ):
            announce = tracker.http_url.encode()
            theirs = tmp_path / "named.torrent"
            theirs.write_bytes(b"d8:announce%d:%s" % (len(announce), announce) + SAMPLE.read_bytes()[1:])
            session.add(torrent, seeded, TorrentOptions(trackers=((tracker.http_url,),), seed_time=60))
            await main(theirs, tmp_path / "out")
    assert (tmp_path / "out" / torrent.files[0].path).read_bytes() == (seeded / torrent.files[0].path).read_bytes()
    assert "Completed(" in capsys.readouterr().out


def test_the_test_of_ones_own_passes(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(OWN_TEST)
    # pytest-trio imports hypothesis where it can, which takes longer than all the rest.
    (tmp_path / "hypothesis.py").write_text("raise ImportError('not wanted here')")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir=.", "."]
    command += ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout.splitlines()[-1].split(" in ")[0]) == (0, "1 passed"), ran.stdout + ran.stderr


def test_the_exit_codes_are_those_of_the_program() -> None:
    from torrent_peer.cli.exits import Exit

    named = {int(code) for cell in re.findall(r"^\| ([0-9, ]+) \|", README, re.MULTILINE) for code in cell.split(",")}
    assert named == {exit_code.value for exit_code in Exit}
