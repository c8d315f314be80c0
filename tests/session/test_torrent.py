import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from attrs import evolve

from tests.session.stage import (
    CONTENT,
    GEOMETRY,
    LOOPBACK,
    PIECE_LENGTH,
    PLAIN,
    TORRENT,
    late_seed,
    on_stage,
    place,
    until,
)
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.session.events import Completed, DiskTrouble, PeerConnected, PieceVerified, Resumed
from torrent_peer.session.options import Ending
from torrent_peer.session.rate_limit import SAVED_SECONDS
from torrent_peer.session.status import State
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.store import Store
from torrent_peer.testing.scripted_peer import Script, Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.scripted_seed import answer, offer_everything, serve
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.trackers.announce import Event as AnnounceEvent
from torrent_peer.wire.messages import HaveNone, Interested, Piece, Request, Unchoke


def seed(*, blocks: int = -1) -> Script:
    return serve(TORRENT, CONTENT, blocks=blocks)


async def test_a_download_ends_complete_and_says_so_once(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
            assert stage.run.state is State.ENDED
    assert stage.run.ending_detail == "complete"
    assert stage.file == CONTENT
    (completed,) = stage.audience.all(Completed)
    assert (completed.downloaded, completed.wasted) == (len(CONTENT), 0)
    verified = stage.audience.all(PieceVerified)
    assert sorted(event.piece for event in verified) == list(range(GEOMETRY.piece_count))
    assert verified[-1].verified == len(CONTENT)
    assert stage.audience.all(Resumed) == [Resumed(0, "nothing on disk yet")]


async def test_what_is_there_already_is_not_fetched_again(tmp_path: Path) -> None:
    for expected in ("downloads", "finds"):
        with trio.fail_after(5):
            async with (
                open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
                on_stage(tmp_path, peer.address) as stage,
            ):
                assert await stage.run.finished() is Ending.COMPLETE
        (completed,) = stage.audience.all(Completed)
        assert completed.downloaded == (len(CONTENT) if expected == "downloads" else 0)
    assert stage.audience.all(Resumed)[0].pieces == GEOMETRY.piece_count
    assert stage.run.status().downloaded == 0


async def test_after_a_stop_the_rest_is_fetched_and_nothing_twice(tmp_path: Path) -> None:
    in_order = evolve(PLAIN, sequential=True)
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(blocks=40), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, options=in_order) as stage,
        ):
            await until(lambda: len(stage.audience.all(PieceVerified)) == 2)
            stage.run.stop()
            assert await stage.run.finished() is Ending.STOPPED
    assert not stage.audience.all(Completed)
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, options=in_order) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
            talk = await peer.talk()
    asked = [message.block for message in talk.heard if isinstance(message, Request)]
    assert len(asked) == len(set(asked))
    assert {block.piece for block in asked} == {2, 3, 4, 5}
    assert stage.audience.all(Completed)[0].downloaded == len(CONTENT) - 2 * PIECE_LENGTH
    assert stage.audience.all(Resumed) == [Resumed(2, "resume record")]
    assert stage.file == CONTENT


async def test_stopping_is_told_to_the_tracker(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_local_tracker() as tracker:
            options = evolve(PLAIN, trackers=((tracker.http_url,),))
            async with on_stage(tmp_path, options=options) as stage:
                await until(lambda: bool(tracker.events(TORRENT.info_hash)))
                stage.run.stop()
                assert await stage.run.finished() is Ending.STOPPED
            assert tracker.events(TORRENT.info_hash) == [AnnounceEvent.STARTED, AnnounceEvent.STOPPED]


async def test_being_cancelled_is_told_to_the_tracker_too(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_local_tracker() as tracker:
            with trio.CancelScope() as scope:
                async with on_stage(tmp_path, options=evolve(PLAIN, trackers=((tracker.http_url,),))):
                    await until(lambda: bool(tracker.events(TORRENT.info_hash)))
                    scope.cancel()
                    await trio.sleep_forever()
            assert tracker.events(TORRENT.info_hash) == [AnnounceEvent.STARTED, AnnounceEvent.STOPPED]


async def test_completion_is_told_to_the_tracker_and_peers_come_from_it(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_local_tracker() as tracker:
            options = evolve(PLAIN, trackers=((tracker.http_url,),))
            giving = evolve(options, seed_time=60.0)
            async with on_stage(place(tmp_path / "seed"), options=giving):
                await until(lambda: bool(tracker.events(TORRENT.info_hash)))
                async with on_stage(tmp_path / "leech", options=options) as stage:
                    assert await stage.run.finished() is Ending.COMPLETE
            events = tracker.events(TORRENT.info_hash)
    assert events.count(AnnounceEvent.COMPLETED) == 1
    assert events.count(AnnounceEvent.STARTED) == 2
    assert stage.file == CONTENT


async def test_stopping_before_the_disk_was_looked_at_is_a_stop(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(tmp_path) as stage:
            stage.run.stop()
            assert await stage.run.finished() is Ending.STOPPED
            await stage.run.checked()
    assert stage.run.status().state is State.ENDED


async def test_without_anybody_to_ask_it_ends_at_once(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(tmp_path) as stage:
            assert await stage.run.finished() is Ending.NOBODY
    assert stage.run.ending_detail == "no tracker and no peer answered"


async def test_a_peer_that_never_unchokes_is_a_stall(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with (
            open_scripted_peer(late_seed(trio.Event()), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, options=evolve(PLAIN, stall_timeout=0.5)) as stage,
        ):
            await stage.audience.wait_for(PeerConnected)
            await until(lambda: "all choking us" in stage.run.status().why_slow)
            assert stage.run.status().why_slow == "1 peer with something for us, all choking us"
            assert await stage.run.finished() is Ending.STALLED
    assert stage.run.ending_detail == "no new data for 0 s"


def _full_disk(after: int) -> Callable[..., None]:
    """`Store.write_pieces` of a disk that takes some pieces and no more."""
    written = 0
    real = Store.write_pieces

    def write_pieces(store: Store, first: int, data: Sequence[memoryview], *, around: bool) -> None:
        nonlocal written
        written += len(data)
        if written > after:
            raise StorageError(Kind.FULL, store.root / "content.bin", "the disk is full; make room and try again")
        real(store, first, data, around=around)

    return write_pieces


@pytest.mark.parametrize("after", [0, 2])
async def test_a_full_disk_ends_it_with_what_is_verified_kept(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, trio.fail_after(5):
        patch.setattr(Store, "write_pieces", _full_disk(after))
        patch.setattr("torrent_peer.session.downloading.PIECES_PER_JOB", 1)
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            assert await stage.run.finished() is Ending.DISK
    assert stage.run.ending_detail == "the disk is full; make room and try again"
    assert stage.audience.all(DiskTrouble)[0] == DiskTrouble(stage.run.ending_detail)
    assert not stage.audience.all(Completed)
    assert len(stage.audience.all(PieceVerified)) == after
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
    assert stage.audience.all(Resumed)[0].pieces == after
    assert stage.file == CONTENT


async def test_a_record_that_cannot_be_written_is_no_completion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*_: object, **__: object) -> None:
        raise StorageError(Kind.FULL, tmp_path, "no room for the resume record")

    monkeypatch.setattr(Store, "save", save)
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            assert await stage.run.finished() is Ending.DISK
    assert not stage.audience.all(Completed)
    assert stage.run.ending_detail == "no room for the resume record"


async def test_a_foreign_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "content.bin").write_bytes(b"my own notes")
    with trio.fail_after(5):
        async with on_stage(tmp_path) as stage:
            assert await stage.run.finished() is Ending.DISK
    assert "already exists and holds nothing of this torrent" in stage.run.ending_detail
    assert stage.file == b"my own notes"


async def test_only_the_files_that_are_wanted_are_fetched(tmp_path: Path) -> None:
    files = {"a.bin": Random(2).randbytes(100_000), "b.bin": Random(3).randbytes(100_000), "c.bin": b"c" * 50_000}
    torrent = parse_torrent(create_torrent("three", files, piece_length=32 * 1024))
    content = b"".join(files.values())
    options = evolve(PLAIN, wanted_files=frozenset({2}))

    async def script(talk: Talk) -> None:
        await talk.handshake()
        await offer_everything(talk, torrent)
        await talk.expect(Interested)
        await talk.send(Unchoke())
        await answer(talk, content, torrent.geometry.piece_length)

    with trio.fail_after(5):
        async with (
            open_scripted_peer(script, info_hash=torrent.info_hash) as peer,
            on_stage(tmp_path, peer.address, options=options, torrent=torrent) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
            talk = await peer.talk()
    assert (tmp_path / "three" / "b.bin").read_bytes() == files["b.bin"]
    assert not (tmp_path / "three" / "a.bin").exists()
    assert not (tmp_path / "three" / "c.bin").exists()
    asked = {message.block.piece for message in talk.heard if isinstance(message, Request)}
    assert asked == {3, 4, 5, 6}
    assert stage.run.status().wanted == sum(map(torrent.geometry.piece_size, asked))


async def _leech(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await talk.expect(Unchoke)
    await talk.send(*(Request(GEOMETRY.block(piece, 0)) for piece in range(5)))
    for _ in range(5):
        await talk.expect(Piece)
    await talk.closed()


async def test_seeding_ends_when_the_ratio_is_reached(tmp_path: Path) -> None:
    ratio = 5 * BLOCK_LENGTH / len(CONTENT)
    options = evolve(PLAIN, seed_ratio=ratio)
    with trio.fail_after(5):
        async with (
            on_stage(place(tmp_path), options=options) as stage,
            dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, _leech) as talk,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
            await talk.over.wait()
    assert sum(isinstance(message, Piece) for message in talk.heard) == 5
    assert stage.run.status().uploaded == 5 * BLOCK_LENGTH


async def test_seeding_ends_when_the_time_is_over(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(place(tmp_path), options=evolve(PLAIN, seed_time=0.2, seed_ratio=5.0)) as stage:
            await stage.audience.wait_for(Completed)
            assert stage.run.state is State.SEEDING
            assert await stage.run.finished() is Ending.COMPLETE


async def test_being_cancelled_from_outside_saves_what_is_verified(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with open_scripted_peer(seed(blocks=40), info_hash=TORRENT.info_hash) as peer:
            with trio.CancelScope() as scope:
                async with on_stage(tmp_path, peer.address, options=evolve(PLAIN, sequential=True)) as stage:
                    await until(lambda: len(stage.audience.all(PieceVerified)) == 2)
                    scope.cancel()
                    await trio.sleep_forever()
        async with on_stage(tmp_path) as again:
            await again.run.checked()
    assert again.audience.all(Resumed) == [Resumed(2, "resume record")]


async def test_much_that_is_new_is_recorded_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[int] = []
    save = Store.save

    def noted(self: Store, verified: PieceSet, **more: Any) -> None:
        recorded.append(verified.count)
        save(self, verified, **more)

    monkeypatch.setattr(Store, "save", noted)
    monkeypatch.setattr("torrent_peer.session.torrent.RECORD_BYTES", 2 * PIECE_LENGTH)
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(blocks=5 * 16), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, options=evolve(PLAIN, sequential=True)) as stage,
        ):
            await until(lambda: len(stage.audience.all(PieceVerified)) == 5)
            await until(lambda: max(recorded, default=0) >= 4)
            assert len(recorded) <= 2
            assert stage.run.state is State.DOWNLOADING


async def test_a_limited_download_takes_its_time(tmp_path: Path) -> None:
    limit = len(CONTENT)
    expected = len(CONTENT) / limit - SAVED_SECONDS
    began = trio.current_time()
    with trio.fail_after(10):
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address, session=evolve(LOOPBACK, download_limit=limit)) as stage,
        ):
            connected = await stage.audience.wait_for(PeerConnected)
            assert await stage.run.finished() is Ending.COMPLETE
            took = trio.current_time() - began
    assert connected.address == peer.address
    assert took > 0.95 * expected  # a busy machine can only make it longer
    assert expected > 0.5
    assert stage.file == CONTENT


async def test_nothing_is_left_open_when_it_is_over(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with trio.fail_after(5):
        async with (
            open_scripted_peer(seed(), info_hash=TORRENT.info_hash) as peer,
            on_stage(tmp_path, peer.address) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
    assert len(os.listdir("/proc/self/fd")) == before


async def test_peers_are_not_admitted_before_or_after(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(place(tmp_path)) as stage:
            assert await stage.run.finished() is Ending.COMPLETE
            assert stage.run.connections == 0
            assert stage.run.admit(Address("127.0.0.1", 1), None, None) is False  # type: ignore[arg-type]
