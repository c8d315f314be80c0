"""Reading .torrent files: what they say, what is refused and in which words."""

import hashlib
import random
from pathlib import PurePosixPath

import bencodepy
import libtorrent as lt
import pytest

from torrent_peer.core.bencoding import Raw, Value, encode
from torrent_peer.core.geometry import Geometry
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import MAX_WARNINGS, Torrent, TorrentError, parse_torrent

HASHES = bytes(range(20)) * 2
INFO: dict[bytes, Value] = {b"name": b"n.txt", b"piece length": 16, b"length": 20, b"pieces": HASHES}


def raw(*, without: tuple[bytes, ...] = (), top: dict[bytes, Value] | None = None, **changes: Value) -> bytes:
    """A small torrent; `piece_length=…` changes `info.piece length`, None leaves a key as it is."""
    info = {**INFO, **{key.replace("_", " ").encode(): value for key, value in changes.items()}}
    return encode({b"info": {key: value for key, value in info.items() if key not in without}, **(top or {})})


def parsed(data: bytes) -> Torrent:
    return parse_torrent(data)


def test_a_torrent_is_what_its_file_says() -> None:
    data = raw(top={b"announce": b"http://a/", b"comment": b"hello\nthere", b"created by": b"x", b"creation date": 9})
    torrent = parsed(data)
    start, end = torrent.info_span
    assert torrent.info == encode(INFO) == data[start:end] == torrent.raw[start:end]
    assert torrent.raw == data
    assert torrent.info_hash == hashlib.sha1(encode(INFO)).digest()
    assert torrent.name == "n.txt"
    assert torrent.geometry == Geometry(20, 16)
    assert torrent.piece_hashes == HASHES
    assert [(file.path, file.length) for file in torrent.files] == [(PurePosixPath("n.txt"), 20)]
    assert torrent.is_single_file
    assert torrent.trackers == (("http://a/",),)
    assert (torrent.comment, torrent.created_by, torrent.creation_date) == ("hello there", "x", 9)
    assert (torrent.private, torrent.is_hybrid, torrent.source, torrent.web_seeds) == (False, False, None, ())
    assert torrent.warnings == ()
    assert torrent.content_length == 20


def test_each_piece_has_its_hash() -> None:
    torrent = parsed(raw())
    assert [torrent.piece_hash(piece) for piece in (0, 1)] == [HASHES[:20], HASHES[20:]]
    for piece in (-1, 2):
        with pytest.raises(IndexError, match=f"^piece {piece} of 2$"):
            torrent.piece_hash(piece)


def test_content_is_counted_without_padding() -> None:
    files: list[Value] = [
        {b"length": 5, b"path": [b"a"]},
        {b"length": 11, b"attr": b"p"},
        {b"length": 4, b"path": [b"b"]},
    ]
    torrent = parsed(raw(without=(b"length",), files=files))
    assert torrent.content_length == 9
    assert torrent.geometry.total_length == 20
    assert not torrent.is_single_file


def test_the_info_hash_is_of_the_bytes_as_they_stand() -> None:
    info = b"d6:pieces40:" + HASHES + b"4:name5:n.txt6:lengthi20e12:piece lengthi16ee"
    torrent = parsed(encode({b"info": Raw(info)}))
    assert torrent.info_hash == hashlib.sha1(info).digest()
    assert torrent.info == info
    assert torrent.warnings == (
        "the key name is out of order at byte 59 (info)",
        "the key length is out of order at byte 72 (info)",
    )


def test_only_the_info_dictionary_at_the_top_counts() -> None:
    info = encode(INFO)
    data = encode({b"aaa": {b"info": b"decoy"}, b"info": Raw(info), b"zzz": [{b"info": b"decoy"}]})
    assert parsed(data).info == info


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b" ", b"\0"])
def test_a_newline_behind_the_end_is_worth_a_warning(tail: bytes) -> None:
    torrent = parsed(raw() + tail)
    assert torrent.warnings == ("there is a blank or newline behind the torrent's end",)
    assert torrent.info_hash == parsed(raw()).info_hash


@pytest.mark.parametrize(
    ("private", "expected"), [({}, False), ({b"private": 0}, False), ({b"private": 1}, True), ({b"private": 7}, True)]
)
def test_private_is_anything_but_nothing(private: dict[bytes, Value], expected: bool) -> None:
    assert parsed(encode({b"info": {**INFO, **private}})).private is expected


@pytest.mark.parametrize(
    ("names", "encoding", "name"),
    [
        ({b"name": "früh".encode()}, None, "früh"),
        ({b"name": b"fr\xfch"}, None, "früh"),
        ({b"name": b"x", b"name.utf-8": "früh".encode()}, None, "früh"),
        ({b"name": "春".encode("gbk")}, b"GBK", "春"),
        ({b"name": b"x"}, 5, "x"),
    ],
)
def test_names_are_read_in_their_encoding(names: dict[bytes, Value], encoding: Value | None, name: str) -> None:
    top: dict[bytes, Value] = {b"info": {**INFO, **names}}
    if encoding is not None:
        top[b"encoding"] = encoding
    torrent = parsed(encode(top))
    assert (torrent.name, str(torrent.files[0].path), torrent.warnings) == (name, name, ())


def test_a_hostile_name_is_made_safe_and_told() -> None:
    torrent = parsed(raw(name=b"../\x1b[31m"))
    assert torrent.name == str(torrent.files[0].path) == "..__[31m"
    assert torrent.warnings == ('"../\\x1b[31m" is saved as "..__[31m"',)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "this is not a torrent file, or a damaged one: the data end too early at byte 0"),
        (b"\n<!DOCTYPE html>", "this is not a torrent file, it looks like a web page"),
        (b"magnet:?xt=urn:btih:", "this is not a torrent file, it looks like a magnet link"),
        (b"\x89PNG", "this is not a torrent file, or a damaged one: byte 0x89 starts no value at byte 0"),
        (b"4:spam", "this is not a torrent file: it holds a string, not a dictionary"),
        (b"de", "info: is missing"),
        (b"d4:infoi1ee", "info: should be a dictionary, but is an integer"),
        (
            raw()[:60],
            "this is not a torrent file, or a damaged one: the data end too early at byte 60 (info.pieces)",
        ),
        (raw() + b"\nx", "there are 2 more bytes behind the torrent's end at byte 105"),
        (
            b"l" * 10**6,
            "this is not a torrent file, or a damaged one: containers are nested more than 100 deep at byte 100 "
            f"({'[0]' * 20}…{'[0]' * 20})",
        ),
        (raw(without=(b"name",)), "info.name: is missing"),
        (raw(name=5), "info.name: should be a string, but is an integer"),
        (raw(without=(b"piece length",)), "info.piece length: is missing"),
        (raw(piece_length=0), "info.piece length: 0 is outside 1 to 536870912"),
        (raw(piece_length=-16), "info.piece length: -16 is outside 1 to 536870912"),
        (raw(piece_length=2**29 + 1), "info.piece length: 536870913 is outside 1 to 536870912"),
        (raw(piece_length=b"16"), "info.piece length: should be an integer, but is a string"),
        (raw(without=(b"pieces",)), "info.pieces: is missing"),
        (raw(pieces=5), "info.pieces: should be a string, but is an integer"),
        (
            raw(pieces=b""),
            "info.pieces: has 0 bytes, but 20 bytes of content in pieces of 16 need 2 hashes of 20 bytes",
        ),
        (
            raw(pieces=HASHES + b"x"),
            "info.pieces: has 41 bytes, but 20 bytes of content in pieces of 16 need 2 hashes of 20 bytes",
        ),
        (raw(length=2**40), "info.pieces: there are 68719476736 pieces; at most 2097152 can be used"),
        (raw(length=0), "the torrent has no content (0 bytes): there is nothing to download"),
        (raw(private=b"1"), "info.private: should be an integer, but is a string"),
        (
            raw(without=(b"pieces", b"length"), meta_version=2, file_tree={}),
            "this is a v2-only torrent (BEP 52); only v1 and hybrid torrents can be downloaded for now",
        ),
        (
            raw(without=(b"pieces", b"length"), meta_version=3, file_tree={}),
            "this is a torrent of version 3; only v1 and hybrid torrents can be downloaded for now",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_used_is_refused_in_one_line(data: bytes, error: str) -> None:
    with pytest.raises(TorrentError) as raised:
        parsed(data)
    assert str(raised.value) == error
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("top", "warning"),
    [
        ({b"comment": 5}, "comment should be a string, but is an integer; it is left out"),
        ({b"created by": [b"x"]}, "created by should be a string, but is a list; it is left out"),
        ({b"creation date": b"today"}, "creation date is no time of this age; it is left out"),
        ({b"creation date": -1}, "creation date is no time of this age; it is left out"),
        ({b"creation date": 2**62}, "creation date is no time of this age; it is left out"),
        ({b"announce": 5}, "announce should be a string, but is an integer; it is left out"),
        ({b"url-list": 5}, "url-list should be a list, but is an integer; it is left out"),
    ],
)
def test_what_is_not_needed_is_left_out_with_a_warning(top: dict[bytes, Value], warning: str) -> None:
    torrent = parsed(raw(top=top))
    assert torrent.warnings == (warning,)
    assert (torrent.comment, torrent.created_by, torrent.creation_date) == (None, None, None)


def test_texts_are_printable_and_short() -> None:
    torrent = parsed(
        raw(top={b"comment": b"\x1b" + b"c" * 5000, b"comment.utf-8": "\u202eü".encode(), b"created by": b"c" * 5000})
    )
    assert torrent.comment == "\\u202eü"
    assert torrent.created_by == "c" * 4096 + "…"


def test_warnings_are_few_and_different() -> None:
    names = [b"?", b"?", *(b"%d:" % number for number in range(90))]
    files: list[Value] = [{b"length": 1, b"path": [name]} for name in names]
    torrent = parsed(raw(without=(b"length",), files=files, piece_length=92, pieces=bytes(20)))
    assert len(torrent.warnings) == MAX_WARNINGS + 1
    assert torrent.warnings[:2] == ('"?" is saved as "_"', '"?" is saved as "_.1"')
    assert torrent.warnings[-1] == f"and {92 - MAX_WARNINGS} more warnings"


def test_a_hybrid_is_read_as_v1() -> None:
    torrent = parsed(create_torrent("n", {"a": bytes(20_000), "b": b"x"}, piece_length=16384, hybrid=True))
    assert torrent.is_hybrid
    assert torrent.warnings == ()
    assert torrent.geometry.piece_count == 3


def test_a_hybrid_whose_halves_differ_is_told() -> None:
    torrent = parsed(raw(meta_version=2, file_tree={b"other": {b"": {b"length": 20}}}))
    assert torrent.is_hybrid
    assert torrent.warnings == (
        "the v1 and v2 halves of this hybrid torrent do not agree: their names, lengths or order differ; "
        "the v1 half is used",
    )


def test_a_torrent_is_itself_and_prints_short() -> None:
    torrent = parsed(raw())
    assert hash(torrent) == hash(torrent)
    assert torrent != parsed(raw())
    assert len(repr(torrent)) < 500


def test_a_refusal_of_bencode_py_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(data: bytes) -> Value:
        raise bencodepy.BencodeDecodeError("exceeded maximum depth")

    monkeypatch.setattr(bencodepy, "decode", refuse)
    with pytest.raises(TorrentError) as raised:
        parsed(raw())
    assert str(raised.value) == ("this torrent file cannot be read: bencode.py says: exceeded maximum depth at byte 0")


def test_damaged_torrents_raise_nothing_else_and_agree_with_libtorrent() -> None:
    """Where libtorrent reads a damaged torrent, too, it sees the same info-hash, length and pieces."""
    dice = random.Random(4)
    seeds = [
        create_torrent("n", {"a/b": bytes(40_000), "c": b"x", "d": b""}, piece_length=16384, padding=True),
        create_torrent("n", {"a/b": bytes(40_000), "c": b"x"}, piece_length=16384, hybrid=True),
        create_torrent("n", bytes(20_000), trackers=[["http://a/"], ["udp://b:1/"]], web_seeds=["http://c/"]),
    ]
    agreed = 0
    for _ in range(2000):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.randint(1, 2)):
            at = dice.randrange(len(data))
            data[at] = dice.choice([dice.randrange(256), *b"0123456789deli:/."])
        try:
            ours = parse_torrent(bytes(data))
            theirs = lt.load_torrent_buffer(bytes(data)).ti
        except (TorrentError, RuntimeError):
            continue
        assert theirs is not None
        assert ours.info_hash == theirs.info_hashes().v1.to_bytes()
        assert ours.geometry.total_length == theirs.layout().total_size()
        assert ours.geometry.piece_count == theirs.num_pieces()
        agreed += 1
    assert agreed > 300
