"""What was asked, cancelled, refused, lost and asked again: picker and ledger must agree on it, peer by peer."""

from random import Random

from trio.testing import MockClock

from tests.session.world import CONTENT, PIECE_LENGTH, World
from torrent_peer.core.block import Block
from torrent_peer.session.peer import Peer
from torrent_peer.strategy.overdue import REQUEST_TIMEOUT
from torrent_peer.wire.messages import (
    Cancel,
    Choke,
    ExtendedHandshake,
    KeepAlive,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved

NOT_FAST = Reserved.of(extended=True)


def answer(block: Block) -> Piece:
    start = block.piece * PIECE_LENGTH + block.begin
    return Piece(block, CONTENT[start : start + block.length])


def wrong(block: Block) -> Piece:
    return Piece(block, bytes(block.length))


def asked(world: World, peer: Peer) -> list[Block]:
    """The blocks asked of the peer since something was last looked at."""
    return [request.block for request in world.said(peer, Request)]


def serve(world: World, peer: Peer, *, rounds: int = 60) -> list[Block]:
    """The peer answers whatever it is asked, second by second; returns what it was asked for."""
    served: list[Block] = []
    for _ in range(rounds):
        blocks = asked(world, peer)
        world.say(peer, *map(answer, blocks))
        world.settle()
        world.wait(1.0)
        served += blocks
    return served


async def test_a_reject_of_what_we_cancelled_is_no_refusal(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock, sequential=True)
    idle, busy = world.greet(then=[Unchoke()]), world.greet(then=[Unchoke()])
    serve(world, busy, rounds=30)
    cancelled = [cancel.block for cancel in world.said(idle, Cancel)]
    assert cancelled
    world.say(idle, *map(Reject, cancelled))
    assert (idle.rejects, idle.last_word) == (0, "")


async def test_requests_that_no_reject_follows_after_a_choke_are_given_up(mock_clock: MockClock) -> None:
    """aria2 throws its queue away at a choke, like a peer without the Fast Extension."""
    world = World(Random(1), mock_clock, sequential=True)
    peer = world.greet(then=[Unchoke()])
    first = asked(world, peer)
    world.say(peer, Choke(), Unchoke())
    assert first
    assert set(serve(world, peer)).isdisjoint(first)
    assert set(serve(world, peer)) >= set(first)
    assert world.picker.is_complete


async def test_what_is_given_up_is_cancelled_before_it_is_asked_again(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock, sequential=True)
    peer = world.greet(then=[Unchoke()])
    first = asked(world, peer)
    world.wait(REQUEST_TIMEOUT)
    assert world.everything_said(peer) == [*map(Cancel, first), Request(first[0])]
    assert peer.ages.is_snubbing


async def test_a_small_request_queue_is_not_overrun_by_what_was_given_up(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock, sequential=True)
    peer = world.greet(then=[ExtendedHandshake(request_queue=1), Unchoke()])
    for _ in range(10):
        world.say(peer, KeepAlive())
        world.wait(REQUEST_TIMEOUT)
        assert len(peer.connection.ours.requests.awaited) == 1
        assert peer.ending is None


async def test_chokes_without_fast_never_add_up_to_silence(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock, sequential=True)
    peer = world.greet(reserved=NOT_FAST, then=[ExtendedHandshake(request_queue=2), Unchoke()])
    for _ in range(50):
        assert asked(world, peer)
        world.say(peer, Choke(), Unchoke())
    assert peer.ending is None


async def test_a_block_whose_second_answer_is_due_is_not_asked_a_third_time(mock_clock: MockClock) -> None:
    """Asked, given up, asked again and sent once, in a piece that then fails its hash: the picker has forgotten."""
    world = World(Random(1), mock_clock, sequential=True)
    world.company.ban = lambda address, reason: False  # type: ignore[method-assign]
    peer = world.greet(then=[ExtendedHandshake(request_queue=2), Unchoke()])
    block, other = asked(world, peer)
    world.wait(REQUEST_TIMEOUT)
    assert asked(world, peer) == [block]
    world.say(peer, wrong(block), Reject(other))  # the first crossed our cancel
    for _ in range(5):
        world.say(peer, *map(answer, asked(world, peer)))
        world.settle()
    assert world.exchange.hash_failures == 1
    assert peer.ending is None
    world.say(peer, answer(block))
    serve(world, peer)
    assert world.picker.is_complete


async def test_a_reject_of_the_first_of_two_requests_leaves_the_second(mock_clock: MockClock) -> None:
    world = World(Random(1), mock_clock, sequential=True)
    peer = world.greet(then=[Unchoke()])
    block = asked(world, peer)[0]
    world.wait(REQUEST_TIMEOUT)
    assert asked(world, peer) == [block]
    world.say(peer, Reject(block))
    assert asked(world, peer) == []
    assert peer.rejects == 0
    assert block not in serve(world, world.greet(then=[Unchoke()]), rounds=1)
