from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.session.hall import open_hall, true_piece
from tests.session.stage import CONTENT, GEOMETRY, NOT_FAST, TORRENT
from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.session.downloading import BUFFER_MEMORY, ENDGAME_PATIENCE, MOST_OPEN_PIECES, open_piece_limit
from torrent_peer.session.events import PeerBanned, PieceFailed, PieceVerified
from torrent_peer.session.farewell import Cause
from torrent_peer.session.liveness import RESCUE_AFTER
from torrent_peer.session.upkeep import Upkeep
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.store import Store
from torrent_peer.strategy.overdue import REQUEST_TIMEOUT
from torrent_peer.wire.messages import Cancel, Piece, Reject
from torrent_peer.wire.reserved import Reserved

LAST = GEOMETRY.piece_count - 1
LAST_BLOCKS = list(GEOMETRY.blocks(LAST))


@pytest.mark.parametrize(
    ("piece_length", "limit"),
    [
        (16 * 1024, MOST_OPEN_PIECES),
        (256 * 1024, BUFFER_MEMORY // (256 * 1024)),
        (1024 * 1024, BUFFER_MEMORY // (1024 * 1024)),
        (64 * 1024 * 1024, 4),
        (100 * 1024 * 1024, 2),
        (512 * 1024 * 1024, 1),
    ],
)
def test_open_pieces_are_bounded_by_memory_and_number(piece_length: int, limit: int) -> None:
    assert open_piece_limit(piece_length) == limit


async def test_a_whole_piece_goes_to_the_disk_and_is_verified_there(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        peer, ear = hall.join()
        assert sorted(ear.asked()) == LAST_BLOCKS
        hall.give(peer, *LAST_BLOCKS[:-1])
        assert hall.parts.downloading.at_disk == 0
        hall.give(peer, LAST_BLOCKS[-1])
        assert hall.parts.downloading.at_disk == 1
        hall.settle()
        assert hall.parts.downloading.at_disk == 0
        assert hall.all(PieceVerified) == [PieceVerified(LAST, len(CONTENT))]
        assert hall.parts.downloading.downloaded == GEOMETRY.last_piece_length
        assert hall.parts.downloading.wasted == 0
        assert hall.parts.picker.is_complete
    assert (tmp_path / TORRENT.name).read_bytes() == CONTENT


async def test_a_wrong_piece_is_not_written_and_its_only_author_banned(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        peer, ear = hall.join()
        blocks = ear.asked()
        hall.give(peer, *blocks[1:])
        hall.say(peer, Piece(blocks[0], bytes(blocks[0].length)))
        hall.settle()
        assert hall.all(PieceFailed) == [PieceFailed(LAST, (peer.address,))]
        assert hall.all(PeerBanned)[0].address == peer.address
        assert peer.ending is not None
        assert peer.ending.cause is Cause.BANNED
        assert hall.parts.downloading.wasted == GEOMETRY.last_piece_length
        assert hall.parts.exchange.hash_failures == 1
        hall.leave(peer)
        _, ear = hall.join()
        assert sorted(ear.asked()) == LAST_BLOCKS
    assert (tmp_path / TORRENT.name).read_bytes()[GEOMETRY.piece_offset(LAST) :] == bytes(GEOMETRY.last_piece_length)


async def test_what_the_disk_refuses_is_nobodys_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        peer, ear = hall.join()

        def full(first: int, data: object, *, around: bool) -> None:
            raise StorageError(Kind.FULL, tmp_path, "the disk is full")

        monkeypatch.setattr(hall.parts.content.store, "write_pieces", full)
        hall.give(peer, *ear.asked())
        hall.settle()
        assert not hall.all(PeerBanned)
        assert not hall.all(PieceFailed)
        assert peer.ending is None
        assert sorted(ear.asked()) == LAST_BLOCKS  # nothing of it is here


@pytest.mark.parametrize("reserved", [Reserved.of(fast=True), NOT_FAST], ids=["fast", "not fast"])
async def test_in_the_endgame_what_has_come_is_cancelled_elsewhere(
    tmp_path: Path, reserved: Reserved, autojump_clock: MockClock
) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        upkeep = Upkeep(hall.parts.exchange)
        one, ones_ear = hall.join(reserved=reserved)
        other, others_ear = hall.join(reserved=reserved)
        assert sorted(ones_ear.asked()) == LAST_BLOCKS
        assert not others_ear.asked()  # it may come soon
        for _ in range(2):
            await trio.sleep(ENDGAME_PATIENCE)
            upkeep.tick(now=trio.current_time())
        twice = others_ear.asked()
        assert twice
        assert set(twice) <= set(LAST_BLOCKS)
        hall.give(one, *LAST_BLOCKS)
        assert {cancel.block for cancel in others_ear.take(Cancel)} == set(twice)
        hall.settle()
        assert len(hall.all(PieceVerified)) == 1
        hall.give(other, twice[0])  # it was on its way
        assert hall.parts.downloading.wasted == twice[0].length
        assert other.ending is None
        hall.say(other, *[Reject(twice[1])] * reserved.fast)
        assert other.ending is None


async def test_what_a_silent_peer_owes_is_asked_of_others_and_taken_if_it_comes_late(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        upkeep = Upkeep(hall.parts.exchange)
        silent, silents_ear = hall.join([LAST])
        owed = silents_ear.asked()
        assert sorted(owed) == LAST_BLOCKS
        snubbing = []
        for wait in (REQUEST_TIMEOUT - 1, 2):
            await trio.sleep(wait)
            upkeep.tick(now=trio.current_time())
            snubbing.append(silent.ages.is_snubbing)
        assert snubbing == [False, True]
        assert silent.last_word == f"owes us {len(owed)} blocks for too long"
        (tried_again,) = silents_ear.asked()
        helper, helpers_ear = hall.join([LAST])
        blocks = helpers_ear.asked()
        assert sorted([tried_again, *blocks]) == LAST_BLOCKS
        late = blocks[0]
        hall.give(silent, late)
        while blocks:
            hall.give(helper, *blocks)
            blocks = helpers_ear.asked()
        await trio.sleep(RESCUE_AFTER + ENDGAME_PATIENCE)
        for _ in range(2):
            upkeep.tick(now=trio.current_time())
            await trio.sleep(RESCUE_AFTER + 1)
        hall.give(helper, *helpers_ear.asked())
        hall.settle()
        assert [event.piece for event in hall.all(PieceVerified)] == [LAST]
        assert hall.parts.downloading.wasted == late.length
        assert silent.ending is None


async def test_blocks_from_several_peers_make_one_piece(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=LAST) as hall:
        one, ear = hall.join()
        first = ear.asked()
        hall.give(one, *first[:2])
        one.close(Cause.CLOSED, "gone")
        hall.leave(one)
        other, others_ear = hall.join()
        assert sorted(others_ear.asked()) == sorted(first[2:])
        hall.give(other, *first[2:])
        hall.settle()
        assert [event.piece for event in hall.all(PieceVerified)] == [LAST]


async def test_many_small_pieces_of_one_buffer_go_to_the_disk_together(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=LAST - 2) as hall:
        peer, ear = hall.join()
        blocks: list[Block] = []
        while fresh := ear.asked():
            blocks += fresh
            hall.say(peer, *(true_piece(block) for block in fresh))
        assert len(blocks) == 16 + 16 + len(LAST_BLOCKS)
        hall.settle()
        assert hall.parts.picker.is_complete
        hall.parts.downloading.drop_buffers()


async def test_pieces_side_by_side_are_written_in_one_go_without_those_that_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[range] = []
    write = Store.write_pieces

    def noting(store: Store, first: int, data: Sequence[memoryview], *, around: bool = False) -> None:
        runs.append(range(first, first + len(data)))
        write(store, first, data, around=around)

    monkeypatch.setattr(Store, "write_pieces", noting)
    async with open_hall(tmp_path, pieces=LAST - 5) as hall:
        peer, ear = hall.join()
        asked: list[Block] = []
        with monkeypatch.context() as patch:  # until all are here
            patch.setattr(hall.parts.downloading, "flush", lambda: None)
            while fresh := ear.asked():
                asked += fresh
                wrong = [Block(LAST - 3, 0, BLOCK_LENGTH)]
                hall.say(peer, *(Piece(b, bytes(b.length)) if b in wrong else true_piece(b) for b in fresh))
        hall.parts.downloading.flush()
        hall.settle()
        pieces = {block.piece for block in asked}
        assert pieces == set(range(LAST - 5, LAST + 1))
        assert sorted(piece for run in runs for piece in run) == sorted(pieces - {LAST - 3})
        assert sorted(runs, key=lambda run: run.start) == [range(LAST - 5, LAST - 3), range(LAST - 2, LAST + 1)]
        assert [event.piece for event in hall.all(PieceFailed)] == [LAST - 3]
    start = GEOMETRY.piece_offset(LAST - 5)
    written = (tmp_path / TORRENT.name).read_bytes()[start:]
    gap = range(GEOMETRY.piece_offset(LAST - 3) - start, GEOMETRY.piece_offset(LAST - 2) - start)
    expected = bytearray(CONTENT[start:])
    expected[gap.start : gap.stop] = bytes(len(gap))
    assert written == expected


async def test_pieces_that_pile_up_are_written_around_the_page_cache_until_none_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torrent_peer.strategy.around.BEHIND", 2 * GEOMETRY.piece_length)
    ways: dict[int, bool] = {}
    write = Store.write_pieces

    def noting(store: Store, first: int, data: Sequence[memoryview], *, around: bool = False) -> None:
        ways[first] = around
        write(store, first, data, around=around)

    monkeypatch.setattr(Store, "write_pieces", noting)
    async with open_hall(tmp_path, pieces=0) as hall:
        peer, ear = hall.join()
        asked: list[Block] = []

        def hand_in(count: int) -> list[bool]:
            """The ways of this many whole pieces that come at once."""
            before = len(ways)
            for waiting in range(1, count + 1):
                while hall.parts.downloading.at_disk < waiting:
                    asked.extend(ear.asked())
                    hall.give(peer, asked.pop(0))
            hall.settle()
            return list(ways.values())[before:]

        assert hand_in(3) == [False, False, True]
        assert hand_in(2) == [False, False]
        monkeypatch.setattr("torrent_peer.strategy.around.BEHIND", 0)
        assert hand_in(1) == [True]
        assert hall.parts.picker.is_complete
    assert (tmp_path / TORRENT.name).read_bytes() == CONTENT
