"""The samples in sample_torrents/: built bit for bit by their script, whole, and read by libtorrent as well."""

import hashlib
import subprocess
import sys
from pathlib import Path

import libtorrent as lt
import pytest

from torrent_peer.metainfo.torrent import parse_torrent

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_torrents"
TORRENTS = sorted(path.name for path in SAMPLES.glob("*.torrent"))


def test_the_script_builds_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "scripts" / "make_samples", tmp_path], check=True)
    built = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(SAMPLES): path.read_bytes()
        for path in SAMPLES.rglob("*")
        if path.is_file() and path.name not in ("README.md", ".gitattributes")
    }
    assert set(built) == set(kept)
    assert [str(path) for path in built if built[path] != kept[path]] == []


@pytest.mark.parametrize("name", TORRENTS)
def test_every_sample_is_whole(name: str) -> None:
    torrent = parse_torrent((SAMPLES / name).read_bytes())
    content = b"".join(
        bytes(file.length) if file.padding else (SAMPLES / "content" / file.path).read_bytes() for file in torrent.files
    )
    assert len(content) == torrent.geometry.total_length
    for piece in range(torrent.geometry.piece_count):
        start = torrent.geometry.piece_offset(piece)
        digest = hashlib.sha1(content[start : start + torrent.geometry.piece_size(piece)]).digest()
        assert digest == torrent.piece_hash(piece)
    assert torrent.warnings == ()
    assert torrent.trackers == ()


@pytest.mark.parametrize("name", TORRENTS)
def test_libtorrent_reads_every_sample(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    theirs = lt.load_torrent_buffer(data).ti
    assert theirs is not None
    assert theirs.info_hashes().v1.to_bytes() == parse_torrent(data).info_hash
    assert theirs.info_hashes().has_v2() is (name == "hybrid.torrent")


def test_there_is_one_of_each_kind() -> None:
    kinds = {name: parse_torrent((SAMPLES / name).read_bytes()) for name in TORRENTS}
    assert set(kinds) == {"single-file.torrent", "folder.torrent", "hybrid.torrent"}
    assert kinds["single-file.torrent"].is_single_file
    assert any(file.padding for file in kinds["folder.torrent"].files)
    assert max(len(file.path.parts) for file in kinds["folder.torrent"].files) == 4
    assert kinds["hybrid.torrent"].is_hybrid


def test_the_readme_tells_what_each_is_for() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in TORRENTS if f"`{name}`" not in readme] == []
