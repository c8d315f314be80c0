"""What happens once per received buffer, whatever it holds and however it is cut."""

from random import Random

import pytest
import trio
from trio.testing import MockClock

from tests.session.world import CONTENT, PIECE_LENGTH, World
from torrent_peer.core.block import Block
from torrent_peer.session.peer import Peer
from torrent_peer.wire import codec
from torrent_peer.wire.errors import RemoteProtocolError
from torrent_peer.wire.messages import (
    Cancel,
    Choke,
    ExtendedHandshake,
    Have,
    Message,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved

NOT_FAST = Reserved.of(extended=True)
SEGMENT = 1448
"""Bytes of a TCP segment: a message seldom ends with one."""


def answer(block: Block) -> Piece:
    start = block.piece * PIECE_LENGTH + block.begin
    return Piece(block, CONTENT[start : start + block.length])


def asked(world: World, peer: Peer) -> list[Block]:
    return [request.block for request in world.said(peer, Request)]


async def test_a_steady_stream_of_segments_is_no_message_without_end(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock)
    peer = world.greet(then=[ExtendedHandshake(request_queue=4), Unchoke()])
    stream = bytearray()
    for _ in range(80):
        stream += b"".join(codec.encode(answer(block)) for block in asked(world, peer))
        world.hear(peer, bytes(stream[:SEGMENT]))
        del stream[:SEGMENT]
        world.wait(1.0)
    assert peer.ending is None


async def test_a_message_that_does_not_go_on_is_one_without_end(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock)
    peer = world.greet(then=[Unchoke()])
    stream = codec.encode(answer(asked(world, peer)[0]))
    for at in range(0, 32 * 100, 100):
        world.hear(peer, stream[at : at + 100])
        world.wait(1.0)
    assert peer.ending is not None
    assert "[FR-07]" in peer.ending.detail


async def test_a_piece_is_kept_though_its_buffer_ends_in_a_violation(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock)
    peer = world.greet(then=[Unchoke()])
    blocks = asked(world, peer)
    with pytest.raises(RemoteProtocolError):
        world.say(peer, *map(answer, blocks), Have(10_000))
    world.disconnect(peer)
    world.settle()
    assert world.picker.remaining < world.exchange.have.size


@pytest.mark.parametrize("reserved", [NOT_FAST, Reserved.of(fast=True)], ids=["not fast", "fast"])
async def test_what_a_choke_gives_back_is_asked_of_who_is_idle_at_once(
    mock_clock: MockClock, reserved: Reserved
) -> None:
    world = World(Random(1), mock_clock)
    world.picker.open_limit = 2
    first = world.greet(reserved=reserved, then=[Unchoke()])
    second = world.greet(then=[Unchoke()])
    owed, idle = asked(world, first), asked(world, second)
    assert owed
    assert not idle
    world.say(first, Choke())
    if reserved.fast:
        world.say(first, *[Reject(block) for block in owed])
    assert asked(world, second)


async def test_chokes_by_the_thousand_cost_one_look_around(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock)
    peer = world.greet(reserved=NOT_FAST, then=[Unchoke()])
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    world.exchange.ask_all = look  # type: ignore[method-assign]
    flood: list[Message] = [Choke(), Unchoke()]
    world.say(peer, *flood * 1000)
    assert looks == 1


async def test_a_cancelled_request_does_not_make_a_peer_busy(mock_clock: MockClock) -> None:
    """Some peers never answer what was cancelled; they would never be asked to help others out."""
    world = World(Random(1), mock_clock)
    peer = world.greet(then=[Unchoke()])
    for block in asked(world, peer):
        peer.say(Cancel(block))
        world.picker.released(peer, [block])
    assert peer.connection.outstanding
    peer.ask_after = trio.current_time() + 1.5
    for _ in range(5):
        world.wait(1.0)
    assert asked(world, peer)


async def test_what_the_network_does_not_take_at_once_gets_a_writer(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock)
    peer = world.greet()
    writers: list[Peer] = []
    world.company.spawn = lambda function, peer: writers.append(peer)  # type: ignore[method-assign]
    world.wires[peer].backlog = 1
    world.wait(1.0)
    world.wait(1.0)
    assert writers == [peer]
