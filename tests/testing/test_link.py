"""Links with faults, told apart by what both ends see of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from attrs import define, field

from torrent_peer.core.addresses import Address
from torrent_peer.testing.link import Link, Loss, open_link


@define
class Echo:
    """Sends everything back, and remembers how its connections ended."""

    ends: list[str] = field(factory=list)
    ended: trio.Event = field(factory=trio.Event)

    async def __call__(self, stream: trio.SocketStream) -> None:
        try:
            while data := await stream.receive_some():
                await stream.send_all(data)
            self.ends.append("closed")
        except trio.BrokenResourceError:
            self.ends.append("reset")
        finally:
            self.ended.set()


@asynccontextmanager
async def echoed(**settings: Any) -> AsyncIterator[tuple[Echo, Link, trio.SocketStream]]:
    """An echo, a link to it, and a stream through the link."""
    echo = Echo()
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, echo, 0)
        port = listeners[0].socket.getsockname()[1]
        with trio.fail_after(5):
            async with (
                open_link(Address("127.0.0.1", port), **settings) as link,
                await trio.open_tcp_stream(*link.address) as stream,
            ):
                yield echo, link, stream
        nursery.cancel_scope.cancel()


async def read(stream: trio.SocketStream, length: int) -> bytes:
    """Up to `length` bytes; less when the stream ends before."""
    data = b""
    while len(data) < length and (more := await stream.receive_some()):
        data += more
    return data


async def test_a_good_link_carries_everything_both_ways_and_passes_on_the_end() -> None:
    sent = bytes(range(256)) * 4000
    async with echoed() as (echo, link, stream), trio.open_nursery() as nursery:
        nursery.start_soon(stream.send_all, sent)
        assert await read(stream, len(sent)) == sent
        assert (link.carried, link.connected, link.open) == (2 * len(sent), 1, 1)
        await stream.send_eof()
        assert await stream.receive_some() == b""
    assert echo.ends == ["closed"]


async def test_latency_is_added_each_way() -> None:
    async with echoed(latency=0.06) as (_, _, stream):
        began = trio.current_time()
        for word in (b"one", b"two", b"three"):
            await stream.send_all(word)
            assert await read(stream, len(word)) == word
        assert 0.36 <= trio.current_time() - began < 0.6


async def test_latency_does_not_cost_bandwidth() -> None:
    async with echoed(latency=0.1) as (_, _, stream):
        began = trio.current_time()
        for _ in range(20):
            await stream.send_all(b"x")
            await trio.sleep(0.002)
        assert len(await read(stream, 20)) == 20
        assert trio.current_time() - began < 0.5


async def test_the_rate_holds_for_all_connections_together() -> None:
    async with echoed(rate=200_000) as (_, link, first), await trio.open_tcp_stream(*link.address) as second:
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            for stream in (first, second):
                nursery.start_soon(stream.send_all, bytes(15_000))
                nursery.start_soon(read, stream, 15_000)
        assert 0.14 < trio.current_time() - began < 0.35


@pytest.mark.parametrize(("loss", "ours", "theirs"), [(Loss.RESET, "reset", "reset"), (Loss.CLOSE, b"", "closed")])
async def test_a_connection_is_cut_after_so_many_bytes(loss: Loss, ours: str | bytes, theirs: str) -> None:
    async with echoed(cut_after=15, loss=loss) as (echo, link, stream):
        await stream.send_all(b"0123456789")
        assert await read(stream, 5) == b"01234"
        assert link.carried == 15
        try:
            assert await stream.receive_some() == ours
        except trio.BrokenResourceError:
            assert ours == "reset"
        await echo.ended.wait()
        assert echo.ends == [theirs]
        async with await trio.open_tcp_stream(*link.address) as another:
            await another.send_all(b"hello")
            assert await read(another, 5) == b"hello"


async def test_a_silenced_connection_says_nothing_to_either_end() -> None:
    async with echoed(cut_after=2, loss=Loss.SILENCE) as (echo, link, stream):
        await stream.send_all(b"ab")
        with trio.move_on_after(0.05) as waited:
            await stream.receive_some()
        assert waited.cancelled_caught
        await stream.aclose()
        await trio.sleep(0.02)
        assert (echo.ends, link.open, link.carried) == ([], 1, 2)


async def test_a_reset_by_one_end_reaches_the_other_unless_silenced() -> None:
    async with echoed() as (echo, link, stream):
        await stream.send_all(b"unread")
        await trio.sleep(0.02)
        await stream.aclose()  # with bytes unread: the kernel resets
        await echo.ended.wait()
        assert echo.ends == ["reset"]
    async with echoed() as (echo, link, stream):
        await stream.send_all(b"unread")
        await trio.sleep(0.02)
        link.cut(Loss.SILENCE)
        await stream.aclose()
        await trio.sleep(0.02)
        assert echo.ends == []


async def test_a_connection_is_cut_at_a_time() -> None:
    async with echoed(cut_at=0.05, loss=Loss.CLOSE) as (_, link, stream):
        began = trio.current_time()
        assert await stream.receive_some() == b""
        assert 0.04 < trio.current_time() - began < 0.2
        assert link.open == 0


async def test_a_stall_loses_nothing() -> None:
    async with echoed() as (_, link, stream):
        link.stall()
        link.stall()
        await stream.send_all(b"patience")
        with trio.move_on_after(0.05) as waited:
            await stream.receive_some()
        assert waited.cancelled_caught
        link.resume()
        assert await read(stream, 8) == b"patience"


async def test_when_nobody_listens_the_dialler_is_reset() -> None:
    async with echoed() as (_, link, _), open_link(Address("127.0.0.1", 1)) as nowhere:
        stream = await trio.open_tcp_stream(*nowhere.address)
        with pytest.raises(trio.BrokenResourceError):
            await stream.receive_some()
        await stream.aclose()
        assert (nowhere.open, link.open) == (0, 1)


async def test_what_goes_wrong_in_the_block_comes_out_as_it_is() -> None:
    with pytest.raises(ValueError, match=r"^mine$"):
        async with open_link(Address("127.0.0.1", 1)):
            raise ValueError("mine")
