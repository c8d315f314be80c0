"""What a super-seed says: nothing at first, and then of one piece after the other (BEP 16)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing
from attrs import evolve

from tests.session.ends import FULL_RESERVED
from tests.session.hall import Ear, Hall, open_hall
from tests.session.stage import GEOMETRY, NOT_FAST, PLAIN
from torrent_peer.session.farewell import Cause
from torrent_peer.session.upkeep import Upkeep
from torrent_peer.strategy.super_seeding import LEAST_WINDOW, PATIENCE
from torrent_peer.wire.messages import (
    Bitfield,
    ExtendedHandshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    NotInterested,
    Piece,
    Reject,
    Request,
    Suggest,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved

ALL = GEOMETRY.piece_count
SUPER = evolve(PLAIN, super_seed=True)


@asynccontextmanager
async def super_seed(root: Path, *, pieces: int = ALL) -> AsyncIterator[Hall]:
    async with open_hall(root, pieces=pieces, options=SUPER) as hall:
        yield hall


def told(ear: Ear) -> list[int]:
    """The pieces it was told of since the last call."""
    return [have.piece for have in ear.take(Have)]


def tick(hall: Hall) -> None:
    Upkeep(hall.parts.exchange).look(hall.parts.swarm, now=trio.current_time())


@pytest.mark.parametrize("reserved", [FULL_RESERVED, NOT_FAST])
async def test_a_newcomer_takes_us_for_somebody_who_has_nothing(tmp_path: Path, reserved: Reserved) -> None:
    async with super_seed(tmp_path) as hall:
        _, ear = hall._greet(reserved)
        assert ear.take(HaveNone) == [HaveNone()] * reserved.fast
        (hello,) = ear.take(ExtendedHandshake)
        assert hello.upload_only is None
        assert ear.heard == []


@pytest.mark.parametrize("reserved", [FULL_RESERVED, NOT_FAST])
async def test_it_is_told_of_pieces_though_it_says_nothing(tmp_path: Path, reserved: Reserved) -> None:
    """Without the Fast Extension who has nothing says nothing."""
    async with super_seed(tmp_path) as hall:
        _, ear = hall._greet(reserved)
        tick(hall)
        assert len(told(ear)) == LEAST_WINDOW
        tick(hall)
        assert told(ear) == []


async def test_only_what_it_was_told_of_is_served(tmp_path: Path) -> None:
    async with super_seed(tmp_path) as hall:
        peer, ear = hall.join([])
        pieces = told(ear)
        (hidden, *_) = {*range(ALL)} - {*pieces}
        hall.say(peer, Interested())
        assert ear.take(Unchoke)
        assert not ear.take(Suggest)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hall.parts.swarm, "spawn", lambda function, peer: None)
            hall.say(peer, Request(GEOMETRY.block(hidden, 0)), *[Request(GEOMETRY.block(p, 0)) for p in pieces])
        assert ear.take(Reject) == [Reject(GEOMETRY.block(hidden, 0))]
        await hall.parts.serving.write(peer)
        assert [piece.block.piece for piece in ear.take(Piece)] == pieces
        assert peer.ending is None


async def test_another_piece_is_told_when_somebody_else_has_shown_the_first(tmp_path: Path) -> None:
    async with super_seed(tmp_path) as hall:
        one, its_ear = hall.join([])
        other, _ = hall.join([])
        first, second = told(its_ear)
        hall.say(one, Have(first), Have(second), NotInterested())
        assert told(its_ear) == []
        hall.say(other, Have(first))
        assert len(told(its_ear)) == 1


async def test_who_comes_with_it_has_shown_it(tmp_path: Path) -> None:
    async with super_seed(tmp_path) as hall:
        _, ear = hall.join([])
        pieces = told(ear)
        hall.join(pieces)
        assert len(told(ear)) == LEAST_WINDOW


@pytest.mark.parametrize("tells", [True, False])
async def test_a_lone_leech_gets_everything_whether_it_tells_us_what_it_has_or_not(tmp_path: Path, tells: bool) -> None:
    async with super_seed(tmp_path) as hall:
        peer, ear = hall.join([])
        heard: set[int] = set()
        while new := told(ear):
            heard.update(new)
            hall.say(peer, Interested(), *[Have(piece) for piece in new if tells], NotInterested())
        assert heard == {*range(ALL)}


async def test_who_left_frees_what_only_it_was_told_of(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with super_seed(tmp_path) as hall:
        peers = [hall.join([]) for _ in range(3)]
        lost = told(peers[0][1])
        for _, ear in peers[1:]:
            told(ear)
        hall.leave(peers[0][0])
        _, ear = hall.join([])
        assert sorted(told(ear)) == sorted(lost)


async def test_who_gets_nothing_is_told_of_more_in_time(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with super_seed(tmp_path) as hall:
        _, ear = hall.join([])
        hall.join([])
        told(ear)
        for _ in range(5):
            await trio.sleep(PATIENCE + 1)
            tick(hall)
        assert len(told(ear)) == ALL - LEAST_WINDOW


async def test_who_waits_for_a_slot_is_not_told_of_more(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    async with super_seed(tmp_path) as hall:
        peer, ear = hall.join([])
        hall.join([])
        hall.parts.serving.interest_changed = lambda peer, peers: None  # type: ignore[method-assign]
        hall.say(peer, Interested())
        told(ear)
        for _ in range(5):
            await trio.sleep(PATIENCE + 1)
            tick(hall)
        assert told(ear) == []


async def test_another_seed_is_parted_from(tmp_path: Path) -> None:
    async with super_seed(tmp_path) as hall:
        peer, ear = hall.join()
        assert peer.ending is not None
        assert (peer.ending.cause, peer.ending.detail) == (Cause.UNWANTED, "both sides have everything")
        assert told(ear) == []


async def test_when_two_others_have_everything_nothing_is_hidden_any_more(tmp_path: Path) -> None:
    async with super_seed(tmp_path) as hall:
        peer, ear = hall.join([0])
        before = told(ear)
        done, _ = hall.join(range(ALL - 1))
        hall.say(done, Have(ALL - 1))
        assert done.ending is not None
        hall.join()
        tick(hall)
        assert sorted([0, *before, *told(ear)]) == [*range(ALL)]
        newcomer, its_ear = hall.join([])
        assert its_ear.take(HaveAll) == [HaveAll()]
        tick(hall)
        assert told(its_ear) == []
        assert peer.ending is newcomer.ending is None


async def test_nothing_is_hidden_while_something_is_missing(tmp_path: Path) -> None:
    async with super_seed(tmp_path, pieces=2) as hall:
        _, ear = hall.join([], unchoked=False)
        assert ear.take(Bitfield) == [Bitfield(b"\xc0")]
        tick(hall)
        assert told(ear) == []


async def test_to_a_super_seed_it_is_said_that_its_piece_has_come(tmp_path: Path) -> None:
    """It never wants anything, though it seems to lack a lot; others know that we have what they told us of."""
    async with open_hall(tmp_path) as hall:
        hiding, its_ear = hall.join([], then=[Have(0)])
        wanting, other_ear = hall.join([0], then=[Interested()])
        full, full_ear = hall.join()
        for peer, ear in ((hiding, its_ear), (wanting, other_ear), (full, full_ear)):
            hall.give(peer, *[block for block in ear.asked() if block.piece == 0])
        hall.settle()
        assert [told(ear) for ear in (its_ear, other_ear, full_ear)] == [[0], [], []]
