"""The short way of blocks; that it lets nothing illegal pass is tested beside the table it abbreviates."""

import pytest

from tests.wire.scenes import GEOMETRY, Scene
from torrent_peer.core.block import Block
from torrent_peer.wire import hot
from torrent_peer.wire.messages import Cancel, Choke, ExtendedHandshake, Message, NotInterested, Piece, Request, Unchoke
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
A = GEOMETRY.block(0, 0)
OPEN = Scene(here=D, then=[(L, Unchoke())])


@pytest.mark.parametrize(
    ("scene", "block", "taken"),
    [
        (OPEN, A, True),
        (OPEN, GEOMETRY.block(9, 1), True),
        (Scene(here=D), A, False),
        (Scene(here=D, then=[(L, Unchoke()), (D, NotInterested())]), A, False),
        (Scene(here=D, size_known=False, then=[(L, Unchoke())]), A, False),
        (Scene(here=D, opened=False, then=[(L, Unchoke())]), A, False),
        (Scene(here=D, then=[(L, Unchoke()), (D, Request(A))]), A, False),
        (Scene(here=D, then=[(L, Unchoke()), (L, ExtendedHandshake(request_queue=0))]), A, False),
        (OPEN, Block(10, 0, 16384), False),
        (OPEN, Block(0, 1, 16384), False),
        (OPEN, Block(0, 32768, 16384), False),
        (OPEN, Block(0, 0, 1000), False),
        (OPEN, Block(0, 0, 0), False),
        (OPEN, Block(9, 16384, 3617), False),
    ],
)
def test_only_the_ordinary_request_takes_the_short_way(scene: Scene, block: Block, taken: bool) -> None:
    legality = scene.legality()
    before = dict(legality.state.of(D).requests.live)
    assert hot.take_request(legality.direction(D), block) is taken
    assert (legality.state.of(D).requests.live != before) is taken


def test_a_block_from_a_side_that_chokes_does_not_take_the_short_way() -> None:
    legality = Scene(here=D, then=[(L, Unchoke()), (D, Request(A)), (L, Choke())]).legality()
    assert not hot.take_answer(legality.direction(L), A)


@pytest.mark.parametrize("heard", [True, False])
def test_the_short_way_takes_copies_one_by_one(heard: bool) -> None:
    block = GEOMETRY.block(0, 0)
    scene = Scene(here=L if heard else D, then=[(L, Unchoke()), (D, Request(block)), (D, Request(block))])
    legality = scene.legality()
    way = legality.direction(L)
    assert [hot.take_answer(way, block) for _ in range(3)] == [True, True, False]
    assert legality.state.of(D).requests.total == 0


def test_the_short_way_minds_cancelled_requests() -> None:
    one, other = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)
    scene = Scene(here=D, then=[(L, Unchoke()), (D, Request(one)), (D, Request(other)), (D, Cancel(one))])
    legality = scene.legality()
    way = legality.direction(L)
    assert [hot.take_answer(way, block) for block in (GEOMETRY.block(3, 0), one, other)] == [False, True, True]
    assert legality.state.of(D).requests.cancelled == {}


@pytest.mark.parametrize("heard", [True, False])
def test_requests_taken_together_are_remembered_as_one_by_one(heard: bool) -> None:
    blocks = [GEOMETRY.block(piece, number) for piece in (3, 3, 0, 5) for number in (1, 0)]
    blocks = list(dict.fromkeys(blocks))
    ledgers = []
    for together in (True, False):
        legality = Scene(here=D if heard else L, then=[(L, Unchoke())]).legality()
        way = legality.direction(D)
        taken = hot.take_requests(way, blocks) if together else sum(hot.take_request(way, block) for block in blocks)
        assert taken == len(blocks)
        ledgers.append((legality.state.of(D).requests.asked, legality.state.of(D).requests.live))
    assert ledgers[0] == ledgers[1]
    assert bool(ledgers[0][0]) is heard


def test_blocks_answered_by_the_batch_are_remembered_as_one_by_one() -> None:
    one, two, three = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(1, 0)
    asked: list[tuple[Side, Message]] = [
        (D, ExtendedHandshake()),
        (L, ExtendedHandshake(request_queue=1)),
        (L, Unchoke()),
    ]
    asked += [(D, Request(one)), (L, Piece(one, b"")), (D, Request(two)), (L, Piece(two, b""))]
    asked += [(D, Request(three)), (D, Request(one))]
    remembered = []
    for batches in ([[three, one]], [[three], [one]]):
        legality = Scene(here=L, fast=False, then=asked).legality()
        assert all(hot.take_answers(legality.direction(L), batch) == len(batch) for batch in batches)
        remembered.append(legality.state.of(D).requests.answered)
    assert remembered == [{three: 1, one: 1}] * 2
