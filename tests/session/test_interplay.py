"""Picker, ledger and pipeline against uploaders that do whatever BEP 3 and BEP 6 allow, in random order.

Whatever happens, we never try to say what is not legal, never do what a strict uploader could blame us for, never
blame an honest one, and the download is complete once the uploaders settle down.
"""

from random import Random

import pytest
import trio
import trio.testing

from tests.session.uploader import Uploader
from tests.session.world import CONTENT, TORRENT, World

STEPS = 400
UPLOADERS = 3
PATIENCE = 400
"""Simulated seconds in which well-behaved uploaders must have given us everything."""


def connect(world: World) -> None:
    lies = world.dice.random() < 0.5
    world.connect(Uploader(TORRENT, CONTENT, number=world.met, dice=world.dice, lies=lies))


def step(world: World) -> None:
    """Something happens."""
    while len(world.ends) < UPLOADERS:
        connect(world)
    dice = world.dice
    peer = dice.choice(list(world.ends))
    what = dice.random()
    if what < 0.3:
        world.deliver_to_them(peer, dice.choice((5, 17, 40, 1000)))
    elif what < 0.6:
        world.deliver_to_us(peer, dice.choice((10, 1000, 20_000, 100_000)))
    elif what < 0.85:
        world.ends[peer].act()
    elif what < 0.92:
        world.settle()
    elif what < 0.995:
        world.wait(dice.choice((0.1, 1.0, 3.0, 61.0)))
    else:
        world.disconnect(peer)
    world.reap()


def finish(world: World) -> None:
    """Everybody behaves from here on."""
    began = trio.current_time()
    while not world.picker.is_complete and trio.current_time() - began < PATIENCE:
        for peer in list(world.ends):
            for length in (100_000_000,) * 2:
                world.deliver_to_them(peer, length)
                world.ends[peer].be_good()
                world.deliver_to_us(peer, length)
        world.settle()
        world.reap()
        while len(world.ends) < UPLOADERS:
            connect(world)
        world.wait(1.0)


async def play(seed: int, clock: trio.testing.MockClock) -> None:
    """One random history."""
    world = World(Random(seed), clock)
    for _ in range(STEPS):
        step(world)
    finish(world)
    assert world.picker.is_complete
    assert b"".join(world.paper.pieces[piece] for piece in range(TORRENT.geometry.piece_count)) == CONTENT
    assert not world.downloading._open


@pytest.mark.parametrize("batch", range(4))
def test_no_order_of_events_makes_us_break_a_rule_or_stand_still(batch: int) -> None:
    for seed in range(batch * 15, batch * 15 + 15):
        clock = trio.testing.MockClock()
        trio.run(play, seed, clock, clock=clock)
