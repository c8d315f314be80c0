"""A connection in memory behaves as TCP does, as far as a session can tell, on a clock that jumps."""

import pytest
import trio
from trio.testing import MockClock

from torrent_peer.testing.memory_transport import AHEAD, PORTION, SHORT, WINDOW, Line, MemoryTransport, Pipe


def pair(*, latency: float = 0.0, rate: int | None = None) -> tuple[MemoryTransport, MemoryTransport]:
    there, back = Pipe(Line(rate), lambda: latency), Pipe(Line(rate), lambda: latency)
    return MemoryTransport("10.0.0.1", back, there), MemoryTransport("10.0.0.2", there, back)


async def everything(end: MemoryTransport) -> bytes:
    data = b""
    while portion := bytes(await end.receive()):
        data += portion
    return data


async def test_bytes_arrive_in_order_after_the_latency(autojump_clock: MockClock) -> None:
    near, far = pair(latency=0.25)
    near.write(b"ab")
    near.write(memoryview(bytearray(b"cd")))
    assert bytes(await far.receive(3)) == b"abc"
    assert trio.current_time() == 0.25
    assert bytes(await far.receive()) == b"d"


async def test_the_buffer_may_be_used_again_at_once(autojump_clock: MockClock) -> None:
    near, far = pair()
    buffer = bytearray(b"first")
    near.write(memoryview(buffer))
    buffer[:] = b"again"
    assert bytes(await far.receive()) == b"first"


async def test_a_line_sends_at_its_rate_whatever_the_portions(autojump_clock: MockClock) -> None:
    near, far = pair(rate=100_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(everything, far)
        near.write(bytes(1_000_000))
        assert near.backlog >= 1_000_000 - AHEAD * 100_000 - PORTION
        await near.drain()
        assert near.backlog == 0
        await near.aclose()
    assert trio.current_time() == pytest.approx(10.0)


async def test_connections_of_one_host_share_its_line(autojump_clock: MockClock) -> None:
    line = Line(100_000)
    ends = [
        MemoryTransport("", Pipe(Line(), lambda: 0.0), pipe)
        for pipe in (Pipe(line, lambda: 0.0), Pipe(line, lambda: 0.0))
    ]
    readers = [MemoryTransport("", end._outward, end._inward) for end in ends]
    async with trio.open_nursery() as nursery:
        for end, reader in zip(ends, readers, strict=True):
            nursery.start_soon(everything, reader)
            end.write(bytes(500_000))
            nursery.start_soon(end.drain)
        await trio.sleep(9.0)
        assert sum(end.backlog for end in ends) < 150_000
        await trio.sleep(1.0)
        for end in ends:
            await end.aclose()
    assert trio.current_time() == pytest.approx(10.0, abs=0.2)


async def test_a_reader_that_does_not_read_stops_the_writer_at_the_window(autojump_clock: MockClock) -> None:
    near, far = pair()
    near.write(bytes(3 * WINDOW))
    assert near.backlog == 2 * WINDOW
    with trio.move_on_after(60) as waited:
        await near.drain()
    assert waited.cancelled_caught
    async with trio.open_nursery() as nursery:
        nursery.start_soon(near.drain, WINDOW)
        assert len(await far.receive(WINDOW)) == WINDOW
    assert near.backlog <= WINDOW


async def test_a_short_message_does_not_wait_for_a_busy_line(autojump_clock: MockClock) -> None:
    line = Line(1000)
    line.send(100_000, now=0.0)
    pipe = Pipe(line, lambda: 0.0)
    pipe.put(bytes(SHORT))
    assert pipe.backlog == 0
    pipe.put(bytes(SHORT + 1))
    pipe.put(b"after it")
    assert pipe.backlog == SHORT + 9


async def test_what_is_on_its_way_arrives_before_the_end(autojump_clock: MockClock) -> None:
    near, far = pair(latency=1.0)
    near.write(b"last words")
    await near.aclose()
    assert await everything(far) == b"last words"
    assert not await far.receive()
    near.write(b"nothing")
    far.write(b"nobody hears")
    await far.drain()
    assert not await near.receive()


async def test_a_reset_is_an_error_at_both_ends(autojump_clock: MockClock) -> None:
    near, far = pair()
    near.write(bytes(2 * WINDOW))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(near.drain)
        await trio.testing.wait_all_tasks_blocked()
        near.reset()
    for end in (near, far):
        with pytest.raises(ConnectionResetError) as caught:
            await end.receive()
        assert str(caught.value) == "Connection reset by peer"
        end.write(b"x")
        assert end.backlog == 0


async def test_readable_takes_nothing(autojump_clock: MockClock) -> None:
    near, far = pair(latency=0.5)
    near.write(b"x")
    await far.readable()
    assert trio.current_time() == 0.5
    assert bytes(await far.receive()) == b"x"
    await far.aclose()
    await far.readable()


async def test_what_has_arrived_can_be_received_in_places(autojump_clock: MockClock) -> None:
    near, far = pair(latency=0.25)
    buffers = [memoryview(bytearray(2)), memoryview(bytearray(3))]
    await far.give_way()
    near.write(b"abcdefg")
    assert far.receive_now(buffers) is None
    await far.readable()
    assert far.receive_now(buffers) == 5
    assert b"".join(buffers) == b"abcde"
    await near.aclose()
    assert far.receive_now(buffers) == 2
    assert far.receive_now(buffers) == 0
    near.reset()
    with pytest.raises(ConnectionResetError):
        far.receive_now(buffers)
    await far.aclose()
    assert far.receive_now(buffers) == 0
