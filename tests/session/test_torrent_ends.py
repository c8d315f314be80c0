"""The ways a run comes to its end: nothing is claimed too early, nobody is left without a word, nothing new begins."""

from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, PLAIN, TORRENT, on_stage, place, until
from torrent_peer.session.address_book import Source
from torrent_peer.session.content import Content
from torrent_peer.session.events import Completed
from torrent_peer.session.options import Ending
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.scripted_seed import serve
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.trackers.announce import Event


async def test_nothing_is_complete_until_the_disk_has_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flushing gigabytes takes longer than the second between two looks at whether there is anything left to do."""

    async def slow_and_full(content: Content) -> None:
        await trio.sleep(1.5)
        raise StorageError(Kind.FULL, tmp_path, "no room")

    monkeypatch.setattr(Content, "finish", slow_and_full)
    with trio.fail_after(5):
        async with on_stage(place(tmp_path)) as stage:
            assert await stage.run.finished() is Ending.DISK
    assert stage.audience.all(Completed) == []


async def test_a_slow_flush_costs_no_tracker_its_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = Content.finish

    async def slow(content: Content) -> None:
        await trio.sleep(1.5)
        await finish(content)

    monkeypatch.setattr(Content, "finish", slow)
    with trio.fail_after(8):
        async with open_local_tracker() as tracker:
            options = evolve(PLAIN, trackers=((tracker.http_url,),))
            async with (
                open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as peer,
                on_stage(tmp_path, peer.address, options=options) as stage,
            ):
                assert await stage.run.finished() is Ending.COMPLETE
            assert tracker.events() == [Event.STARTED, Event.COMPLETED, Event.STOPPED]
    assert len(stage.audience.all(Completed)) == 1


async def test_a_cancelled_run_says_goodbye_to_its_trackers(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_local_tracker() as tracker:
            with trio.CancelScope() as scope:
                async with on_stage(tmp_path, options=evolve(PLAIN, trackers=((tracker.http_url,),))):
                    await until(lambda: tracker.events() == [Event.STARTED])
                    scope.cancel()
                    await trio.sleep_forever()
            assert tracker.events() == [Event.STARTED, Event.STOPPED]


async def test_nobody_is_dialled_while_the_trackers_are_told(tmp_path: Path) -> None:
    async def silent(talk: Talk) -> None:
        await trio.sleep_forever()

    with trio.fail_after(8):
        async with (
            open_local_tracker() as tracker,
            open_scripted_peer(silent, info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, options=evolve(PLAIN, trackers=((tracker.http_url,),))) as stage,
        ):
            await until(lambda: tracker.events() == [Event.STARTED])
            tracker.delay = 0.6
            stage.run.stop()
            await trio.sleep(0.1)
            assert stage.run._parts is not None
            stage.run._parts.swarm.learn([peer.address], Source.USER)
            await stage.run.finished()
            assert peer.talks == []


async def test_strangers_with_our_name_leave_nothing_behind(tmp_path: Path) -> None:
    async def mirror(talk: Talk) -> None:
        await talk.handshake()
        await talk.closed()

    with trio.fail_after(5):
        async with on_stage(tmp_path) as stage:
            ours = stage.session.peer_id
            for _ in range(3):
                async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, mirror, peer_id=ours) as talk:
                    await talk.over.wait()
            assert stage.run._parts is not None
            assert len(stage.run._parts.swarm.book) == 0
