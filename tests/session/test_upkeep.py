from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.session.hall import Hall, open_hall
from tests.session.stage import GEOMETRY
from torrent_peer.session.downloading import RESCUE_PATIENCE
from torrent_peer.session.farewell import Cause
from torrent_peer.session.liveness import (
    HANDSHAKE_TIMEOUT,
    IDLE_LEECH_TIMEOUT,
    KEEP_ALIVE_INTERVAL,
    MESSAGE_TIMEOUT,
    SILENCE_TIMEOUT,
)
from torrent_peer.session.peer import Peer
from torrent_peer.session.upkeep import QUIET_INTERVAL, Upkeep, keep_up
from torrent_peer.strategy.choker import ROUND
from torrent_peer.wire.messages import Interested, KeepAlive, Unchoke

LAST = GEOMETRY.piece_count - 1


async def pass_time(hall: Hall, seconds: float, *, speaking: Peer | None = None) -> None:
    """Tick once a second; `speaking` sends a keep-alive before each tick."""
    upkeep = Upkeep(hall.parts.exchange)
    for _ in range(round(seconds)):
        await trio.sleep(1)
        if speaking is not None and speaking.ending is None:
            hall.say(speaking, KeepAlive())
        upkeep.tick(now=trio.current_time())


async def test_after_our_own_silence_we_say_that_we_are_there(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path) as hall:
        peer, ear = hall.join(unchoked=False)
        await pass_time(hall, KEEP_ALIVE_INTERVAL - 1, speaking=peer)
        assert not ear.take(KeepAlive)
        await pass_time(hall, 3, speaking=peer)
        assert len(ear.take(KeepAlive)) == 1


async def test_who_says_nothing_for_long_is_left(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join(unchoked=False)
        await pass_time(hall, SILENCE_TIMEOUT + 2)
        assert peer.ending is not None
        assert peer.ending.cause is Cause.TIMEOUT
        assert peer.ending.detail == "nothing heard for 180 s [KA-01]"


async def test_who_never_finishes_its_handshake_is_left(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join(unchoked=False)
        peer.greeted = False
        peer.clocks.handshake = None
        await pass_time(hall, HANDSHAKE_TIMEOUT + 2)
        assert peer.ending is not None
        assert peer.ending.detail == "no complete handshake within 20 s [HS-08]"


async def test_who_never_finishes_a_message_is_left(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join(unchoked=False)
        for byte in b"\0\0\0\x05":
            await pass_time(hall, 1)
            peer.connection.receive_data(bytes([byte]))
            peer.connection.next_event()
            peer.clocks.received = trio.current_time()
            hall.parts.exchange.after_buffer(peer, 1, now=trio.current_time())
        before = peer.ending
        await pass_time(hall, MESSAGE_TIMEOUT + 2)
        assert before is None
        assert peer.ending is not None
        assert peer.ending.detail == "a message of 9 bytes did not arrive whole within 30 s [FR-07]"


@pytest.mark.parametrize("wanted", [False, True])
async def test_two_that_want_nothing_of_each_other_part(
    tmp_path: Path, autojump_clock: MockClock, wanted: bool
) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join([], unchoked=False, then=[Interested()] * wanted)
        await pass_time(hall, 310, speaking=peer)
        if wanted:
            assert peer.ending is None
        else:
            assert peer.ending is not None
            assert peer.ending.detail == "neither side wanted anything for 300 s [LV-01]"


async def test_a_peer_with_nothing_to_do_is_asked_for_what_others_owe(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with open_hall(tmp_path, pieces=LAST - 1) as hall:
        _, slows_ear = hall.join([LAST - 1])
        slow = set(slows_ear.asked())
        quick, quicks_ear = hall.join([LAST - 1])
        while blocks := quicks_ear.asked():
            hall.give(quick, *blocks)
        assert not quick.connection.outstanding
        await pass_time(hall, RESCUE_PATIENCE + 2)
        assert set(quicks_ear.asked()) <= slow
        assert quick.connection.outstanding


async def test_slots_are_given_anew_in_rounds(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path, pieces=GEOMETRY.piece_count) as hall:
        peer, ear = hall.join([], unchoked=False, then=[Interested()])
        assert len(ear.take(Unchoke)) == 1
        peer.connection.ours.choking = True  # as after a round that took the slot away
        peer.unchoked_since, peer.choked_since = None, trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_up, Upkeep(hall.parts.exchange))
            await trio.sleep(ROUND - 1)
            assert not ear.take(Unchoke)
            await trio.sleep(2)
            assert len(ear.take(Unchoke)) == 1
            nursery.cancel_scope.cancel()


async def test_a_leech_that_asks_for_nothing_of_a_seed_is_left(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path, pieces=GEOMETRY.piece_count) as hall:
        idle, _ = hall.join([], then=[Interested()])
        busy, _ = hall.join([], then=[Interested()])
        for _ in range(round(IDLE_LEECH_TIMEOUT / 40) + 1):
            await pass_time(hall, 40, speaking=idle)
            hall.say(busy, KeepAlive())
            busy.uploaded += 1
        assert idle.ending is not None
        assert idle.ending.cause is Cause.TIMEOUT
        assert idle.ending.detail == "unchoked and interested, it asked for nothing for 120 s [LV-02]"
        assert busy.ending is None


async def test_peers_that_want_nothing_are_looked_at_seldom_and_others_every_second(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Peer] = []
    look_at = Upkeep._look_at

    def count(self: Upkeep, peer: Peer, *, now: float) -> None:
        looked.append(peer)
        look_at(self, peer, now=now)

    monkeypatch.setattr(Upkeep, "_look_at", count)
    async with open_hall(tmp_path, pieces=GEOMETRY.piece_count) as hall:
        idle, _ = hall.join([], unchoked=False)
        eager, _ = hall.join([], unchoked=False, then=[Interested()])
        await pass_time(hall, 60)
        assert looked.count(eager) == 60
        assert looked.count(idle) <= 1 + 60 / QUIET_INTERVAL
        looked.clear()
        hall.say(idle, Interested())
        idle.clocks.received = trio.current_time()
        await pass_time(hall, 10)
        assert looked.count(idle) == 10
