"""Tracker URLs: what is read out of them, and which are refused in which words."""

import pytest

from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.url import TrackerUrl


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://tracker.example/announce", TrackerUrl("http", "tracker.example", 80, "/announce", "")),
        ("https://t.example/announce", TrackerUrl("https", "t.example", 443, "/announce", "")),
        ("HTTP://T.Example:6969/Announce", TrackerUrl("http", "t.example", 6969, "/Announce", "")),
        ("http://t.example", TrackerUrl("http", "t.example", 80, "/", "")),
        ("http://t.example/a?passkey=1&x", TrackerUrl("http", "t.example", 80, "/a", "passkey=1&x")),
        ("http://t.example/a#here", TrackerUrl("http", "t.example", 80, "/a", "")),
        ("udp://[2001:db8::1]:6969", TrackerUrl("udp", "2001:db8::1", 6969, "/", "")),
        ("http://u:p%40w@t.example/a", TrackerUrl("http", "t.example", 80, "/a", "", "u:p%40w")),
        ("http://t.example/ä b%20c?ü", TrackerUrl("http", "t.example", 80, "/%C3%A4%20b%20c", "%C3%BC")),
        ("http://bücher.example/a", TrackerUrl("http", "xn--bcher-kva.example", 80, "/a", "")),
        (" http://t.example/a ", TrackerUrl("http", "t.example", 80, "/a", "")),
    ],
)
def test_a_url_is_taken_apart(url: str, expected: TrackerUrl) -> None:
    assert TrackerUrl.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("wss://t.example/announce", "wss trackers are not supported, only http, https and udp"),
        ("file:///etc/passwd", "file trackers are not supported, only http, https and udp"),
        ("t.example/announce", "without a scheme trackers are not supported, only http, https and udp"),
        ("http://", "its URL names no host"),
        ("http:///announce", "its URL names no host"),
        ("http://t.example:0/", "its URL names port 0"),
        ("http://t.example:65536/", "its URL cannot be read"),
        ("http://t.example:port/", "its URL cannot be read"),
        ("http://[::1/", "its URL cannot be read"),
        ("udp://t.example/announce", "its URL names no port, and udp trackers have no usual one"),
        ("http://t.example/a\r\nHost: victim", "its URL contains control characters"),
        ("http://t.example\x00/", "its URL contains control characters"),
        ("http://t exa<mple/", "its URL's host name has characters no host name has"),
        ("http://" + "ü" * 80 + "/", "its URL's host name is not valid IDNA"),
        ("http://t.example/" + "a" * 4096, "its URL has 4113 characters; more than 4096 are refused"),
    ],
)
def test_an_impossible_url_is_refused_for_good(url: str, reason: str) -> None:
    with pytest.raises(TrackerError) as caught:
        TrackerUrl.parse(url)
    assert (str(caught.value), caught.value.never) == (reason, True)


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("http://t.example/", "t.example"),
        ("http://t.example:80/", "t.example"),
        ("https://t.example:80/", "t.example:80"),
        ("http://[::1]/", "[::1]"),
        ("udp://[::1]:7", "[::1]:7"),
    ],
)
def test_the_host_header_has_brackets_and_port_where_they_are_due(url: str, header: str) -> None:
    assert TrackerUrl.parse(url).host_and_port == header


def test_the_password_is_not_in_the_repr() -> None:
    assert "secret" not in repr(TrackerUrl.parse("http://me:secret@t.example/"))
