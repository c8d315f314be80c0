"""The pytest plugin, in test runs of their own: where its fixtures are used, and where nobody asks for it."""

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

USE = """
import trio
from torrent_peer.testing import serve, tiny_torrent
from torrent_peer.wire.messages import HaveAll

TORRENT, CONTENT = tiny_torrent()

async def test_all_fixtures_share_one_tracker(bt_tracker, bt_seeder, scripted_peer, local_swarm):
    with trio.fail_after(20):
        seeder = await bt_seeder(TORRENT, CONTENT)
        assert seeder.content == CONTENT
        swarm = await local_swarm(TORRENT, CONTENT, seeds=0, leeches=2)
        await swarm.finished()
        assert swarm.tracker is bt_tracker
        assert len(bt_tracker.swarm(TORRENT.info_hash).peers) == 3
        seed = await scripted_peer(serve(TORRENT, CONTENT), TORRENT.info_hash)

        async def look(talk):
            await talk.handshake()
            await talk.expect(HaveAll)

        talk = await scripted_peer.dial(*seed.address, TORRENT.info_hash, look)
        await talk.over.wait()
        assert not talk.broken_off
"""
UNUSED = """
import sys

def test_nothing_was_imported():
    ours = {name for name in sys.modules if name.partition(".")[0] == "torrent_peer"}
    plugin = "torrent_peer.testing.pytest_plugin"
    assert plugin in ours
    assert ours <= {"torrent_peer", "torrent_peer.core", "torrent_peer.core.version", "torrent_peer.testing", plugin}
    assert not {"trio", "attrs", "httpx2", "h11", "bencodepy"} & set(sys.modules)
"""


OTHERS = ("anyio", "hypothesispytest", "pytest_cov", "xdist")
"""Plugins that may be there and only cost time here."""


def run_pytest(directory: Path, test: str, *arguments: str) -> str:
    """What a run of pytest in `directory` says, its last line last."""
    (directory / "test_it.py").write_text(test)
    # pytest-trio imports hypothesis where it can, which takes longer than all the rest.
    (directory / "hypothesis.py").write_text("raise ImportError('not wanted here')")
    without = [argument for name in ("cacheprovider", *OTHERS) for argument in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir=.", *without, *arguments, "."]
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=60)
    return ran.stdout + ran.stderr


def test_all_fixtures_work_in_trio_mode(tmp_path: Path) -> None:
    """README.md's own test shows that they do in marked tests."""
    said = run_pytest(tmp_path, USE, "-o", "trio_mode=true")
    assert "1 passed" in said, said


def test_who_does_not_use_it_pays_for_no_import(tmp_path: Path) -> None:
    said = run_pytest(tmp_path, UNUSED, "-p", "no:trio")
    assert "1 passed" in said, said


def test_the_package_installs_it() -> None:
    (point,) = entry_points(group="pytest11", name="torrent_peer")
    assert point.value == "torrent_peer.testing.pytest_plugin"
