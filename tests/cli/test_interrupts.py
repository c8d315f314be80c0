"""Leaving by force."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("code", "left"), [("Exit.INTERRUPTED", 130), ("Exit.TERMINATED", 143)])
def test_a_process_that_hangs_is_ended_all_the_same(code: str, left: int) -> None:
    program = (
        "import threading\n"
        "from torrent_peer.cli.exits import Exit\n"
        "from torrent_peer.cli.interrupts import force_exit_after\n"
        f"force_exit_after(0.01, {code})\n"
        "threading.Event().wait()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=10, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (left, b"", b"")


def test_a_process_that_ends_in_time_keeps_its_own_code() -> None:
    program = (
        "from torrent_peer.cli.exits import Exit\n"
        "from torrent_peer.cli.interrupts import force_exit_after\n"
        "force_exit_after(5, Exit.INTERRUPTED)\n"
        "raise SystemExit(3)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=4, check=False).returncode == 3
