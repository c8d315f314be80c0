"""The torrents we create are those of other tools, byte for byte in `info`, and other tools take them."""

import hashlib
import random
import re
import subprocess
import sys
from pathlib import Path

import libtorrent as lt
import pytest

from tests.interop.programs import require
from tests.interop.samples import NAME, Sample
from torrent_peer.metainfo.torrent import Torrent, parse_torrent

pytestmark = pytest.mark.interop

TRACKER = "http://tracker.example/announce"


FILES = {"Z": 40_000, "a": 70_001, "b c": 5, "b-a": 1, "b.c": 7, "b/deep/x": 16_384, "b/x": 9, "empty": 0, "ä/日本": 99}
"""Names whose order depends on how paths are compared, and whose letters are not ASCII."""
ALL_FLAGS = (
    *("-t", f"{TRACKER},http://b.example/announce", "-t", "udp://c.example:1/announce"),
    *("-w", "http://w.example/1", "-w", "http://w.example/2", "-c", "hello ä", "-s", "SRC", "-p"),
    *("--no-date", "--piece-length", "32K"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of FILES."""
    for name, length in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(length).randbytes(length))
    return tmp_path / "folder"


@pytest.fixture
def full(folder: Path, tmp_path: Path) -> Path:
    """Our torrent of it, with everything that can be said."""
    run(sys.executable, "-m", "torrent_peer", "create", folder, "-o", tmp_path / "ours.torrent", *ALL_FLAGS)
    return tmp_path / "ours.torrent"


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


def test_the_whole_file_is_mktorrents_but_for_who_made_it(folder: Path, full: Path, tmp_path: Path) -> None:
    require("mktorrent")
    theirs = tmp_path / "theirs.torrent"
    trackers = ("-a", f"{TRACKER},http://b.example/announce", "-a", "udp://c.example:1/announce")
    said = ("-w", "http://w.example/1,http://w.example/2", "-c", "hello ä", "-s", "SRC", "-p", "-d", "-l", "15")
    run("mktorrent", *trackers, *said, "-o", theirs, folder)
    makers = rb"10:created by\d+:(mktorrent|torrent_peer) [0-9.]+"
    ours, mktorrents = (re.subn(makers, b"", path.read_bytes()) for path in (full, theirs))
    assert ours[1] == mktorrents[1] == 1
    assert ours[0] == mktorrents[0]


def test_libtorrent_finds_all_that_was_said_and_every_piece_right(folder: Path, full: Path) -> None:
    params = lt.load_torrent_file(str(full))
    assert params.ti is not None
    assert params.trackers == [TRACKER, "http://b.example/announce", "udp://c.example:1/announce"]
    assert params.tracker_tiers == [0, 0, 1]
    assert params.url_seeds == ["http://w.example/1/", "http://w.example/2/"]
    assert params.ti.priv()
    files = params.ti.layout()
    assert [(files.file_path(n), files.file_size(n)) for n in range(files.num_files())] == [
        (f"folder/{name}", length) for name, length in FILES.items()
    ]
    content = b"".join((folder / name).read_bytes() for name in FILES)
    for piece in range(params.ti.num_pieces()):
        start = piece * 32 * 1024
        assert params.ti.hash_for_piece(piece) == hashlib.sha1(content[start : start + 32 * 1024]).digest()


@pytest.mark.parametrize(
    ("words", "marks"),
    [
        (("transmission-show",), ("Comment: hello ä\n", "Privacy: Private torrent\n", "folder/ä/日本 (")),
        (("aria2c", "--no-conf", "-S"), ("Comment: hello ä\n", "./folder/ä/日本\n")),
    ],
    ids=lambda value: value[0],
)
def test_others_show_all_that_was_said(full: Path, words: tuple[str, ...], marks: tuple[str, ...]) -> None:
    require(words[0])
    said = run(*words, full)
    urls = (TRACKER, "http://b.example/announce", "udp://c.example:1/announce", "http://w.example/1")
    assert [mark for mark in (*urls, *marks) if mark not in said] == []
