"""Tiny torrents: deterministic, honest about their hashes, and written where a session looks."""

import hashlib
from pathlib import Path

import pytest

from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.store import Store
from torrent_peer.testing.tiny import TINY_SIZE, place_content, read_content, tiny_torrent

FILES = {"a.txt": 10, "more/b.bin": 70_000, "empty": 0, "more/c.bin": 5}


def test_it_is_the_same_torrent_every_time() -> None:
    torrent, content = tiny_torrent()
    assert str(torrent.info_hash) == "d4b59b4c25c9497d9a589b400da12eaaca13c923"
    assert (len(content), torrent.name, torrent.geometry.piece_count) == (TINY_SIZE, "tiny", 4)
    again, same = tiny_torrent()
    assert (again.raw, same) == (torrent.raw, content)
    assert tiny_torrent(seed=1)[0].info_hash != torrent.info_hash


@pytest.mark.parametrize("padding", [False, True])
def test_the_content_is_what_the_hashes_say(padding: bool) -> None:
    torrent, content = tiny_torrent(piece_length=16384, files=FILES, padding=padding)
    assert len(content) == torrent.geometry.total_length
    pieces = [content[at : at + 16384] for at in range(0, len(content), 16384)]
    assert [hashlib.sha1(piece).digest() for piece in pieces] == list(map(torrent.piece_hash, range(len(pieces))))
    assert [str(file.path) for file in torrent.files if not file.padding] == [f"tiny/{path}" for path in FILES]


@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize("files", [None, FILES])
def test_what_is_placed_a_session_finds_complete(tmp_path: Path, files: dict[str, int] | None, padding: bool) -> None:
    torrent, content = tiny_torrent(files=files, padding=padding)
    assert place_content(torrent, content, tmp_path / "seed") == tmp_path / "seed"
    with FilePool() as pool, Store.open(torrent, tmp_path / "seed", pool=pool, read_only=True) as store:
        assert check_pieces(store, store.wanted_pieces()).count == torrent.geometry.piece_count
    assert read_content(torrent, tmp_path / "seed") == content


def test_content_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_content(tiny_torrent()[0], tmp_path)


def test_a_torrent_of_nothing_is_refused() -> None:
    with pytest.raises(TorrentError, match=r"^there is no content \(0 bytes\) to make a torrent of$"):
        tiny_torrent(0)


def test_flags_and_trackers_are_passed_on() -> None:
    torrent, _ = tiny_torrent(private=True, trackers=[["http://t.example/announce"]])
    assert (torrent.private, torrent.trackers) == (True, (("http://t.example/announce",),))
