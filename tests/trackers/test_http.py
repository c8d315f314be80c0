"""The HTTP protocol as text: queries built, bodies believed or refused."""

import time
from contextlib import suppress
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.trackers.announce import (
    AnnounceRequest,
    AnnounceResponse,
    Event,
    Intervals,
    ScrapeEntry,
    TrackerError,
)
from torrent_peer.trackers.http import announce_target, parse_announce, parse_scrape, refusal, scrape_target
from torrent_peer.trackers.url import TrackerUrl

INFO_HASH = InfoHash(bytes.fromhex("00207f80ff2b2f3f26253d41617a30392d2e5f7e"))
QUOTED = "%00%20%7F%80%FF%2B%2F%3F%26%25%3DAaz09-._~"
PLAIN = AnnounceRequest(
    info_hash=INFO_HASH,
    peer_id=PeerId(b"-TP0001-abcdefghijkl"),
    port=6881,
    uploaded=1,
    downloaded=2,
    left=3,
    key=0xABC,
)
COMMON = (
    f"info_hash={QUOTED}&peer_id=-TP0001-abcdefghijkl&port=6881&uploaded=1&downloaded=2&left=3"
    "&compact=1&numwant=200&key=00000abc"
)


def with_event(event: Event, tracker_id: bytes | None = None) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=INFO_HASH,
        peer_id=PLAIN.peer_id,
        port=6881,
        uploaded=1,
        downloaded=2,
        left=3,
        key=0xABC,
        event=event,
        tracker_id=tracker_id,
    )


@pytest.mark.parametrize(
    ("url", "request_", "target"),
    [
        ("http://t.example/announce", PLAIN, f"/announce?{COMMON}"),
        ("http://t.example/announce?passkey=x%2Fy", PLAIN, f"/announce?passkey=x%2Fy&{COMMON}"),
        ("http://t.example", PLAIN, f"/?{COMMON}"),
        ("http://t.example/a", with_event(Event.STARTED), f"/a?{COMMON}&event=started"),
        ("http://t.example/a", with_event(Event.COMPLETED), f"/a?{COMMON}&event=completed"),
        ("http://t.example/a", with_event(Event.STOPPED, b"\xff&"), f"/a?{COMMON}&event=stopped&trackerid=%FF%26"),
    ],
)
def test_the_query_of_an_announce(url: str, request_: AnnounceRequest, target: str) -> None:
    assert announce_target(TrackerUrl.parse(url), request_) == target


@given(st.binary(min_size=20, max_size=20))
def test_every_byte_of_an_info_hash_survives_the_query(raw: bytes) -> None:
    target = scrape_target(TrackerUrl.parse("http://t.example/announce"), [InfoHash(raw)])
    assert target.isascii()
    assert unquote_to_bytes(target.partition("info_hash=")[2]) == raw


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://t.example/announce", "/scrape?"),
        ("http://t.example/x/announce", "/x/scrape?"),
        ("http://t.example/announce.php", "/scrape.php?"),
        ("http://t.example/announce?x2%0644", "/scrape?x2%0644&"),
    ],
)
def test_the_scrape_page_is_beside_the_announce_page(url: str, path: str) -> None:
    assert scrape_target(TrackerUrl.parse(url), [INFO_HASH]) == f"{path}info_hash={QUOTED}"


@pytest.mark.parametrize("url", ["http://t.example/a", "http://t.example/x%064announce", "http://t.example/announce/x"])
def test_a_tracker_without_the_convention_cannot_be_scraped(url: str) -> None:
    with pytest.raises(TrackerError) as caught:
        scrape_target(TrackerUrl.parse(url), [INFO_HASH])
    assert str(caught.value) == "its URL does not end in /announce, so it cannot be asked for a scrape (BEP 48)"


V6 = bytes.fromhex("20010db8000000000000000000000001") + b"\0\x50"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"d8:intervali900e5:peers0:e", AnnounceResponse(interval=900.0)),
        (b"d5:peers0:e", AnnounceResponse(interval=1800.0)),
        (b"de", AnnounceResponse(interval=1800.0)),
        (
            b"d8:completei3e10:incompletei4e8:intervali900e12:min intervali300e5:peers6:\x7f\0\0\1\0\x50"
            b"6:peers618:" + V6 + b"10:tracker id3:abc15:warning message4:hmm\ne",
            AnnounceResponse(
                interval=900.0,
                min_interval=300.0,
                peers=(Address("127.0.0.1", 80), Address("2001:db8::1", 80)),
                seeders=3,
                leechers=4,
                warning="hmm",
                tracker_id=b"abc",
            ),
        ),
        (
            b"d8:intervali900e5:peersld2:ip9:127.0.0.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti80eeee",
            AnnounceResponse(interval=900.0, peers=(Address("127.0.0.1", 80),)),
        ),
        (b"d11:external ip4:\xc0\0\2\1e", AnnounceResponse(interval=1800.0, external_ip="192.0.2.1")),
        (b"d11:external ip16:" + V6[:16] + b"e", AnnounceResponse(interval=1800.0, external_ip="2001:db8::1")),
        (b"d11:external ip3:abce", AnnounceResponse(interval=1800.0)),
        (b"d8:completei-1e10:incomplete1:xe", AnnounceResponse(interval=1800.0)),
        (b"d10:tracker id300:" + b"x" * 300 + b"e", AnnounceResponse(interval=1800.0)),
        (
            b"d5:peers7:\x7f\0\0\1\0\x50x8:intervali900ee",
            AnnounceResponse(
                interval=900.0,
                peers=(Address("127.0.0.1", 80),),
                oddities=("its compact peers end with 1 bytes that are no whole entry of 6",),
            ),
        ),
    ],
)
def test_what_an_answer_says(body: bytes, expected: AnnounceResponse) -> None:
    assert parse_announce(body) == expected


@pytest.mark.parametrize(
    ("interval", "clamped"),
    [(0, 60.0), (-5, 60.0), (1, 60.0), (2**62, 86400.0), (2**63 - 1, 86400.0), (-(10**18), 60.0)],
)
def test_a_hostile_interval_is_clamped(interval: int, clamped: float) -> None:
    answer = parse_announce(b"d8:intervali%de12:min intervali%dee" % (interval, interval))
    assert (answer.interval, answer.min_interval) == (clamped, clamped)


def test_the_clamp_is_the_callers() -> None:
    assert parse_announce(b"d8:intervali1ee", intervals=Intervals(shortest=1)).interval == 1.0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "its answer is empty"),
        (b"  \r\n", "its answer is empty"),
        (b"<!DOCTYPE html><p>404", "it answered with a web page, not as a tracker"),
        (b"le", "its answer is not a dictionary"),
        (b"i7e", "its answer is not a dictionary"),
        (b"d8:interval4:1800e", "its interval is not a number"),
        (b"d12:min intervallee", "its min interval is not a number"),
        (b"d5:peersi7ee", "its peers are neither a string nor a list"),
        (b"d6:peers6lee", "its peers6 is not a string"),
        (b"d14:failure reason12:unregisterede", "it refused: unregistered"),
        (b"d14:failure reason9:a\nb\x1b[31mce", "it refused: a b [31mc"),
        (b"d14:failure reason0:e", "it refused: without a reason"),
        (b"d14:failure reasoni7ee", "it refused: without a reason"),
        (b"d14:failure reason2:no5:peers6:aaaaaae", "it refused: no"),
    ],
)
def test_what_is_no_answer(body: bytes, reason: str) -> None:
    with pytest.raises(TrackerError) as caught:
        parse_announce(body)
    assert (str(caught.value), caught.value.answered) == (reason, True)


@pytest.mark.parametrize(
    "body",
    [
        b"d8:intervali900e5:peers6:\x7f",
        b"d8:intervali900e5:peers600:",
        b"d8:interval",
        b"d8:intervali1e8:intervali2ee",
        b"di1e1:ae",
        b"d8:intervali01ee",
        b"d8:intervali" + b"9" * 100_000 + b"ee",
        b"d1:ai1e-6:e",
        b"l" * 500_000,
        b"d1:a" * 200_000,
        b"d5:peers99999999999999999999:",
        b"de" + b"x",
    ],
)
def test_broken_bencoding_is_one_line_and_takes_no_time(body: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(TrackerError) as caught:
        parse_announce(body)
    assert str(caught.value).startswith("its answer is not bencoded: ")
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("field", "retry_in", "never"),
    [
        (b"", None, False),
        (b"8:retry ini5e", 300.0, False),
        (b"8:retry in1:5", 300.0, False),
        (b"8:retry in5:never", None, True),
        (b"8:retry ini0e", None, False),
        (b"8:retry ini-5e", None, False),
        (b"8:retry ini999999999999999999e", 86400.0, False),
        (b"8:retry in4:soon", None, False),
        (b"8:retry inle", None, False),
    ],
)
def test_a_refusal_may_say_when_to_ask_again(field: bytes, retry_in: float | None, never: bool) -> None:
    error = refusal(b"d14:failure reason4:busy" + field + b"e")
    assert error is not None
    assert (error.reason, error.retry_in, error.never) == ("it refused: busy", retry_in, never)


@pytest.mark.parametrize("body", [b"", b"Not Found", b"d5:peers0:e", b"<html>"])
def test_an_error_page_is_no_refusal(body: bytes) -> None:
    assert refusal(body) is None


def test_a_scrapes_counts() -> None:
    body = b"d5:filesd20:" + INFO_HASH + b"d8:completei5e10:downloadedi50e10:incompletei10eeee"
    assert parse_scrape(body) == {INFO_HASH: ScrapeEntry(seeders=5, completed=50, leechers=10)}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"de", "its scrape has no dictionary of files"),
        (b"d5:filesd3:abcdeee", "its scrape has an entry that is no torrent's"),
        (b"d5:filesd20:" + INFO_HASH + b"i7eee", "its scrape has an entry that is no torrent's"),
        (b"d14:failure reason2:noe", "it refused: no"),
    ],
)
def test_what_is_no_scrape(body: bytes, reason: str) -> None:
    with pytest.raises(TrackerError) as caught:
        parse_scrape(body)
    assert str(caught.value) == reason


@given(st.binary(max_size=200))
def test_no_body_raises_anything_but_a_tracker_error(body: bytes) -> None:
    for parse in (parse_announce, parse_scrape):
        with suppress(TrackerError):
            parse(body)
