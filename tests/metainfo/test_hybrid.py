"""The two halves of a hybrid torrent: the same files, or a reason why not."""

import pytest

from torrent_peer.core.bencoding import Value
from torrent_peer.metainfo.fields import Fields
from torrent_peer.metainfo.files import read_listed
from torrent_peer.metainfo.hybrid import disagreement, is_v2

A: dict[bytes, Value] = {b"length": 20, b"path": [b"a"]}
PAD: dict[bytes, Value] = {b"length": 12, b"path": [b".pad", b"12"], b"attr": b"p"}
B: dict[bytes, Value] = {b"length": 5, b"path": [b"d", b"b"]}
EMPTY: dict[bytes, Value] = {b"length": 0, b"path": [b"d", b"c"]}
LINK: dict[bytes, Value] = {b"path": [b"l"], b"attr": b"l"}


def leaf(length: Value) -> dict[bytes, Value]:
    return {b"": {b"length": length, b"pieces root": bytes(32)}}


TREE: dict[bytes, Value] = {b"a": leaf(20), b"d": {b"b": leaf(5), b"c": leaf(0)}, b"l": {b"": {b"attr": b"l"}}}


def difference(files: list[Value], tree: Value, version: Value = 2) -> str | None:
    info = Fields({b"name": b"top", b"files": files, b"file tree": tree, b"meta version": version}, "info")
    return disagreement(info, read_listed(info, None), piece_length=16)


def test_halves_that_agree() -> None:
    assert difference([A, PAD, B, EMPTY, LINK], TREE) is None


def test_a_single_file_agrees_under_its_name() -> None:
    values: dict[bytes, Value] = {b"name": b"top", b"length": 9, b"meta version": 2, b"file tree": {b"top": leaf(9)}}
    info = Fields(values, "info")
    assert disagreement(info, read_listed(info, None), piece_length=16) is None


@pytest.mark.parametrize(
    ("files", "tree", "reason"),
    [
        ([A, PAD, EMPTY, B], TREE, "their names, lengths or order differ"),
        ([A, PAD, B], TREE, "their names, lengths or order differ"),
        ([A, PAD, {**B, b"length": 6}, EMPTY], TREE, "their names, lengths or order differ"),
        ([A, B, EMPTY], TREE, "a file does not begin on a piece"),
        ([A], 5, "`file tree` is malformed"),
        ([A], {b"a": 5}, "`file tree` is malformed"),
        ([A], {b"a": {b"": 5}}, "`file tree` is malformed"),
        ([A], {b"a": leaf(b"20")}, "`file tree` is malformed"),
        ([A], {b"a": {**leaf(20), b"b": leaf(1)}}, "`file tree` is malformed"),
        ([A], {b"a": {b"": {b"attr": 5}}}, "`file tree` is malformed"),
    ],
)
def test_how_halves_disagree(files: list[Value], tree: Value, reason: str) -> None:
    assert difference(files, tree) == reason


def test_a_hybrid_without_a_tree_is_none() -> None:
    info = Fields({b"name": b"top", b"files": [A], b"meta version": 2}, "info")
    assert disagreement(info, read_listed(info, None), piece_length=16) == "`file tree` is malformed"


@pytest.mark.parametrize("version", [1, 3, b"2", []])
def test_another_version_is_no_agreement(version: Value) -> None:
    assert difference([A, PAD, B, EMPTY], TREE, version) == "`meta version` is not 2"


@pytest.mark.parametrize(
    ("info", "v2"), [({}, False), ({b"meta version": 2}, True), ({b"file tree": {}}, True), ({b"pieces": b""}, False)]
)
def test_what_speaks_of_v2(info: dict[bytes, Value], v2: bool) -> None:
    assert is_v2(Fields(info)) is v2
