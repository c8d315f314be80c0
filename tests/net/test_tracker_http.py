"""HTTP trackers over real sockets: honest, broken and hostile ones."""

import datetime
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing
import trustme

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net import tracker_http
from torrent_peer.net.http_get import MAX_BODY
from torrent_peer.net.tracker_http import announce_http, scrape_http
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.trackers.announce import AnnounceRequest, Event, ScrapeEntry, TrackerError

INFO_HASH = InfoHash(bytes.fromhex("00207f80ff2b2f3f26253d41617a30392d2e5f7e"))
GOOD = b"d8:intervali900e5:peers6:\x7f\0\0\1\0\x50e"


def request(number: int = 1, event: Event = Event.STARTED, left: int = 1) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=INFO_HASH,
        peer_id=PeerId(b"-TP0001-%012d" % number),
        port=7000 + number,
        uploaded=0,
        downloaded=0,
        left=left,
        event=event,
    )


def page(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def to(location: str) -> bytes:
    return page(b"", status="302 Found", headers=f"Location: {location}\r\n")


class Server:
    """Answers each connection with the next of its answers (the last for ever), and keeps what it was asked."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/announce"

    async def serve(self, stream: trio.abc.Stream) -> None:
        async with stream:
            try:
                head = b""
                while b"\r\n\r\n" not in head and head[:1] in (b"", b"G"):
                    if not (data := await stream.receive_some()):
                        return
                    head += data
                self.asked.append(head)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await stream.send_all(answer)
                await stream.send_eof() if isinstance(stream, trio.SocketStream) else None
                await stream.receive_some()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return


@asynccontextmanager
async def serving(*answers: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(*answers)
    async with trio.open_nursery() as nursery:
        if tls is None:
            listeners = await nursery.start(partial(trio.serve_tcp, server.serve, 0, host="127.0.0.1"))
        else:
            listeners = await nursery.start(partial(trio.serve_ssl_over_tcp, server.serve, 0, tls, host="127.0.0.1"))
        listener = listeners[0]
        sock = listener.socket if isinstance(listener, trio.SocketListener) else listener.transport_listener.socket
        server.port = sock.getsockname()[1]
        yield server
        nursery.cancel_scope.cancel()


async def failure(url: str, *, tls: ssl.SSLContext | None = None) -> TrackerError:
    with trio.fail_after(15):
        try:
            await announce_http(url, request(), tls=tls)
        except TrackerError as error:
            return error
    raise AssertionError("it was believed")


async def test_a_local_tracker_is_asked_and_believed() -> None:
    with trio.fail_after(10):
        async with open_local_tracker(interval=900, min_interval=300) as tracker:
            first = await announce_http(tracker.http_url, request(1))
            second = await announce_http(tracker.http_url, request(2, left=0))
            counts = await scrape_http(tracker.http_url, [INFO_HASH])
    assert (first.peers, first.seeders, first.leechers) == ((), 0, 1)
    assert (second.peers, second.seeders, second.leechers) == ((Address("127.0.0.1", 7001),), 1, 1)
    assert (second.interval, second.min_interval, second.external_ip) == (900.0, 300.0, "127.0.0.1")
    assert counts == {INFO_HASH: ScrapeEntry(seeders=1, completed=0, leechers=1)}


async def test_over_ipv6_too() -> None:
    with trio.fail_after(10):
        async with open_local_tracker("::1") as tracker:
            await announce_http(tracker.http_url, request(1))
            answer = await announce_http(tracker.http_url, request(2))
    assert (answer.peers, answer.external_ip) == ((Address("::1", 7001),), "::1")


async def test_dictionary_peers_are_read() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.compact = False
            await announce_http(tracker.http_url, request(1))
            answer = await announce_http(tracker.http_url, request(2))
    assert answer.peers == (Address("127.0.0.1", 7001),)


async def test_what_is_sent_byte_for_byte() -> None:
    async with serving(page(GOOD)) as server:
        await announce_http(server.url, request())
    line, *headers = server.asked[0].decode().rstrip().split("\r\n")
    assert line == (
        "GET /announce?info_hash=%00%20%7F%80%FF%2B%2F%3F%26%25%3DAaz09-._~&peer_id=-TP0001-000000000001&port=7001"
        "&uploaded=0&downloaded=0&left=1&compact=1&numwant=200&key=00000000&event=started HTTP/1.1"
    )
    assert sorted(headers) == [
        "Accept-Encoding: gzip",
        "Accept: */*",
        "Connection: close",
        f"Host: 127.0.0.1:{server.port}",
        f"User-Agent: {tracker_http.USER_AGENT}",
    ]


async def test_a_proxy_in_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(page(GOOD)) as server:
        assert (await announce_http(server.url, request())).peers == (Address("127.0.0.1", 80),)


async def test_user_and_password_go_into_a_header_and_nowhere_else() -> None:
    async with serving(page(b"d14:failure reason12:unknown p%40we", status="403 Forbidden")) as server:
        error = await failure(server.url.replace("127", "me:p%40w0rd@127", 1))
    assert b"Authorization: Basic bWU6cEB3MHJk\r\n" in server.asked[0]
    assert b"me:p" not in server.asked[0]
    assert error.url == f"http://***@127.0.0.1:{server.port}/announce"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(64 * MAX_BODY))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(b"not found", status="404 Not Found"), "it answered 404 Not Found"),
        (page(b"", status="599 Odd"), "it answered status 599"),
        (page(b"d14:failure reason3:bade", status="400 Bad Request"), "it refused: bad"),
        (page(b"d14:failure reason3:bade"), "it refused: bad"),
        (page(b"<html>"), "it answered with a web page, not as a tracker"),
        (page(b""), "its answer is empty"),
        (page(bytes(MAX_BODY + 1)), "its answer is longer than 1024 KiB"),
        (page(BOMB, headers="Content-Encoding: gzip\r\n"), "its answer is longer than 1024 KiB"),
        (
            page(gzip.compress(BOMB), headers="Content-Encoding: gzip, gzip\r\n"),
            "its answer is compressed in a way nobody asked for",
        ),
        (page(b"not gzip", headers="Content-Encoding: gzip\r\n"), "its answer cannot be decompressed"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nd8:interval",
            "it does not speak HTTP properly: peer closed connection without sending complete message body"
            " (received 11 bytes, expected 500)",
        ),
        (CHUNKED + b"-1\r\nde\r\n0\r\n\r\n", "it does not speak HTTP properly: illegal chunk header: '-1\\r\\n'"),
        (
            CHUNKED + b"7fffffffffffffffffffffff\r\nde",
            "it does not speak HTTP properly: illegal chunk header: '7fffffffffffffffffffffff\\r\\n'",
        ),
        (
            CHUNKED + b"2\r\ndeX\r\n0\r\n\r\n",
            "it does not speak HTTP properly: malformed chunk footer: 'X\\r' (expected '\\r\\n')",
        ),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**20, "it does not speak HTTP properly: Receive buffer too long"),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "it does not speak HTTP properly: illegal status line: 'SSH-2.0-OpenSSH_9.2'",
        ),
        (b"", "it does not speak HTTP properly: Server disconnected without sending a response."),
        (
            page(b"", status="302 Found", headers="Location: ftp://t.example/a\r\n"),
            "it redirects to something that is no tracker's URL",
        ),
        (page(b"", status="302 Found", headers="Location: udp://t.example:1/a\r\n"), "it redirects from http to udp"),
        (page(b"", status="302 Found", headers="Location: /announce\r\n"), "it redirects more than 5 times"),
        (
            page(b"", status="302 Found", headers="Location: http://[::1\r\n"),
            "it redirects to something that is no tracker's URL",
        ),
        (page(b"", status="302 Found"), "it answered 302 Found"),
    ],
)
async def test_what_no_tracker_should_answer(answer: bytes, reason: str) -> None:
    async with serving(answer) as server:
        error = await failure(server.url)
    assert (error.reason, error.answered, error.never) == (reason, True, False)
    assert str(error) == f"http://127.0.0.1:{server.port}/announce: {reason}"
    assert len(server.asked) <= 6


async def test_informational_answers_without_end_run_into_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_http, "DEADLINE", 0.2)

    async def endless(stream: trio.SocketStream) -> None:
        with stream.socket:
            try:
                while True:
                    await stream.send_all(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
            except trio.BrokenResourceError:
                return

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, endless, 0, host="127.0.0.1"))
        error = await failure(f"http://127.0.0.1:{listener.socket.getsockname()[1]}/announce")
        nursery.cancel_scope.cancel()
    assert error.reason == "no answer within 0 s"


async def test_a_mute_tracker_runs_into_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_http, "DEADLINE", 0.1)
    async with open_local_tracker() as tracker:
        tracker.delay = 60
        error = await failure(tracker.http_url)
    assert (error.reason, error.answered) == ("no answer within 0 s", False)


async def test_nobody_there_is_said_so() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        error = await failure(f"http://127.0.0.1:{unused.getsockname()[1]}/announce")
    assert (error.reason, error.answered) == ("connection refused", False)


async def test_a_redirect_is_followed_with_what_it_says() -> None:
    there = page(b"", status="307 Temporary Redirect", headers="Location: /elsewhere?a=b\r\n")
    async with serving(there, page(GOOD)) as server:
        answer = await announce_http(server.url.replace("127", "me:pw@127", 1), request())
    assert answer.peers == (Address("127.0.0.1", 80),)
    assert server.asked[1].startswith(b"GET /elsewhere?a=b HTTP/1.1\r\n")
    assert b"Authorization" not in server.asked[1]


async def test_a_gzipped_answer_is_read() -> None:
    async with serving(page(gzip.compress(GOOD), headers="Content-Encoding: gzip\r\n")) as server:
        assert (await announce_http(server.url, request())).interval == 900.0


async def test_an_unreachable_address_makes_room_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(*_: object) -> list[str]:
        return ["127.0.0.99", "127.0.0.1"]

    monkeypatch.setattr(tracker_http, "look_up", two)
    async with open_local_tracker() as tracker:
        await announce_http(tracker.http_url, request())
        assert tracker.events() == [Event.STARTED]


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def serving_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_a_trusted_certificate_is_accepted_by_name_and_by_address(authority: trustme.CA) -> None:
    for host in ("localhost", "127.0.0.1"):
        async with serving(page(GOOD), tls=serving_context(authority.issue_cert(host))) as server:
            answer = await announce_http(f"https://{host}:{server.port}/announce", request(), tls=trusting(authority))
        assert answer.interval == 900.0
        assert f"Host: {host}:{server.port}\r\n".encode() in server.asked[0]


Certificate = Callable[[trustme.CA], trustme.LeafCert]


@pytest.mark.parametrize(
    ("certificate", "trusted", "reason"),
    [
        (lambda ca: ca.issue_cert("localhost"), False, "unable to get local issuer certificate"),
        (
            lambda ca: ca.issue_cert("other.example"),
            True,
            "Hostname mismatch, certificate is not valid for 'localhost'.",
        ),
        (
            lambda ca: ca.issue_cert("localhost", not_after=datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)),
            True,
            "certificate has expired",
        ),
    ],
)
async def test_a_bad_certificate_is_refused_and_the_reason_named(
    authority: trustme.CA, certificate: Certificate, trusted: bool, reason: str
) -> None:
    context = serving_context(certificate(authority))
    async with serving(page(GOOD), tls=context) as server:
        error = await failure(f"https://localhost:{server.port}/announce", tls=trusting(authority) if trusted else None)
        assert server.asked == []
    assert error.reason == f"its certificate was not accepted: {reason}"


async def test_https_to_a_plain_http_port_is_said_so() -> None:
    async with serving(page(GOOD)) as server:
        error = await failure(f"https://127.0.0.1:{server.port}/announce")
    assert error.reason.startswith("TLS failed: ")


async def test_a_redirect_out_of_https_is_refused(authority: trustme.CA) -> None:
    away = page(b"", status="301 Moved Permanently", headers="Location: http://127.0.0.1/announce\r\n")
    async with serving(away, tls=serving_context(authority.issue_cert("127.0.0.1"))) as server:
        error = await failure(f"https://127.0.0.1:{server.port}/announce", tls=trusting(authority))
    assert error.reason == "it redirects from https to plain http"
