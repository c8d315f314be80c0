"""Trackers and web seeds: what can be used is kept in its order, the rest is a warning and never an error."""

import pytest

from torrent_peer.core.bencoding import Value
from torrent_peer.metainfo.fields import Fields
from torrent_peer.metainfo.urls import MAX_URLS, read_trackers, read_web_seeds

A, B, C = b"http://a.example/announce", b"udp://b.example:80/announce", b"https://c.example:443/announce?key=1"


def trackers(values: dict[bytes, Value]) -> tuple[tuple[tuple[str, ...], ...], list[str]]:
    warnings: list[str] = []
    return read_trackers(Fields(values), warnings), warnings


def tiers(*tiers: tuple[bytes, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(url.decode() for url in tier) for tier in tiers)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ()),
        ({b"announce": A}, tiers((A,))),
        ({b"announce": b""}, ()),
        ({b"announce": b"  " + A + b"\n"}, tiers((A,))),
        ({b"announce": A, b"announce-list": [[B], [C]]}, tiers((B,), (C,))),  # BEP 12: `announce` is ignored
        ({b"announce": A, b"announce-list": [[B, C], [A]]}, tiers((B, C), (A,))),
        ({b"announce": A, b"announce-list": []}, tiers((A,))),
        ({b"announce": A, b"announce-list": [[], [b""]]}, tiers((A,))),
        ({b"announce-list": [B, [C]]}, tiers((B,), (C,))),
        ({b"announce-list": [[A, A], [A, B], [B]]}, tiers((A,), (B,))),
        ({b"announce": b"http://a.example/an nounce"}, (("http://a.example/an%20nounce",),)),
        ({b"announce": b"http://[2001:db8::1]:80/"}, (("http://[2001:db8::1]:80/",),)),
        ({b"announce": "http://ä.example/".encode()}, (("http://ä.example/",),)),
        ({b"announce": b"HTTP://A.example/"}, (("HTTP://A.example/",),)),
    ],
)
def test_tiers_are_kept_in_their_order(values: dict[bytes, Value], expected: tuple[tuple[str, ...], ...]) -> None:
    assert trackers(values) == (expected, [])


@pytest.mark.parametrize(
    ("announce", "warning"),
    [
        (b"wss://a/", "tracker wss://a/ is left out: only http, https and udp can be used"),
        (b"a.example:80", "tracker a.example:80 is left out: only http, https and udp can be used"),
        (b"file:///etc/passwd", "tracker file:///etc/passwd is left out: only http, https and udp can be used"),
        (b"http:///announce", "tracker http:///announce is left out: its host or port is not valid"),
        (b"http://a:0/", "tracker http://a:0/ is left out: its host or port is not valid"),
        (b"http://a:65536/", "tracker http://a:65536/ is left out: its host or port is not valid"),
        (b"http://[::1/", "tracker http://[::1/ is left out: its host or port is not valid"),
        (b"udp://a/", "tracker udp://a/ is left out: a udp address needs a port"),
        (b"http://a/\r\nX", "tracker http://a/  X is left out: it has control characters"),
        (b"http://a/\x1b[2J", "tracker http://a/\\x1b[2J is left out: it has control characters"),
        (b"http://a/" + b"x" * 2040, f"tracker http://a/{'x' * 71}… is left out: it is 2049 characters long"),
        (5, "announce should be a string, but is an integer; it is left out"),
        ([A], "announce should be a string, but is a list; it is left out"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_a_warning(announce: Value, warning: str) -> None:
    assert trackers({b"announce": announce}) == ((), [warning])
    assert trackers({b"announce": announce, b"announce-list": [[B]]}) == (tiers((B,)), [])


def test_one_bad_address_does_not_cost_its_tier() -> None:
    found, warnings = trackers({b"announce-list": [[b"wss://a", B, 5], [b"ftp://c"], {}]})
    assert found == tiers((B,))
    assert warnings == [
        "tracker wss://a is left out: only http, https and udp can be used",
        "announce-list[0][2] should be a string, but is an integer; it is left out",
        "tracker ftp://c is left out: only http, https and udp can be used",
        "announce-list[2] should be a string, but is a dictionary; it is left out",
    ]


def test_a_list_that_is_none_is_left_out() -> None:
    assert trackers({b"announce": A, b"announce-list": A}) == (
        tiers((A,)),
        ["announce-list should be a list, but is a string; it is left out"],
    )


def test_there_is_an_end_to_addresses() -> None:
    many: list[Value] = [b"http://a/%d" % number for number in range(3000)]
    found, warnings = trackers({b"announce-list": [many]})
    assert len(found[0]) == MAX_URLS
    assert warnings == [f"more than {MAX_URLS} trackers; the rest is left out"]
    each_alone: list[Value] = [[url] for url in many]
    found, warnings = trackers({b"announce-list": each_alone})
    assert len(found) == MAX_URLS
    assert warnings[0] == "announce-list has 3000 entries; the first 2000 are looked at"


@pytest.mark.parametrize(
    ("value", "seeds", "warnings"),
    [
        (None, (), []),
        (b"", (), []),
        ([], (), []),
        (b"http://a/files/", ("http://a/files/",), []),
        ([b"http://a/", b"https://b/x y", b"http://a/"], ("http://a/", "https://b/x%20y"), []),
        (b"udp://a:1/", (), ["web seed udp://a:1/ is left out: only http and https can be used"]),
        ([5], (), ["url-list[0] should be a string, but is an integer; it is left out"]),
        (5, (), ["url-list should be a list, but is an integer; it is left out"]),
    ],
)
def test_web_seeds_are_one_string_or_a_list(value: Value | None, seeds: tuple[str, ...], warnings: list[str]) -> None:
    noted: list[str] = []
    assert read_web_seeds(Fields({} if value is None else {b"url-list": value}), noted) == seeds
    assert noted == warnings
