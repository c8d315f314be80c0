import socket
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from torrent_peer.net.transport import BUFFERS_IN_A_ROW, EARLY_SENDS, ReceiveBuffer, SocketTransport, StreamTransport


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


async def test_what_arrives_is_read_into_the_shared_buffer(pair: tuple[socket.socket, socket.socket]) -> None:
    buffer = ReceiveBuffer(100)
    transport = SocketTransport(pair[0], buffer)
    with trio.fail_after(2):
        pair[1].send(b"first")
        assert bytes(await transport.receive()) == b"first"
        assert bytes(buffer.view[:5]) == b"first"
        pair[1].send(b"second")
        assert bytes(await transport.receive(3)) == b"sec"
        assert bytes(await transport.receive(1000)) == b"ond"
        pair[1].close()
        assert len(await transport.receive()) == 0
        await transport.aclose()


async def test_full_buffers_are_read_in_a_row_but_not_for_ever(pair: tuple[socket.socket, socket.socket]) -> None:
    transport, turns = SocketTransport(pair[0], ReceiveBuffer(10)), 0
    pair[1].send(bytes(10 * 3 * BUFFERS_IN_A_ROW + 5))

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(count_turns)
            seen = []
            for _ in range(3 * BUFFERS_IN_A_ROW):
                before = turns
                assert len(await transport.receive()) == 10
                seen.append(turns > before)
            nursery.cancel_scope.cancel()
    assert not any(others for number, others in enumerate(seen) if number % BUFFERS_IN_A_ROW)
    assert any(seen)


async def test_writing_never_waits_and_draining_delivers_everything_in_order(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    transport = SocketTransport(pair[0], ReceiveBuffer())
    chunks = [bytes([n]) * 100_000 for n in range(40)]
    for chunk in chunks:
        transport.write(chunk)
    assert 0 < transport.backlog < 4_000_000
    received = bytearray()

    async def read() -> None:
        reader = SocketTransport(pair[1], ReceiveBuffer())
        while len(received) < 4_000_000:
            received.extend(await reader.receive())

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await transport.drain()
            assert transport.backlog == 0
    assert bytes(received) == b"".join(chunks)


async def test_draining_stops_early_when_asked(pair: tuple[socket.socket, socket.socket]) -> None:
    transport = SocketTransport(pair[0], ReceiveBuffer())
    while transport.backlog < 300_000:
        transport.write(bytes(50_000))
    with trio.fail_after(2):
        await transport.drain(below=transport.backlog)
        assert transport.backlog >= 300_000


async def test_writing_to_a_broken_connection_is_silent_and_frees_the_backlog(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    transport = SocketTransport(pair[0], ReceiveBuffer())
    while not transport.backlog:
        transport.write(bytes(100_000))
    pair[1].close()
    with trio.fail_after(2):
        await transport.drain()
    assert transport.backlog == 0
    transport.write(b"more")
    assert transport.backlog == 0


async def test_closing_wakes_a_writer_that_waits(pair: tuple[socket.socket, socket.socket]) -> None:
    transport = SocketTransport(pair[0], ReceiveBuffer())
    while not transport.backlog:
        transport.write(bytes(100_000))
    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(transport.drain)
            await trio.testing.wait_all_tasks_blocked()
            await transport.aclose()
            await transport.aclose()


async def test_closing_with_bytes_unread_does_not_destroy_our_last_words() -> None:
    with trio.fail_after(5):
        listener = socket.create_server(("127.0.0.1", 0))
        theirs = socket.create_connection(listener.getsockname())
        accepted, _ = listener.accept()
        with listener, theirs, accepted:
            transport = SocketTransport(accepted, ReceiveBuffer())
            theirs.sendall(b"unread" * 1000)
            transport.write(b"last words")
            await trio.sleep(0.02)
            await transport.aclose()
            await trio.sleep(0.02)
            theirs.settimeout(2)
            assert theirs.recv(100) == b"last words"
            assert theirs.recv(100) == b""


async def test_a_stream_serves_as_a_transport() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    transport = StreamTransport(ours)
    with trio.fail_after(2):
        transport.write(b"one ")
        transport.write(b"two")
        assert transport.backlog == 7
        await transport.drain()
        assert transport.backlog == 0
        assert await theirs.receive_some() == b"one two"
        await theirs.send_all(b"back")
        assert bytes(await transport.receive()) == b"back"
        await theirs.aclose()
        assert len(await transport.receive()) == 0
        transport.write(b"lost")
        await transport.drain()
        assert transport.backlog == 0
        await transport.aclose()
        transport.write(b"never")
        assert transport.backlog == 0
        assert len(await transport.receive()) == 0


class Recording(socket.socket):
    """A socket that keeps the options it was given."""

    options: list[tuple[object, ...]]

    def setsockopt(self, *option: object) -> None:
        self.options.append(option)


async def test_only_what_answers_the_first_sends_is_acknowledged_at_once() -> None:
    """Telling the kernel so costs a call, which a full pipeline has no use for."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Recording() as ours:
        ours.connect(listener.getsockname())
        ours.options = []
        transport = SocketTransport(ours, ReceiveBuffer())
        for number in range(1, EARLY_SENDS + 4):
            transport.write(b"a few requests")
            told = [(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)] * min(number, EARLY_SENDS)
            assert ours.options == told
        await transport.aclose()


async def test_what_is_here_is_received_into_many_buffers_at_once(pair: tuple[socket.socket, socket.socket]) -> None:
    transport = SocketTransport(pair[0], ReceiveBuffer())
    places = bytearray(10)
    buffers = [memoryview(places)[5:], memoryview(places)[:3], memoryview(bytearray(100))]
    with trio.fail_after(2):
        await transport.give_way()
        assert transport.receive_now(buffers) is None
        pair[1].send(b"0123456789")
        await transport.readable()
        assert transport.receive_now(buffers) == 10
        assert (bytes(places), bytes(buffers[2][:2])) == (b"567\0\x0001234", b"89")
        pair[1].send(b"ab")
        await transport.readable()
        assert transport.receive_now(buffers) == 2
        assert bytes(places) == b"567\0\0ab234"
        pair[1].close()
        assert transport.receive_now(buffers) == 0


async def test_after_a_read_in_place_others_get_their_turn(pair: tuple[socket.socket, socket.socket]) -> None:
    transport = SocketTransport(pair[0], ReceiveBuffer(10))
    pair[1].send(bytes(30))
    await transport.receive()
    transport.receive_now([memoryview(bytearray(10))])
    with trio.CancelScope() as scope:
        scope.cancel()
        await transport.give_way()
    assert scope.cancelled_caught


async def test_a_wrapped_stream_can_be_received_in_places_too() -> None:
    near, far = trio.testing.memory_stream_pair()
    transport = StreamTransport(near)
    buffers = [memoryview(bytearray(2)), memoryview(bytearray(3))]
    with trio.fail_after(2):
        await transport.give_way()
        assert transport.receive_now(buffers) is None
        await far.send_all(b"abcdefg")
        await transport.readable()
        assert transport.receive_now(buffers) == 5
        assert b"".join(buffers) == b"abcde"
        assert bytes(await transport.receive()) == b"fg"
        await far.aclose()
        await transport.readable()
        await transport.readable()
        assert transport.receive_now(buffers) == 0
