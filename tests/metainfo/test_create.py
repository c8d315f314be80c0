"""Torrents we make: the same bytes every time, accepted by us and by libtorrent under the same info-hashes."""

import hashlib
import random

import libtorrent as lt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.bencoding import TORRENT, decode
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.torrent import parse_torrent

DICE = random.Random(3)
TREE = {
    "b/x": DICE.randbytes(100_000),
    "a": DICE.randbytes(70_000),
    "b/y": b"",
    "b/z": DICE.randbytes(32_768),
    "zz": DICE.randbytes(5),
}
KIB = 1024


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("padding", [False, True])
@pytest.mark.parametrize(
    "content",
    [TREE, {"one": b"x"}, DICE.randbytes(100_000), b"short"],
    ids=["tree", "one in a folder", "long", "short"],
)
@pytest.mark.parametrize("piece_length", [16 * KIB, 32 * KIB, 256 * KIB])
def test_libtorrent_sees_the_same_torrent(
    content: bytes | dict[str, bytes], padding: bool, hybrid: bool, piece_length: int
) -> None:
    data = create_torrent("stuff", content, piece_length=piece_length, padding=padding, hybrid=hybrid)
    ours, theirs = parse_torrent(data), lt.load_torrent_buffer(data).ti
    assert theirs is not None
    hashes = theirs.info_hashes()
    assert ours.info_hash == hashes.v1.to_bytes()
    assert hashes.has_v2() is hybrid
    if hybrid:
        assert hashlib.sha256(ours.info).digest() == hashes.v2.to_bytes()
    layout = theirs.layout()
    assert [(str(file.path), file.length, file.offset, file.padding) for file in ours.files if not file.padding] == [
        (layout.file_path(i), layout.file_size(i), layout.file_offset(i), False)
        for i in range(layout.num_files())
        if not layout.file_flags(i) & lt.file_flags_t.flag_pad_file
    ]
    assert ours.is_hybrid is hybrid
    assert ours.warnings == ()


@pytest.mark.parametrize("hybrid", [False, True])
def test_every_piece_hash_is_that_of_the_content(hybrid: bool) -> None:
    torrent = parse_torrent(create_torrent("stuff", TREE, piece_length=16 * KIB, padding=True, hybrid=hybrid))
    content = bytearray(torrent.geometry.total_length)
    for file in torrent.files:
        if not file.padding:
            content[file.offset : file.end] = TREE["/".join(file.path.parts[1:])]
            assert file.length == 0 or file.offset % (16 * KIB) == 0
    for piece in range(torrent.geometry.piece_count):
        assert torrent.piece_hash(piece) == hashlib.sha1(content[piece * 16 * KIB :][: 16 * KIB]).digest()


@given(st.lists(st.binary(max_size=100), min_size=1, max_size=6), st.integers(1, 120), st.booleans())
def test_pieces_are_cut_across_files(contents: list[bytes], piece_length: int, padding: bool) -> None:
    if not any(contents):
        return
    files = {f"{number}": data for number, data in enumerate(contents)}
    torrent = parse_torrent(create_torrent("n", files, piece_length=piece_length, padding=padding))
    stretches = iter(contents)
    whole = b"".join(bytes(file.length) if file.padding else next(stretches) for file in torrent.files)
    assert torrent.piece_hashes == b"".join(
        hashlib.sha1(whole[at : at + piece_length]).digest() for at in range(0, len(whole), piece_length)
    )


def test_what_is_said_about_the_content_is_kept() -> None:
    data = create_torrent(
        "n",
        b"x",
        trackers=[["http://a/announce"], ["udp://b:1", "udp://c:2"]],
        web_seeds=["http://w/"],
        private=True,
        comment="früh",
        created_by="us",
        creation_date=0,
        source="s",
    )
    torrent = parse_torrent(data)
    assert torrent.trackers == (("http://a/announce",), ("udp://b:1", "udp://c:2"))
    assert torrent.web_seeds == ("http://w/",)
    assert torrent.private
    assert (torrent.comment, torrent.created_by, torrent.creation_date, torrent.source) == ("früh", "us", 0, "s")
    top = decode(data, limits=TORRENT)
    assert isinstance(top, dict)
    assert top[b"announce"] == b"http://a/announce"


def test_nothing_is_said_that_was_not_given() -> None:
    assert create_torrent("n", b"x", piece_length=16384) == (
        b"d4:infod6:lengthi1e4:name1:n12:piece lengthi16384e6:pieces20:" + hashlib.sha1(b"x").digest() + b"ee"
    )
    one_tracker = decode(create_torrent("n", b"x", trackers=[["http://a/"]]), limits=TORRENT)
    assert isinstance(one_tracker, dict)
    assert set(one_tracker) == {b"announce", b"info"}


def test_v1_keeps_the_given_order_and_hybrids_sort() -> None:
    def order(*, hybrid: bool) -> list[str]:
        return [str(file.path) for file in parse_torrent(create_torrent("n", TREE, hybrid=hybrid)).files if file.index]

    assert order(hybrid=False) == ["n/b/x", "n/a", "n/b/y", "n/b/z", "n/zz"]
    assert order(hybrid=True) == ["n/a", "n/b/x", "n/b/y", "n/b/z", "n/zz"]


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", ".", "a/../b", ".."])
def test_a_path_that_leads_astray_is_refused(path: str) -> None:
    with pytest.raises(TorrentError) as raised:
        create_torrent("n", {path: b"x"})
    assert str(raised.value) == f"a file cannot be called {path!r}"


@pytest.mark.parametrize("content", [b"", {}, {"a": b""}])
def test_nothing_is_no_content(content: bytes | dict[str, bytes]) -> None:
    with pytest.raises(TorrentError) as raised:
        create_torrent("n", content)
    assert str(raised.value) == "there is no content (0 bytes) to make a torrent of"


@pytest.mark.parametrize("piece_length", [8192, 16385, 48 * KIB])
def test_a_hybrid_has_pieces_of_a_power_of_two(piece_length: int) -> None:
    with pytest.raises(TorrentError) as raised:
        create_torrent("n", b"x", piece_length=piece_length, hybrid=True)
    assert str(raised.value) == f"a hybrid's pieces are 16 KiB times a power of two, not {piece_length} bytes long"


def test_a_name_cannot_be_a_file_and_a_folder() -> None:
    with pytest.raises(TorrentError) as raised:
        create_torrent("n", {"a": b"x", "a/b": b"x"}, hybrid=True)
    assert str(raised.value) == "'a/b' is both a file and a folder"
