"""Local swarms: who is in them, when they are finished, and what they say of members that are not."""

import os
import time
from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from torrent_peer.session.events import PieceVerified
from torrent_peer.session.options import TorrentOptions
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer
from torrent_peer.testing.scripted_seed import offer_everything
from torrent_peer.testing.swarm import LOOPBACK, STAYING, SwarmError, open_local_swarm
from torrent_peer.testing.tiny import tiny_torrent
from torrent_peer.trackers.announce import Event
from torrent_peer.wire.messages import HaveAll

TORRENT, CONTENT = tiny_torrent()


async def test_a_swarm_of_one_seed_and_two_leeches_finishes(tmp_path: Path) -> None:
    with trio.fail_after(10):
        async with open_local_swarm(TORRENT, CONTENT, leeches=2, directory=tmp_path) as swarm:
            await swarm.finished()
            assert [member.name for member in swarm.members] == ["seed 1", "leech 1", "leech 2"]
            assert all(leech.complete and leech.content == CONTENT for leech in swarm.leeches)
            assert len(CONTENT) <= swarm.uploaded_by_seeds
            assert swarm.uploaded_by_seeds + swarm.uploaded_by_leeches >= 2 * len(CONTENT)
            assert swarm.copies_by_seeds == swarm.uploaded_by_seeds / len(CONTENT)
            assert swarm.findings == []
            assert swarm.seeds[0].status.pieces_verified == TORRENT.geometry.piece_count
    assert sorted(os.listdir(tmp_path)) == ["leech 1", "leech 2", "seed 1"]
    events = swarm.tracker.events(TORRENT.info_hash)
    assert [events.count(event) for event in (Event.STARTED, Event.COMPLETED, Event.STOPPED)] == [3, 2, 3]


async def test_files_live_in_a_temporary_directory_unless_one_is_named() -> None:
    torrent, content = tiny_torrent(files={"a": 5, "b/c": 40_000})
    with trio.fail_after(10):
        async with open_local_swarm(torrent, content) as swarm:
            await swarm.finished()
            assert (swarm.leeches[0].directory / "tiny" / "b" / "c").read_bytes() == content[5:]
    assert not swarm.directory.exists()


async def test_members_join_and_leave_while_it_runs() -> None:
    with trio.fail_after(10):
        async with open_local_swarm(TORRENT, CONTENT, seeds=0, leeches=1) as swarm:
            (leech,) = swarm.leeches
            assert not leech.complete
            seed = await swarm.add_seed()
            await leech.wait_until(lambda: any(isinstance(event, PieceVerified) for event in leech.events))
            await leech.finished()
            await seed.leave()
            with pytest.raises(OSError, match=r"failed$"):
                await trio.open_tcp_stream(*seed.address)
            second = await swarm.add_leech()
            await second.finished()
            assert second.name == "leech 2"
            assert swarm.uploaded_by_leeches >= len(CONTENT)


async def test_a_leech_that_gives_up_is_an_error_with_its_name() -> None:
    impatient = evolve(STAYING, stall_timeout=0.1)
    with trio.fail_after(10):
        async with open_local_swarm(TORRENT, CONTENT, seeds=0, options=impatient) as swarm:
            with pytest.raises(SwarmError, match=r"^leech 1 has ended: no new data for 0 s$"):
                await swarm.finished()


async def test_without_a_tracker_members_know_whom_they_are_told() -> None:
    with trio.fail_after(10):
        async with open_local_swarm(TORRENT, CONTENT, leeches=0, options=evolve(STAYING, trackers=())) as swarm:
            peers = (swarm.seeds[0].address,)
            leech = await swarm.add_leech(options=evolve(STAYING, trackers=(), peers=peers))
            await leech.finished()
            assert not swarm.tracker.announces


async def test_a_swarm_is_a_stage_for_scripted_peers() -> None:
    async def another_seed(talk: Talk) -> None:
        await talk.handshake()
        await offer_everything(talk, TORRENT)
        await talk.closed()

    with trio.fail_after(10):
        async with (
            open_local_swarm(TORRENT, CONTENT, leeches=0) as swarm,
            dial_scripted_peer(*swarm.seeds[0].address, TORRENT.info_hash, another_seed) as talk,
        ):
            await talk.over.wait()
            assert HaveAll() in talk.heard


async def test_what_goes_wrong_in_the_block_comes_out_as_it_is() -> None:
    with trio.fail_after(10), pytest.raises(ValueError, match=r"^mine$"):
        async with open_local_swarm(TORRENT, CONTENT):
            raise ValueError("mine")


async def test_a_member_that_cannot_begin_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "seed 1").write_text("in the way")
    with trio.fail_after(10), pytest.raises(FileExistsError, match="seed 1"):
        async with open_local_swarm(TORRENT, CONTENT, directory=tmp_path):
            pass


def test_members_stay_and_stay_on_loopback_by_default() -> None:
    assert (LOOPBACK.listen_host, LOOPBACK.listen_ports) == ("127.0.0.1", (0,))
    assert isinstance(STAYING, TorrentOptions)
    assert (STAYING.stall_timeout, STAYING.trackers) == (None, None)


# In memory


async def test_a_swarm_in_memory_takes_the_time_its_lines_need_and_none_of_ours(autojump_clock: MockClock) -> None:
    torrent, content = tiny_torrent(size=200_000)
    began = time.perf_counter()
    with trio.fail_after(3600):
        async with open_local_swarm(torrent, content, leeches=3, in_memory=True, latency=0.1, rate=5_000) as swarm:
            await swarm.finished()
            assert trio.current_time() > 40.0  # the seed alone needs so long for one copy
            assert all(leech.content == content for leech in swarm.leeches)
            assert swarm.copies_by_seeds <= 3
            assert swarm.findings == []
            assert {member.host for member in swarm.members} == {f"10.0.0.{n}" for n in range(1, 5)}
    assert time.perf_counter() - began < 20


async def test_a_download_survives_the_loss_of_its_connections_in_memory(autojump_clock: MockClock) -> None:
    torrent, content = tiny_torrent(size=400_000)
    with trio.fail_after(3600):
        async with open_local_swarm(torrent, content, in_memory=True, rate=20_000) as swarm:
            assert swarm.network is not None
            for _ in range(3):
                await trio.sleep(4.0)
                assert swarm.network.cut(swarm.leeches[0].host) >= 1
                await trio.sleep(10.0)
            await swarm.finished()
            assert swarm.leeches[0].content == content


async def test_a_seed_that_comes_late_is_found_in_memory(autojump_clock: MockClock) -> None:
    torrent, content = tiny_torrent()
    with trio.fail_after(24 * 3600):
        async with open_local_swarm(torrent, content, seeds=0, in_memory=True) as swarm:
            await trio.sleep(300)
            await swarm.add_seed()
            await swarm.finished()
    assert trio.current_time() >= 300


async def test_settings_of_a_swarm_in_memory_are_refused_on_loopback() -> None:
    with pytest.raises(ValueError) as caught:  # the error comes out of the block's head
        async with open_local_swarm(*tiny_torrent(), latency=1.0):
            pass
    assert str(caught.value) == "latency and rate are those of a swarm in memory; on loopback, use open_link"


async def test_a_swarm_on_loopback_under_a_clock_that_jumps_is_refused(autojump_clock: MockClock) -> None:
    with pytest.raises(RuntimeError) as caught:  # the error comes out of the block's head
        async with open_local_swarm(*tiny_torrent()):
            pass
    said = "a swarm on loopback needs real time; under a MockClock, open it with in_memory=True"
    assert str(caught.value) == said
