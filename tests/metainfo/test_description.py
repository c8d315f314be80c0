"""Torrents described by lengths and hashes alone."""

import pytest

from torrent_peer.core.bencoding import TORRENT, decode
from torrent_peer.metainfo.description import Labels, Listing, choose_piece_length, describe
from torrent_peer.metainfo.errors import TorrentError

KIB = 1024
HASH = bytes(range(20))


@pytest.mark.parametrize(
    ("total", "length"),
    [(1, 16 * KIB), (2**24, 16 * KIB), (2**24 + 1, 32 * KIB), (2**30, 1024 * KIB), (2**40, 16384 * KIB)],
)
def test_the_piece_length_grows_with_the_content(total: int, length: int) -> None:
    assert choose_piece_length(total) == length


def test_one_file_and_no_labels_say_the_least_there_can_be() -> None:
    assert decode(describe("n", 5, piece_length=7, pieces=HASH, labels=Labels()), limits=TORRENT) == {
        b"info": {b"length": 5, b"name": b"n", b"piece length": 7, b"pieces": HASH}
    }


def test_files_and_labels_are_where_the_beps_want_them() -> None:
    labels = Labels(
        trackers=(("http://a/", "http://b/"), ("udp://c:1",)),
        web_seeds=("http://w/",),
        private=True,
        comment="ä",
        created_by="me",
        creation_date=7,
        source="S",
    )
    files = [Listing((b"f", b"x"), 3), Listing((b".pad", b"4"), 4, padding=True), Listing((b"y",), 1)]
    data = describe("n", files, piece_length=7, pieces=HASH * 2, labels=labels, more_info={b"x": 1}, more={b"y": 2})
    assert decode(data, limits=TORRENT) == {
        b"announce": b"http://a/",
        b"announce-list": [[b"http://a/", b"http://b/"], [b"udp://c:1"]],
        b"comment": "ä".encode(),
        b"created by": b"me",
        b"creation date": 7,
        b"info": {
            b"files": [
                {b"length": 3, b"path": [b"f", b"x"]},
                {b"attr": b"p", b"length": 4, b"path": [b".pad", b"4"]},
                {b"length": 1, b"path": [b"y"]},
            ],
            b"name": b"n",
            b"piece length": 7,
            b"pieces": HASH * 2,
            b"private": 1,
            b"source": b"S",
            b"x": 1,
        },
        b"url-list": [b"http://w/"],
        b"y": 2,
    }


def test_one_tracker_needs_no_list() -> None:
    data = describe("n", 5, piece_length=7, pieces=HASH, labels=Labels(trackers=(("http://a/",),)))
    assert decode(data, limits=TORRENT).keys() == {b"announce", b"info"}  # type: ignore[union-attr]


@pytest.mark.parametrize("files", [0, [], [Listing((b"a",), 0)]])
def test_no_bytes_are_no_content(files: int | list[Listing]) -> None:
    with pytest.raises(TorrentError) as raised:
        describe("n", files, piece_length=7, pieces=b"", labels=Labels())
    assert str(raised.value) == "there is no content (0 bytes) to make a torrent of"
