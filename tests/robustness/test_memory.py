"""Memory stays flat however large the file: the peak is the process's own, told by the kernel."""

import hashlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import libtorrent as lt
import pytest

from torrent_peer.core.bencoding import Encodable, encode

SIZE = 2 * 1024 * 1024 * 1024
PIECE_LENGTH = 1024 * 1024
CAP = 150
"""MiB."""


@pytest.fixture
def zeros(tmp_path: Path) -> Path:
    """A torrent of 2 GiB of zeros: nothing to store for whoever seeds it, everything to fetch, hash and write."""
    (tmp_path / "seed").mkdir()
    with (tmp_path / "seed" / "zeros.bin").open("wb") as file:
        file.truncate(SIZE)
    digest = hashlib.sha1(bytes(PIECE_LENGTH)).digest()
    info: dict[bytes, Encodable] = {
        b"length": SIZE,
        b"name": b"zeros.bin",
        b"piece length": PIECE_LENGTH,
        b"pieces": digest * (SIZE // PIECE_LENGTH),
    }
    path = tmp_path / "zeros.torrent"
    path.write_bytes(encode({b"info": info}))
    return path


@pytest.fixture
def seeder(zeros: Path) -> Iterator[int]:
    """libtorrent serving it on loopback; the port."""
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "enable_outgoing_utp": False,
            "enable_incoming_utp": False,
        }
    )
    params = lt.load_torrent_file(str(zeros))
    params.save_path = str(zeros.parent / "seed")
    params.flags |= lt.torrent_flags.seed_mode
    session.add_torrent(params)
    deadline = time.monotonic() + 10
    while not session.listen_port():
        assert time.monotonic() < deadline, "libtorrent does not listen"
        time.sleep(0.05)
    yield session.listen_port()
    session.pause()


def high_water_mark(pid: int) -> float:
    """Peak RSS of a running process so far, MiB (`ru_maxrss` would count the process it was forked from)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


@pytest.mark.slow
def test_two_gibibytes_pass_through_less_than_150_mebibytes(
    zeros: Path, seeder: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "torrent_peer", "download", str(zeros), "--out", str(out), "--quiet"]
    command += ["--no-trackers", "--peer", f"127.0.0.1:{seeder}", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 180
    peak = 0.0
    while process.poll() is None:
        assert time.monotonic() < deadline, "not done within three minutes"
        peak = max(peak, high_water_mark(process.pid))
        time.sleep(0.02)
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    process.stderr.close()
    with capsys.disabled():
        print(f"\npeak RSS while downloading {SIZE / 2**30:.0f} GiB: {peak:.0f} MiB")
    assert process.returncode == 0, errors
    assert (out / "zeros.bin").stat().st_size == SIZE
    assert (out / "zeros.bin").stat().st_blocks * 512 >= SIZE, "zeros were not written"
    assert peak < CAP, f"peak RSS {peak:.0f} MiB"
    (out / "zeros.bin").unlink()
