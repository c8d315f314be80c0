"""Typed reading of dictionaries: the right type, or an error that names the key."""

from collections.abc import Callable

import pytest

from torrent_peer.core.bencoding import Value
from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.fields import Fields, kind_of

FIELDS = Fields({b"number": 5, b"text": b"x", b"texts": [b"a", b"b"], b"mixed": [b"a", 1], b"inner": {b"deep": 1}})


def test_what_is_right_is_read() -> None:
    assert FIELDS.integer("number", least=5, most=5) == 5
    assert FIELDS.string("text") == b"x"
    assert FIELDS.strings("texts") == [b"a", b"b"]
    assert list(FIELDS.items("mixed")) == [("mixed[0]", b"a"), ("mixed[1]", 1)]
    assert FIELDS.get("text") == b"x"
    assert FIELDS.get("none") is None


def test_paths_grow_with_depth() -> None:
    inner = FIELDS.dictionary("inner")
    assert inner.path == "inner"
    assert inner.at("deep") == "inner.deep"
    assert Fields.of({}, "info.files[3]").at("length") == "info.files[3].length"


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda: FIELDS.integer("none", least=0, most=9), "none: is missing"),
        (lambda: FIELDS.integer("text", least=0, most=9), "text: should be an integer, but is a string"),
        (lambda: FIELDS.integer("number", least=6, most=9), "number: 5 is outside 6 to 9"),
        (lambda: FIELDS.integer("number", least=0, most=4), "number: 5 is outside 0 to 4"),
        (lambda: FIELDS.string("number"), "number: should be a string, but is an integer"),
        (lambda: FIELDS.strings("text"), "text: should be a list, but is a string"),
        (lambda: FIELDS.strings("mixed"), "mixed[1]: should be a string, but is an integer"),
        (lambda: FIELDS.dictionary("texts"), "texts: should be a dictionary, but is a list"),
        (lambda: FIELDS.items("none"), "none: is missing"),
        (lambda: FIELDS.dictionary("inner").string("deep"), "inner.deep: should be a string, but is an integer"),
        (lambda: Fields.of(1, "info"), "info: should be a dictionary, but is an integer"),
    ],
)
def test_what_is_wrong_is_named(read: Callable[[], object], error: str) -> None:
    with pytest.raises(TorrentError) as raised:
        read()
    assert str(raised.value) == error


@pytest.mark.parametrize(
    ("value", "kind"), [(1, "an integer"), (b"", "a string"), ([], "a list"), ({}, "a dictionary")]
)
def test_kinds_have_names(value: Value, kind: str) -> None:
    assert kind_of(value) == kind
