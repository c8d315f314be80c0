"""Thirty leeches and one seed in one process: most of what they get they get from each other."""

from collections.abc import Callable

import trio
from attrs import evolve

from torrent_peer.testing.swarm import LOOPBACK, open_local_swarm
from torrent_peer.testing.tiny import tiny_torrent

LEECHES = 30
SIZE = 4 * 1024 * 1024
MOST_COPIES = 2
"""1.1 to 1.3 are seen."""
FEW_SLOTS = evolve(LOOPBACK, upload_slots=4)
"""The seed serves four at a time: what it sends is whole, and somewhere else, the sooner."""


async def test_thirty_leeches_cost_the_seed_few_copies(
    record_property: Callable[[str, object], None],
) -> None:
    torrent, content = tiny_torrent(SIZE, 32 * 1024)
    with trio.fail_after(120):
        async with open_local_swarm(torrent, content, leeches=LEECHES, seed_session=FEW_SLOTS) as swarm:
            await swarm.finished()
            wasted = sum(leech.status.wasted for leech in swarm.leeches) / SIZE
            figure = f"{swarm.copies_by_seeds:.2f} copies from the seed, {wasted:.2f} of {LEECHES} received for nothing"
            record_property("copies", figure)
            print(figure)
            assert all(leech.complete for leech in swarm.leeches)
            assert swarm.findings == []
            assert 1 <= swarm.copies_by_seeds < MOST_COPIES, figure
            assert wasted < 1, figure
