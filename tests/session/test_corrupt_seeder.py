"""Seeds that send wrong bytes: found out, banned with a reason, and nothing wrong ever reaches the disk."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, GEOMETRY, NOT_FAST, PLAIN, TORRENT, on_stage
from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.session.events import Completed, PeerBanned, PeerClosed, PieceFailed
from torrent_peer.session.farewell import Cause, EndedBy
from torrent_peer.session.options import Ending
from torrent_peer.testing.scripted_peer import (
    FULL_RESERVED,
    Script,
    ScriptedPeer,
    dial_scripted_peer,
    open_scripted_peer,
)
from torrent_peer.testing.scripted_seed import serve, spoil
from torrent_peer.wire.reserved import Reserved

EVERY_BLOCK = {(b.piece, b.begin) for p in range(GEOMETRY.piece_count) for b in GEOMETRY.blocks(p)}
ONE_OF_EACH = {(piece, BLOCK_LENGTH) for piece in range(GEOMETRY.piece_count)}


@asynccontextmanager
async def peers(*scripts: Script) -> AsyncIterator[Sequence[ScriptedPeer]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(open_scripted_peer(script, info_hash=TORRENT.info_hash))
            for script in scripts
        ]


@pytest.mark.parametrize("wrong", [EVERY_BLOCK, ONE_OF_EACH], ids=["all wrong", "one block a piece"])
@pytest.mark.parametrize("reserved", [FULL_RESERVED, NOT_FAST], ids=["fast", "not fast"])
async def test_of_two_seeds_the_liar_is_banned_and_the_honest_one_kept(
    wrong: set[tuple[int, int]], reserved: Reserved, tmp_path: Path
) -> None:
    lies = serve(TORRENT, CONTENT, corrupt=spoil(wrong), reserved=reserved)
    truth = serve(TORRENT, CONTENT, reserved=reserved)
    with trio.fail_after(5):
        async with peers(lies, truth) as (liar, honest), on_stage(tmp_path, liar.address, honest.address) as stage:
            assert await stage.run.finished() is Ending.COMPLETE
    assert stage.file == CONTENT
    (banned,) = stage.audience.all(PeerBanned)
    assert banned.address == liar.address
    farewell = await stage.audience.farewell(liar.address)
    assert farewell.cause is Cause.BANNED
    assert farewell.ended_by is EndedBy.US
    assert farewell.detail == banned.reason
    assert (await stage.audience.farewell(honest.address)).cause in (Cause.SHUTDOWN, Cause.UNWANTED)
    assert len(liar.talks) == 1
    assert all(liar.address in failed.suspects for failed in stage.audience.all(PieceFailed))


async def test_an_only_seed_that_lies_is_banned_and_the_download_stalls_with_nothing_wrong_on_disk(
    tmp_path: Path,
) -> None:
    lies = serve(TORRENT, CONTENT, corrupt=spoil(EVERY_BLOCK))
    with trio.fail_after(5):
        async with (
            peers(lies) as (liar,),
            on_stage(tmp_path, liar.address, options=evolve(PLAIN, stall_timeout=0.1)) as stage,
        ):
            assert await stage.run.finished() is Ending.STALLED
    assert stage.run.ending_detail == "no new data for 0 s"
    assert not stage.audience.all(Completed)
    assert (await stage.audience.farewell(liar.address)).cause is Cause.BANNED
    (banned,) = stage.audience.all(PeerBanned)
    assert banned.reason.startswith("all of piece ")
    assert banned.reason.endswith(" came from it, and its hash is wrong")
    file = tmp_path / TORRENT.name
    assert not file.exists() or not any(file.read_bytes())
    assert stage.run.status().hash_failures >= 1
    assert stage.run.status().verified == 0


async def test_a_seed_that_lies_about_one_piece_is_banned_and_its_right_pieces_are_kept(tmp_path: Path) -> None:
    lies = serve(TORRENT, CONTENT, corrupt=spoil({(3, 0)}))
    with trio.fail_after(5):
        async with (
            peers(lies) as (liar,),
            on_stage(tmp_path, liar.address, options=evolve(PLAIN, stall_timeout=0.1, sequential=True)) as stage,
        ):
            assert await stage.run.finished() is Ending.STALLED
    assert [failed.piece for failed in stage.audience.all(PieceFailed)] == [3]
    status = stage.run.status()
    here = [piece for piece in range(GEOMETRY.piece_count) if _piece(stage.file, piece) == _piece(CONTENT, piece)]
    assert {0, 1, 2} <= set(here)
    assert 3 not in here
    assert status.verified == sum(map(GEOMETRY.piece_size, here))


async def test_a_banned_peer_is_not_let_in_again_under_another_port(tmp_path: Path) -> None:
    lies = serve(TORRENT, CONTENT, corrupt=spoil(EVERY_BLOCK))
    with trio.fail_after(5):
        async with peers(lies) as (liar,), on_stage(tmp_path, liar.address) as stage:
            banned = await stage.audience.wait_for(PeerBanned)
            await (await liar.talk()).over.wait()
            async with dial_scripted_peer(
                "127.0.0.1", stage.port, TORRENT.info_hash, lies, peer_id=liar.peer_id
            ) as again:
                await again.over.wait()
                farewell = await stage.audience.farewell(again.address)
            stage.run.stop()
    assert farewell.cause is Cause.BANNED
    assert farewell.detail == banned.reason
    assert not again.heard


async def test_several_liars_at_once_are_all_found_out(tmp_path: Path) -> None:
    lies = [serve(TORRENT, CONTENT, corrupt=spoil(ONE_OF_EACH)) for _ in range(3)]
    with trio.fail_after(10):
        async with (
            peers(*lies, serve(TORRENT, CONTENT)) as opened,
            on_stage(tmp_path, *(peer.address for peer in opened)) as stage,
        ):
            assert await stage.run.finished() is Ending.COMPLETE
    assert stage.file == CONTENT
    honest = opened[-1].address
    assert honest not in {event.address for event in stage.audience.all(PeerBanned)}
    assert all(event.farewell.cause is not Cause.VIOLATION for event in stage.audience.all(PeerClosed))


def _piece(content: bytes, piece: int) -> bytes:
    return content[piece * GEOMETRY.piece_length : (piece + 1) * GEOMETRY.piece_length]
