"""The bencoding door: strict, bounded, exact about what is wrong and where."""

import subprocess
import sys
import time

import bencodepy
import pytest

from torrent_peer.core import bencoding
from torrent_peer.core.bencoding import (
    RESUME,
    TORRENT,
    TRACKER,
    WIRE,
    BencodeError,
    Encodable,
    Limits,
    Raw,
    Value,
    decode,
    decode_prefix,
    encode,
    scan,
)
from torrent_peer.core.ids import InfoHash

HANGS_BENCODE_PY = [b"d1:ai1e-6:e", b"d1:al1:ae-8:e", b"ld0:0:0:0:-5:"]
SMALL = Limits(size=64, depth=3, items=8, integer_digits=5)


def nested(depth: int) -> bytes:
    return b"l" * depth + b"e" * depth


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"4:spam", b"spam"),
        (b"0:", b""),
        (b"i3e", 3),
        (b"i-3e", -3),
        (b"i0e", 0),
        (b"i10e", 10),
        (b"i9223372036854775807e", 2**63 - 1),
        (b"i-9223372036854775808e", -(2**63)),
        (b"le", []),
        (b"de", {}),
        (b"l4:spam4:eggse", [b"spam", b"eggs"]),
        (b"d3:cow3:moo4:spam4:eggse", {b"cow": b"moo", b"spam": b"eggs"}),
        (b"d4:spaml1:a1:bee", {b"spam": [b"a", b"b"]}),
        (b"d0:d0:leee", {b"": {b"": []}}),
        (b"d1:ai1e2:aai2ee", {b"a": 1, b"aa": 2}),
    ],
)
def test_the_examples_of_bep_3_and_their_corners_are_read(data: bytes, value: Value) -> None:
    for form in (data, bytearray(data), memoryview(data)):
        assert decode(form, limits=WIRE) == value
    assert encode(value) == data


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "the data end too early at byte 0"),
        (b"x", "byte 0x78 starts no value at byte 0"),
        (b"e", "no value before this `e` at byte 0"),
        (b"lex", "there are more bytes behind the value at byte 2"),
        (b"i1ei2e", "there are more bytes behind the value at byte 3"),
        (b"l", "the data end too early at byte 1 ([0])"),
        (b"li1e", "the data end too early at byte 4 ([1])"),
        (b"d", "the data end too early at byte 1"),
        (b"d1:a", "the data end too early at byte 4 (a)"),
        (b"d1:ae", "no value before this `e` at byte 4 (a)"),
        (b"di1e0:e", "a dictionary key is not a string at byte 1"),
        (b"dlei1ee", "a dictionary key is not a string at byte 1"),
        (b"i", "the data end inside an integer at byte 0"),
        (b"i-", "the data end inside an integer at byte 0"),
        (b"i12", "the data end inside an integer at byte 0"),
        (b"ie", "an integer has no digits at byte 0"),
        (b"i-e", "an integer has no digits at byte 0"),
        (b"i-0e", "an integer is -0 at byte 0"),
        (b"i03e", "an integer has a leading zero at byte 0"),
        (b"i-01e", "an integer has a leading zero at byte 0"),
        (b"i+1e", "an integer holds the byte 0x2b at byte 0"),
        (b"i 1e", "an integer holds the byte 0x20 at byte 0"),
        (b"i1 e", "an integer holds the byte 0x20 at byte 0"),
        (b"i1\ne", "an integer holds the byte 0x0a at byte 0"),
        (b"i1_0e", "an integer holds the byte 0x5f at byte 0"),
        (b"i1.5e", "an integer holds the byte 0x2e at byte 0"),
        (b"i--1e", "an integer holds the byte 0x2d at byte 0"),
        ("i٣e".encode(), "an integer holds the byte 0xd9 at byte 0"),
        (b"i9223372036854775808e", "an integer does not fit in 64 bits at byte 0"),
        (b"i-9223372036854775809e", "an integer does not fit in 64 bits at byte 0"),
        (b"i99999999999999999999e", "an integer does not fit in 64 bits at byte 0"),
        (b"i999999999999999999999e", "an integer has more than 20 digits at byte 0"),
        (b"3", "the data end inside a string length at byte 0"),
        (b"3:ab", "a string of 3 bytes goes beyond the end of the data at byte 0"),
        (b"01:a", "a string length has a leading zero at byte 0"),
        (b"00:", "a string length has a leading zero at byte 0"),
        (b"-1:a", "a string length is negative at byte 0"),
        (b"-", "a string length is negative at byte 0"),
        (b"+1:a", "byte 0x2b starts no value at byte 0"),
        (b" 1:a", "byte 0x20 starts no value at byte 0"),
        (b"1_0:", "a string length holds the byte 0x5f at byte 0"),
        (b"1 :a", "a string length holds the byte 0x20 at byte 0"),
        (b"9223372036854775808:", "a string of 9223372036854775808 bytes goes beyond the end of the data at byte 0"),
        (b"999999999999999999999:", "a string length has more than 20 digits at byte 0"),
        (b"d1:ai1e1:ai2ee", "the key a is there twice at byte 7"),
        (b"d1:bi1e1:ai2e1:bi3ee", "the key b is there twice at byte 13"),
        (b"d0:i1e0:i2ee", 'the key "" is there twice at byte 6'),
        (b"d4:infod5:filesld1:xi1eed6:lengthi-0eeeee", "an integer is -0 at byte 33 (info.files[1].length)"),
        (b"d9:file treed1:ad0:d6:lengthi01eeeee", 'an integer has a leading zero at byte 28 (file tree.a."".length)'),
        (b"d3:\x00\xffai01ee", r"an integer has a leading zero at byte 6 (\x00\xffa)"),
        (
            b"d50:" + b"k" * 50 + b"i01ee",
            "an integer has a leading zero at byte 54 (kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…)",
        ),
        (b"d1:ai1e-6:e", "a string length is negative at byte 7"),
        (b"d1:al1:ae-8:e", "a string length is negative at byte 9"),
        (b"d-4:e", "a string length is negative at byte 1"),
    ],
)
def test_what_is_not_canonical_is_refused_with_reason_and_place(data: bytes, error: str) -> None:
    with pytest.raises(BencodeError) as raised:
        decode(data, limits=TORRENT)
    assert str(raised.value) == error


def test_an_error_keeps_its_parts() -> None:
    with pytest.raises(BencodeError) as raised:
        decode(b"d4:infod6:pieces01:xee", limits=TORRENT)
    assert raised.value.reason == "a string length has a leading zero"
    assert raised.value.offset == 16
    assert raised.value.path == "info.pieces"


@pytest.mark.parametrize("limits", [WIRE, TRACKER, TORRENT, RESUME])
@pytest.mark.parametrize(
    "data",
    [
        *HANGS_BENCODE_PY,
        b"l" * 1_000_000,
        b"d" * 1_000_000,
        b"d1:a" * 250_000,
        nested(20_000),
        b"9" * 1_000_000,
        b"i" + b"9" * 1_000_000 + b"e",
        b"9223372036854775807:a",
        b"18446744073709551616:a",
        b"-" * 1_000_000,
    ],
    ids=lambda data: f"{data[:16]!r}x{len(data)}",
)
def test_hostile_input_is_refused_at_once(data: bytes, limits: Limits) -> None:
    started = time.thread_time()
    with pytest.raises(BencodeError) as raised:
        decode(data, limits=limits)
    assert time.thread_time() - started < 0.25  # in truth a fifth of a millisecond; copying a megabyte counts
    assert len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"60:" + bytes(62), "65 bytes are more than the 64 allowed at byte 0"),
        (nested(4), "containers are nested more than 3 deep at byte 3 ([0][0][0])"),
        (b"l" + b"0:" * 9 + b"e", "there are more than 8 values at byte 19 ([8])"),
        (b"d" + b"".join(b"1:%ci0e" % c for c in b"abcde") + b"e", "there are more than 8 values at byte 31 (e)"),
        (b"i123456e", "an integer has more than 5 digits at byte 0"),
    ],
)
def test_each_limit_holds(data: bytes, error: str) -> None:
    with pytest.raises(BencodeError) as raised:
        decode(data, limits=SMALL)
    assert str(raised.value) == error


@pytest.mark.parametrize("data", [b"61:" + bytes(61), nested(3), b"l" + b"0:" * 7 + b"e", b"i-12345e"])
def test_each_limit_may_be_reached(data: bytes) -> None:
    assert encode(decode(data, limits=SMALL)) == data


@pytest.mark.parametrize("depth", [0, 101])
def test_no_limits_may_let_bencode_py_recurse_deeper_than_it_can(depth: int) -> None:
    with pytest.raises(ValueError, match="'depth' must be in"):
        Limits(size=1, depth=depth, items=1)


def test_a_hundred_deep_is_read_and_written() -> None:
    assert encode(decode(nested(100), limits=TORRENT)) == nested(100)
    with pytest.raises(BencodeError, match="nested more than 100 deep at byte 100"):
        decode(nested(101), limits=TORRENT)


def test_a_long_path_is_cut_in_the_middle() -> None:
    data = b"".join(b"d8:%08d" % i for i in range(40)) + b"x"
    with pytest.raises(BencodeError) as raised:
        decode(data, limits=TORRENT)
    assert len(raised.value.path) == 121
    assert raised.value.path.startswith("00000000.00000001.")
    assert raised.value.path.endswith(".00000038.00000039")


def test_a_prefix_is_read_and_its_end_told() -> None:
    head = b"d8:msg_typei1e5:piecei0e10:total_sizei34256ee"
    value, end = decode_prefix(memoryview(head + b"d1:ai1e-6:e"), limits=WIRE)
    assert value == {b"msg_type": 1, b"piece": 0, b"total_size": 34256}
    assert end == len(head)


def test_bytes_behind_a_prefix_count_towards_the_size() -> None:
    with pytest.raises(BencodeError, match="65 bytes are more than the 64 allowed at byte 0"):
        decode_prefix(b"le" + bytes(63), limits=SMALL)


def test_spans_show_where_each_top_level_value_lies() -> None:
    data = b"d8:announce3:url4:infod5:filesld6:lengthi1eee4:name1:xe6:lengthi5ee"
    found = scan(data + b"\n", limits=TORRENT)
    assert found.end == len(data)
    assert {key: data[start:end] for key, (start, end) in found.spans.items()} == {
        b"announce": b"3:url",
        b"info": b"d5:filesld6:lengthi1eee4:name1:xe",
        b"length": b"i5e",
    }
    assert scan(b"l4:infoi1ee", limits=WIRE).spans == {}


def test_unsorted_keys_are_noted_and_kept_in_their_order() -> None:
    data = b"d1:bi1e1:ad1:zi1e1:yi2eee"
    found = scan(data, limits=WIRE)
    assert found.notes == ("the key a is out of order at byte 7", "the key y is out of order at byte 17 (a)")
    value = found.decode()
    assert isinstance(value, dict)
    assert list(value) == [b"b", b"a"]


def test_notes_are_few() -> None:
    data = b"d" + b"".join(b"2:%02di0e" % i for i in range(99, -1, -1)) + b"e"
    assert len(scan(data, limits=WIRE).notes) == bencoding.MAX_NOTES


def test_bencode_py_itself_still_hangs() -> None:
    """When this fails, bencode.py has been mended upstream, and the door's first reason to exist is history."""
    program = f"import bencodepy; bencodepy.decode({HANGS_BENCODE_PY[0]!r})"
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-I", "-c", program], timeout=0.8, check=False, capture_output=True)


def test_a_refusal_of_bencode_py_is_the_doors_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(data: bytes) -> Value:
        raise bencodepy.BencodeDecodeError("exceeded maximum depth")

    monkeypatch.setattr(bencodepy, "decode", refuse)
    with pytest.raises(BencodeError) as raised:
        decode(b"le", limits=WIRE)
    assert str(raised.value) == "bencode.py says: exceeded maximum depth at byte 0"


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (InfoHash(b"h" * 20), b"20:" + b"h" * 20),
        (bytearray(b"ab"), b"2:ab"),
        (memoryview(b"ab"), b"2:ab"),
        (True, b"i1e"),
        ((1, b"a"), b"li1e1:ae"),
        ({b"b": 1, b"a": 2}, b"d1:ai2e1:bi1ee"),
        ({b"info": Raw(b"d1:b0:1:a0:e")}, b"d4:infod1:b0:1:a0:ee"),
        ([Raw(b"i1e"), [Raw(b"le")]], b"li1elleee"),
    ],
)
def test_other_forms_and_raw_bencoding_are_written(value: Encodable, data: bytes) -> None:
    assert encode(value) == data


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (None, TypeError, "bencoding has no NoneType"),
        ("text", TypeError, "bencoding has no str"),
        (1.5, TypeError, "bencoding has no float"),
        ([{b"a": {1, 2}}], TypeError, "bencoding has no set"),
        ({"a": 1}, TypeError, "a dictionary key must be bytes"),
        (2**63, ValueError, "an integer does not fit in 64 bits"),
        (decode(nested(100), limits=TORRENT), None, ""),
        ([decode(nested(100), limits=TORRENT)], ValueError, "containers are nested more than 100 deep"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(
    value: Encodable, error: type[Exception] | None, text: str
) -> None:
    if error is None:
        assert encode(value) == nested(100)
        return
    with pytest.raises(error) as raised:
        encode(value)
    assert str(raised.value) == text
