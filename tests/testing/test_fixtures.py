"""What the fixtures hand out, without pytest between."""

import pytest
import trio

from torrent_peer.testing.fixtures import Keeper, LocalSwarms, ScriptedPeers, Seeders, open_keeper
from torrent_peer.testing.scripted_peer import Talk
from torrent_peer.testing.tiny import tiny_torrent
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.wire.messages import HaveAll

TORRENT, CONTENT = tiny_torrent()


async def meet(talk: Talk) -> None:
    await talk.handshake()
    await talk.expect(HaveAll)


async def test_what_is_kept_stays_open_until_the_end() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker, open_keeper() as keeper:
            seeders = Seeders(keeper, tracker)
            one, two = await seeders(TORRENT, CONTENT), await seeders(*tiny_torrent(seed=2))
            for seeder in (one, two):
                talk = await ScriptedPeers(keeper).dial(*seeder.address, seeder.torrent.info_hash, meet)
                await talk.over.wait()
                assert not talk.broken_off
        for seeder in (one, two):
            with pytest.raises(OSError, match=r"failed$"):
                await trio.open_tcp_stream(*seeder.address)


async def test_a_swarm_needs_no_torrent_of_ones_own() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker, open_keeper() as keeper:
            swarm = await LocalSwarms(keeper, tracker)(leeches=2)
            await swarm.finished()
            assert (swarm.torrent.info_hash, len(swarm.leeches)) == (TORRENT.info_hash, 2)


async def test_what_cannot_be_opened_is_an_error_where_it_was_asked_for() -> None:
    async def nothing(keeper: Keeper) -> None:
        with pytest.raises(OSError, match=r"failed$"):
            await ScriptedPeers(keeper).dial("127.0.0.1", 1, TORRENT.info_hash, meet)

    async with open_keeper() as keeper:
        await nothing(keeper)
