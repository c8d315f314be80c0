import pytest
import trio
import trio.testing

from tests.session.ends import Listener, conversation
from torrent_peer.session.conversation import converse
from torrent_peer.session.farewell import Cause, EndedBy, Farewell
from torrent_peer.session.peer import Peer
from torrent_peer.session.reasons import Evidence, Signal, Stage
from torrent_peer.session.turns import AT_ONCE, Turns
from torrent_peer.wire.messages import Interested

CROWD = 60


async def test_a_crowd_that_leaves_at_once_is_seen_off_a_few_at_a_time(autojump_clock: trio.testing.MockClock) -> None:
    owner, farewells, steps = Listener(), list[Farewell](), list[int]()
    talks = [conversation() for _ in range(CROWD)]

    async def talk(peer: Peer) -> None:
        farewells.append(await converse(peer, owner))

    async with trio.open_nursery() as nursery:
        for peer, _, _ in talks:
            nursery.start_soon(talk, peer)
        await trio.testing.wait_all_tasks_blocked()
        for _, say, _ in talks:
            say.close()
        while owner.forgotten < CROWD:
            before = owner.forgotten
            await trio.lowlevel.checkpoint()
            steps.append(owner.forgotten - before)
    assert max(steps) <= 2 * AT_ONCE  # the order of tasks within a turn is a toss: two turns may fall together
    assert len(farewells) == CROWD
    assert {(f.cause, f.ended_by) for f in farewells} == {(Cause.CLOSED, EndedBy.THEM)}
    assert all(f.likely for f in farewells)
    assert owner.ends == [(Signal.FIN, Stage.SILENT)] * CROWD


@pytest.mark.parametrize("cancelled", [False, True])
async def test_who_waits_to_be_seen_off_is_gone_already(
    autojump_clock: trio.testing.MockClock, cancelled: bool
) -> None:
    owner = Listener(leaving=Full())
    peer, say, _ = conversation()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(converse, peer, owner)
        say.close()
        await trio.testing.wait_all_tasks_blocked()
        assert owner.forgotten == 0
        assert not peer.say(Interested())
        peer.close(Cause.SHUTDOWN, "the torrent ended")
        if cancelled:
            nursery.cancel_scope.cancel()
        else:
            owner.leaving.release()  # type: ignore[attr-defined]
    assert owner.forgotten == 1
    assert peer.ending is not None
    assert (peer.ending.cause, peer.ending.detail) == (Cause.CLOSED, "closed the connection")
    assert bool(peer.ending.likely) is not cancelled


async def test_what_is_seen_of_an_end_is_of_the_moment_it_came_and_not_of_its_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    class Clerk(Listener):
        at = -1.0

        def evidence(self, peer: Peer, signal: Signal, stage: Stage, *, now: float) -> Evidence:
            self.at = now
            return super().evidence(peer, signal, stage, now=now)

    leaving = Full()
    owner = Clerk(leaving=leaving)
    peer, say, _ = conversation(now=trio.current_time())
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(converse, peer, owner)
        await trio.sleep(3)
        say.close()
        await trio.sleep(7)
        leaving.release()
    assert peer.ending is not None
    assert owner.at - began == pytest.approx(3)
    assert peer.ending.seconds == pytest.approx(3)


class Full(Turns):
    """Nobody gets a turn before it is released."""

    def __init__(self) -> None:
        super().__init__(at_once=0)

    def release(self) -> None:
        """Let one through."""
        self._free.release()
