"""The torrents we create are those of other tools, byte for byte in `info`, and other tools take them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.interop.programs import require
from tests.interop.samples import NAME, Sample
from torrent_peer.metainfo.torrent import Torrent, parse_torrent

pytestmark = pytest.mark.interop

TRACKER = "http://tracker.example/announce"


def run(*words: object) -> str:
    """Run a program that must succeed; what it printed."""
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def create(content: Path, out: Path, *flags: object) -> Torrent:
    """Our torrent of `content`, at `out`."""
    run(sys.executable, "-m", "torrent_peer", "create", content, "-o", out, "-t", TRACKER, *flags)
    return parse_torrent(out.read_bytes())


@pytest.mark.parametrize("exponent", [15, 18, 20])
@pytest.mark.parametrize("flags", [(), ("-p",), ("-s", "SRC", "-c", "hello", "-d")], ids=" ".join)
@pytest.mark.parametrize("below", ["", "first.bin"], ids=["folder", "file"])
def test_info_is_mktorrents_byte_for_byte(
    sample: Sample, tmp_path: Path, exponent: int, flags: tuple[str, ...], below: str
) -> None:
    require("mktorrent")
    content = sample.root / NAME / below
    theirs = tmp_path / "theirs.torrent"
    run("mktorrent", "-a", TRACKER, "-l", exponent, "-o", theirs, *flags, content)
    our_flags = ["--no-date" if flag == "-d" else flag for flag in flags]
    ours = create(content, tmp_path / "ours.torrent", "--piece-length", 2**exponent, *our_flags)
    assert ours.info == parse_torrent(theirs.read_bytes()).info


def test_transmission_shows_it(sample: Sample, tmp_path: Path) -> None:
    require("transmission-show")
    torrent = create(sample.root / NAME, tmp_path / "ours.torrent", "-c", "hello", "-w", "http://seed.example/")
    said = run("transmission-show", tmp_path / "ours.torrent")
    assert f"Name: {NAME}\n" in said
    assert f"Hash: {torrent.info_hash.hex()}\n" in said
    assert "Comment: hello\n" in said
    assert f"Piece Count: {torrent.geometry.piece_count}\n" in said
    assert all(f"{NAME}/{name} (" in said for name in sample.digests)


def test_aria2_shows_it(sample: Sample, tmp_path: Path) -> None:
    require("aria2c")
    torrent = create(sample.root / NAME, tmp_path / "ours.torrent", "-p")
    said = run("aria2c", "--no-conf", "-S", tmp_path / "ours.torrent")
    assert f"Info Hash: {torrent.info_hash.hex()}\n" in said
    assert f"The Number of Pieces: {torrent.geometry.piece_count}\n" in said
    assert all(f"./{NAME}/{name}\n" in said for name in sample.digests)
