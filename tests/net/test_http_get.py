"""One GET over h11: what is bounded in an answer, and how a connection is made before anything is asked."""

import gzip
import sys
import zlib
from contextlib import suppress

import pytest
import trio
import trio.testing

from torrent_peer.core.addresses import Address
from torrent_peer.net.http_get import MAX_BODY, MAX_HEAD, Body, Page, connect, get
from torrent_peer.net.source_address import SourceAddress
from torrent_peer.trackers.announce import TrackerError

HEADERS = {"Host": "t.example", "Connection": "close"}


async def answered(*parts: bytes) -> Page | str:
    """What `get` makes of an answer that comes in these parts: a page, or why not."""
    ours, theirs = trio.testing.memory_stream_pair()

    async def answer() -> None:
        await theirs.receive_some()
        for part in parts:
            await theirs.send_all(part)
            await trio.testing.wait_all_tasks_blocked()
        await theirs.send_eof()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        try:
            return await get(ours, "/announce?a=b", HEADERS, host="192.0.2.1")
        except TrackerError as error:
            return error.reason
        finally:
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("cut", range(0, 120, 7))
async def test_an_answer_is_the_same_however_it_is_cut(cut: int) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLocation: /b\r\n\r\n4\r\ntest\r\n3\r\n123\r\n0\r\n\r\n"
    parts = [part for part in (whole[:cut], whole[cut:]) if part]
    assert await answered(*parts) == Page(200, "/b", b"test123", "192.0.2.1")


async def test_informational_answers_come_before_the_answer() -> None:
    head = b"HTTP/1.1 103 Early Hints\r\nLocation: /no\r\n\r\n"
    assert await answered(head * 3 + b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n") == Page(
        404, None, b"", "192.0.2.1"
    )


async def test_the_body_of_a_redirect_is_not_waited_for() -> None:
    page = await answered(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 1000000000\r\n\r\n")
    assert page == Page(302, "/there", b"", "192.0.2.1")


async def test_the_stream_is_closed_whatever_came() -> None:
    for answer in (b"HTTP/1.1 200 OK\r\n\r\n", b"nonsense\r\n\r\n"):
        ours, theirs = trio.testing.memory_stream_pair()
        await theirs.send_all(answer)
        await theirs.send_eof()
        with suppress(TrackerError):
            await get(ours, "/announce", HEADERS, host="192.0.2.1")
        with pytest.raises(trio.ClosedResourceError):
            await ours.receive_some()


async def test_a_head_has_its_limit() -> None:
    line = b"X-Padding: " + b"x" * 1000 + b"\r\n"
    reason = await answered(b"HTTP/1.1 200 OK\r\n" + line * (MAX_HEAD // len(line) + 1))
    assert reason == "it does not speak HTTP properly: Receive buffer too long"


async def test_who_hangs_up_without_reading_is_still_heard() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await theirs.send_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
    theirs.receive_stream.close()
    await theirs.send_eof()
    assert await get(ours, "/announce", HEADERS, host="192.0.2.1") == Page(403, None, b"no", "192.0.2.1")


def test_what_follows_the_end_of_a_gzip_is_dropped_and_not_kept() -> None:
    body = Body("gzip")
    body.take(gzip.compress(b"all"))
    for _ in range(3 * MAX_BODY // 65536):
        body.take(bytes(65536))
    assert body.data == b"all"
    assert body._unzip is not None
    assert body._unzip.unused_data == b""


def test_a_gzip_of_nothing_takes_no_memory() -> None:
    """Empty stored blocks without end."""
    body = Body("x-gzip")
    body.take(zlib.compressobj(wbits=zlib.MAX_WBITS | 16).flush(zlib.Z_SYNC_FLUSH))
    for _ in range(100):
        body.take(b"\x00\x00\x00\xff\xff" * 10_000)
    assert not body.data


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is an address of its own on Linux alone")
async def test_a_connection_comes_from_where_it_was_told_to() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    with trio.fail_after(5):
        async with listener:
            address = Address("127.0.0.1", listener.socket.getsockname()[1])
            stream = await connect(address, name="t.example", tls=None, source=SourceAddress(address="127.0.0.2"))
            async with stream, await listener.accept() as there:
                assert there.socket.getpeername()[0] == "127.0.0.2"
