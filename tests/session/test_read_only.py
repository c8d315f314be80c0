"""Serving what one may only read: nothing is written, nothing is fetched, and missing data is said at once."""

from math import inf
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, GEOMETRY, PIECE_LENGTH, PLAIN, TORRENT, on_stage, place
from torrent_peer.core.addresses import Address
from torrent_peer.session.events import Completed, PieceVerified, Resumed
from torrent_peer.session.farewell import Cause
from torrent_peer.session.options import Ending
from torrent_peer.testing.scripted_peer import Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.scripted_seed import serve
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.wire.messages import Bitfield, HaveNone, Interested, Piece, Request, Unchoke

READ_ONLY = evolve(PLAIN, read_only=True, seed_time=inf)
PARTIAL = evolve(READ_ONLY, partial=True)


def look_of(root: Path) -> list[tuple[str, int, int]]:
    """Every name below `root` with its times of modification and change."""
    found = [(path.name, path.lstat()) for path in (root, *sorted(root.rglob("*")))]
    return [(name, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in found]


async def test_everything_is_served_and_nothing_is_written(tmp_path: Path) -> None:
    root = place(tmp_path / "seed")
    before = look_of(root)
    with trio.fail_after(5):
        async with on_stage(root, options=READ_ONLY) as seed:
            await seed.audience.wait_for(Completed)
            async with on_stage(tmp_path / "leech", Address("127.0.0.1", seed.port)) as leech:
                assert await leech.run.finished() is Ending.COMPLETE
            seed.run.stop()
            assert await seed.run.finished() is Ending.STOPPED
    assert leech.file == CONTENT
    assert seed.run.status().uploaded == len(CONTENT)
    assert look_of(root) == before


@pytest.mark.parametrize("pieces", [0, 3])
async def test_missing_data_ends_it_at_once_and_nothing_is_written(tmp_path: Path, pieces: int) -> None:
    root = place(tmp_path / "seed", pieces=pieces)
    before = look_of(root)
    with trio.fail_after(5):
        async with on_stage(root, options=READ_ONLY) as stage:
            assert await stage.run.finished() is Ending.INCOMPLETE
    assert stage.run.ending_detail == f"{6 - pieces} of 6 pieces are missing or wrong"
    assert sorted(stage.run.verified) == list(range(pieces))
    assert stage.audience.all(Completed) == []
    assert look_of(root) == before


async def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(tmp_path / "none", options=READ_ONLY) as stage:
            assert await stage.run.finished() is Ending.DISK
    assert not (tmp_path / "none").exists()


async def test_nothing_at_all_is_too_little_for_a_partial_seed(tmp_path: Path) -> None:
    with trio.fail_after(5):
        async with on_stage(place(tmp_path, pieces=0), options=PARTIAL) as stage:
            assert await stage.run.finished() is Ending.INCOMPLETE


async def _take_the_second_piece(talk: Talk) -> None:
    await talk.handshake()
    await talk.send(HaveNone(), Interested())
    await talk.expect(Unchoke)
    await talk.send(Request(GEOMETRY.block(1, 0)))
    await talk.expect(Piece)


async def test_a_partial_seed_serves_what_it_has_and_wants_nothing_of_a_seed(tmp_path: Path) -> None:
    root = place(tmp_path / "seed", pieces=3)
    before = look_of(root)
    with trio.fail_after(5):
        async with (
            open_scripted_peer(serve(TORRENT, CONTENT), info_hash=TORRENT.info_hash) as full,
            open_local_tracker() as tracker,
            on_stage(root, full.address, options=evolve(PARTIAL, trackers=((tracker.http_url,),))) as stage,
        ):
            await stage.audience.wait_for(Resumed)
            async with dial_scripted_peer("127.0.0.1", stage.port, TORRENT.info_hash, _take_the_second_piece) as talk:
                await talk.over.wait()
            farewell = await stage.audience.farewell(full.address)
            stage.run.stop()
            assert await stage.run.finished() is Ending.STOPPED
    (bitfield,) = (message for message in talk.heard if isinstance(message, Bitfield))
    assert bitfield.bits[0] >> 2 == 0b111000
    (piece,) = (message for message in talk.heard if isinstance(message, Piece))
    assert bytes(piece.data) == CONTENT[PIECE_LENGTH:][: len(piece.data)]
    assert (farewell.cause, farewell.detail) == (Cause.UNWANTED, "it has everything, and we want no more")
    assert {announce.request.left for announce in tracker.announces} == {len(CONTENT) - 3 * PIECE_LENGTH}
    assert stage.audience.all(Completed) == []
    assert stage.audience.all(PieceVerified) == []
    assert look_of(root) == before
