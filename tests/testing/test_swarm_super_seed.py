"""What a whole swarm costs a super-seed, however slow or fast it is (BEP 16)."""

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from torrent_peer.testing.swarm import LOOPBACK, STAYING, open_local_swarm
from torrent_peer.testing.tiny import tiny_torrent

TORRENT, CONTENT = tiny_torrent(1024 * 1024, 32 * 1024)
SLOW_LEECH = evolve(LOOPBACK, upload_limit=100 * 1024)
MOST_COPIES = 1.2
"""From 1.00 to 1.03 are seen."""


async def copies(*, super_seed: bool, limit: int | None, leeches: int = 6) -> float:
    """What the seed uploads until everybody has everything."""
    with trio.fail_after(300):
        async with open_local_swarm(
            TORRENT,
            CONTENT,
            leeches=leeches,
            in_memory=True,
            latency=0.02,
            seed_session=evolve(LOOPBACK, upload_limit=limit),
            leech_session=SLOW_LEECH,
            options=evolve(STAYING, super_seed=super_seed),
        ) as swarm:
            await swarm.finished()
            assert swarm.findings == []
            return swarm.copies_by_seeds


@pytest.mark.parametrize("limit", [50 * 1024, None])
async def test_a_super_seed_uploads_little_more_than_one_copy(autojump_clock: MockClock, limit: int | None) -> None:
    assert 1 <= await copies(super_seed=True, limit=limit) < MOST_COPIES


async def test_an_ordinary_seed_with_room_to_spare_uploads_several(autojump_clock: MockClock) -> None:
    assert await copies(super_seed=False, limit=None) > 2


async def test_a_lone_leech_gets_everything_from_a_super_seed(autojump_clock: MockClock) -> None:
    assert await copies(super_seed=True, limit=None, leeches=1) == 1
