"""The bencoding door under random and damaged input: nothing but its own error, and the same answers as bencode.py."""

import random
import time

import bencodepy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.bencoding import TORRENT, WIRE, BencodeError, Value, decode, decode_prefix, encode, scan

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.binary(max_size=8), VALUES, max_size=5))
def test_every_span_is_the_bencoding_of_its_value(value: dict[bytes, Value]) -> None:
    data = encode(value)
    spans = scan(data, limits=TORRENT).spans
    assert {key: data[start:end] for key, (start, end) in spans.items()} == {
        key: encode(item) for key, item in value.items()
    }


@given(VALUES)
def test_what_is_written_is_read_again(value: Value) -> None:
    data = encode(value)
    assert decode(data, limits=TORRENT) == value
    assert bencodepy.decode(data) == value
    assert scan(data, limits=TORRENT).notes == ()


@given(VALUES, st.binary(max_size=30))
def test_a_prefix_ends_where_its_value_ends(value: Value, tail: bytes) -> None:
    data = encode(value)
    assert decode_prefix(data + tail, limits=TORRENT) == (value, len(data))


@given(VALUES, st.data())
def test_a_value_cut_short_is_refused(value: Value, draw: st.DataObject) -> None:
    data = encode(value)
    cut = draw.draw(st.integers(0, len(data) - 1))
    with pytest.raises(BencodeError):
        decode(data[:cut], limits=TORRENT)


def test_a_hundred_thousand_mutants_raise_nothing_else_and_read_as_in_bencode_py() -> None:
    dice = random.Random(2)
    seeds = [
        b"d1:md11:ut_metadatai3e6:ut_pexi1ee4:reqqi500e1:v4:1234e",
        b"d8:intervali1800e5:peersld2:ip3:::14:porti6881eeee",
        b"d4:infod5:filesld6:lengthi7e4:pathl1:a1:beee4:name1:n6:pieces0:ee",
        b"d1:ai1e1:bd1:cleee",
        b"d1:ai1e-6:e",
        b"ld0:0:0:0:-5:",
    ]
    spices = [b"i-6:e", b"-8:", b"i0e", b"i01e", b"d", b"l", b"e", b"0:", b"1:a", b"99:", b"i-1e", b"2:ab"]
    accepted = 0
    for _ in range(100_000):
        data = bytearray(dice.choice(seeds))
        at = int(dice.random() * len(data))
        kind = int(dice.random() * 3)
        if kind == 0:
            data[at] = int(dice.random() * 256)
        elif kind == 1:
            data[at : at + 1 + int(dice.random() * 4)] = dice.choice(spices)
        else:
            data[at:at] = dice.choice(spices)
        try:
            value = decode(data, limits=WIRE)
        except BencodeError:
            continue
        accepted += 1
        assert value == bencodepy.decode(bytes(data))
    assert accepted > 5_000


@given(st.binary(max_size=40) | st.text("dleieil0123456789:-ab", max_size=40).map(str.encode))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        value, end = decode_prefix(data, limits=WIRE)
    except BencodeError as error:
        offset = error.offset
    else:
        offset = end
        assert value == bencodepy.decode(data[:end])
    assert 0 <= offset <= len(data)


def test_time_grows_with_size_only() -> None:
    """Ten times the data may take some ten times as long; a quadratic reader would take a hundred."""

    def seconds(count: int) -> float:
        data = b"d" + b"".join(b"8:%08d3:abc" % i for i in range(count)) + b"e"
        times = []
        for _ in range(3):
            started = time.thread_time()
            scan(data, limits=TORRENT)
            times.append(time.thread_time() - started)
        return min(times)

    assert seconds(30_000) < 40 * seconds(3_000)
