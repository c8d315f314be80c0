"""The HTTP side of the local tracker, asked byte for byte, by honest and hostile clients."""

import pytest
import trio

from torrent_peer.core.bencoding import TRACKER, Value, decode
from torrent_peer.testing import tracker_http
from torrent_peer.testing.tracker import LocalTracker, open_local_tracker
from torrent_peer.trackers.announce import Event

INFO_HASH = b"\x00\x20\xff" + b"h" * 17
QUOTED = "%00%20%ff" + "h" * 17
QUERY = f"info_hash={QUOTED}&peer_id=-TP0001-00000000000{{}}&port=700{{}}&left=1"


def query(number: int = 1) -> str:
    return QUERY.format(number, number)


async def ask(tracker: LocalTracker, request: bytes) -> tuple[bytes, bytes]:
    """Status line and body of the answer to these bytes; the client then goes away."""
    stream = await trio.open_tcp_stream(*tracker.address)
    async with stream:
        await stream.send_all(request)
        await stream.send_eof()
        answer = b""
        while data := await stream.receive_some():
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], body


async def get(tracker: LocalTracker, target: str) -> Value:
    status, body = await ask(
        tracker, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1")
    )
    assert status == b"HTTP/1.1 200 "
    return decode(body, limits=TRACKER)


async def test_an_announce_is_answered_compactly_and_in_full() -> None:
    with trio.fail_after(10):
        async with open_local_tracker(interval=900, min_interval=60) as tracker:
            await get(tracker, f"/announce?{query(1)}&event=started")
            answer = await get(tracker, f"/announce?{query(2)}&event=started&compact=1")
    assert answer == {
        b"interval": 900,
        b"min interval": 60,
        b"complete": 0,
        b"incomplete": 2,
        b"external ip": b"\x7f\0\0\1",
        b"peers": b"\x7f\0\0\1\x1b\x59",
    }


@pytest.mark.parametrize(
    ("extra", "peer"),
    [
        ("&compact=0", {b"ip": b"127.0.0.1", b"port": 7001, b"peer id": b"-TP0001-000000000001"}),
        ("&compact=0&no_peer_id=1", {b"ip": b"127.0.0.1", b"port": 7001}),
    ],
)
async def test_peers_come_as_dictionaries_to_who_asks_for_that(extra: str, peer: Value) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            await get(tracker, f"/announce?{query(1)}")
            answer = await get(tracker, f"/announce?{query(2)}{extra}")
    assert isinstance(answer, dict)
    assert answer[b"peers"] == [peer]


async def test_ipv6_peers_have_a_key_of_their_own() -> None:
    with trio.fail_after(10):
        async with open_local_tracker("::1") as tracker:
            await get(tracker, f"/announce?{query(1)}")
            answer = await get(tracker, f"/announce?{query(2)}")
    assert isinstance(answer, dict)
    assert (answer[b"peers"], answer[b"peers6"]) == (b"", bytes(15) + b"\x01\x1b\x59")


async def test_every_part_of_the_query_is_read() -> None:
    more = "&uploaded=5&downloaded=6&numwant=7&key=ff&trackerid=%00&event=completed&ip=8.8.8.8"
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            await get(tracker, f"/announce?passkey=1&{query()}{more}")
            (announced,) = tracker.announces
    request = announced.request
    assert (request.info_hash, request.uploaded, request.downloaded, request.left) == (INFO_HASH, 5, 6, 1)
    assert (request.num_want, request.key, request.tracker_id, request.event) == (7, 255, b"\0", Event.COMPLETED)
    assert (announced.host, announced.path) == ("127.0.0.1", "/announce?passkey=1")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/announce", b"info_hash must have 20 bytes, not 0"),
        ("/announce?info_hash=short", b"info_hash must have 20 bytes, not 5"),
        (f"/announce?info_hash={QUOTED}", b"peer_id must have 20 bytes, not 0"),
        (f"/announce?{query().replace('port', 'prt')}", b"port is missing"),
        (f"/announce?{query().replace('port=7001', 'port=65536')}", b"port must be at most 65535, not 65536"),
        (f"/announce?{query().replace('port=7001', 'port=-1')}", b"port is not a number"),
        (f"/announce?{query().replace('left=1', 'left=one')}", b"left is not a number"),
        (f"/announce?{query().replace('left=1', 'left=' + '9' * 21)}", b"left is not a number"),
        (f"/announce?{query().replace('left=1', '')}", b"left is missing"),
        (f"/announce?{query()}&uploaded=%FF", b"uploaded is not a number"),
        ("/announce?" + "&" * 200, b"more than 100 parameters"),
        ("/scrape?info_hash=short", b"info_hash must have 20 bytes"),
    ],
)
async def test_a_wrong_query_is_refused_in_words(target: str, reason: bytes) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            assert await get(tracker, target) == {b"failure reason": reason}
            assert len(tracker.book) == 0


async def test_a_scrape_of_one_and_of_all() -> None:
    other = "o" * 20
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            await get(tracker, f"/announce?{query()}")
            await get(tracker, f"/announce?{query(2).replace(QUOTED, other)}")
            one = await get(tracker, f"/scrape?info_hash={QUOTED}")
            everything = await get(tracker, "/scrape")
    counts = {b"complete": 0, b"downloaded": 0, b"incomplete": 1}
    assert one == {b"files": {INFO_HASH: counts}}
    assert everything == {b"files": {INFO_HASH: counts, other.encode(): counts}}


async def test_one_connection_serves_many_requests() -> None:
    request = f"GET /announce?{query()} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            stream = await trio.open_tcp_stream(*tracker.address)
            async with stream:
                for _ in range(3):
                    await stream.send_all(request)
                    assert (await stream.receive_some()).startswith(b"HTTP/1.1 200 ")
            assert len(tracker.announces) == 3


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 "),
        (b"POST /announce HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", b"HTTP/1.1 405 "),
        (b"\x13BitTorrent protocol" + bytes(48) + b"\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET /announce?info_hash=\xff\x80 HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET /?" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 431 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60_000, b"HTTP/1.1 431 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET / HTTP/1.1\r\nHo", b"HTTP/1.1 400 "),
        (b"", b""),
    ],
)
async def test_hostile_clients_are_told_off_and_harm_nobody(request_: bytes, status: bytes) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            assert (await ask(tracker, request_))[0] == status
            await get(tracker, f"/announce?{query()}")


async def test_a_client_that_sends_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_http, "REQUEST_DEADLINE", 0.05)
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            stream = await trio.open_tcp_stream(*tracker.address)
            async with stream:
                await stream.send_all(b"GET /announce")
                assert await stream.receive_some() == b""


async def test_a_client_that_goes_away_before_its_answer_harms_nobody() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.delay = 0.05
            stream = await trio.open_tcp_stream(*tracker.address)
            await stream.send_all(f"GET /announce?{query()} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 20)
            await trio.aclose_forcefully(stream)
            await trio.sleep(0.1)
            tracker.delay = 0
            await get(tracker, f"/announce?{query(2)}")
