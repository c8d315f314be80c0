from collections.abc import Sequence

import pytest
import trio
import trio.testing

from tests.session.ends import THEIR_HANDSHAKE, US, Listener, conversation, encoded
from tests.session.stage import GEOMETRY
from torrent_peer.session.conversation import converse
from torrent_peer.session.farewell import Cause, EndedBy, Farewell
from torrent_peer.session.liveness import overdue
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.reasons import Signal, Stage
from torrent_peer.wire import codec
from torrent_peer.wire.messages import (
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Message,
    Piece,
    Request,
    Unchoke,
)

HANDSHAKE = codec.encode(THEIR_HANDSHAKE)


async def ended(owner: Listener, *parts: bytes | Message, close: bool = True) -> Farewell:
    """The farewell of a conversation in which they say this, each part by itself, and perhaps close."""
    peer, say, _ = conversation(now=trio.current_time())

    async def them() -> None:
        for part in parts:
            await say.send_all(part if isinstance(part, bytes) else codec.encode(part))
            await trio.testing.wait_all_tasks_blocked()
        if close:
            await say.aclose()

    with trio.fail_after(600):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(them)
            farewell = await converse(peer, owner)
            nursery.cancel_scope.cancel()
    return farewell


@pytest.mark.parametrize(
    ("parts", "cause", "by", "signal", "stage", "detail"),
    [
        ((), Cause.CLOSED, EndedBy.THEM, Signal.FIN, Stage.SILENT, "closed the connection"),
        (
            (HANDSHAKE[:20],),
            Cause.CUT,
            EndedBy.NETWORK,
            Signal.CUT,
            Stage.HANDSHAKE,
            "the stream ends 20 bytes into the handshake's 68",
        ),
        ((HANDSHAKE,), Cause.CLOSED, EndedBy.THEM, Signal.FIN, Stage.GREETED, "closed the connection"),
        ((HANDSHAKE, HaveAll()), Cause.CLOSED, EndedBy.THEM, Signal.FIN, Stage.TALKING, "closed the connection"),
        (
            (HANDSHAKE, HaveAll(), b"\0\0\0\x05\x04\0"),
            Cause.CUT,
            EndedBy.NETWORK,
            Signal.CUT,
            Stage.TALKING,
            "the stream ends 6 bytes into a have of 9",
        ),
    ],
)
async def test_how_a_silent_end_is_told(
    autojump_clock: trio.testing.MockClock,
    parts: tuple[bytes | Message, ...],
    cause: Cause,
    by: EndedBy,
    signal: Signal,
    stage: Stage,
    detail: str,
) -> None:
    owner = Listener()
    farewell = await ended(owner, *parts)
    assert (farewell.cause, farewell.ended_by, farewell.detail) == (cause, by, detail)
    assert owner.ends == [(signal, stage)]
    assert owner.forgotten == 1
    assert farewell.finding is None


async def test_our_handshake_is_said_at_once_and_every_message_is_handed_over_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    owner = Listener()
    peer, say, hear = conversation()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(converse, peer, owner)
        await trio.testing.wait_all_tasks_blocked()
        await peer.transport.drain()
        assert await hear.receive_some(1000) == codec.encode(
            Handshake(THEIR_HANDSHAKE.reserved, THEIR_HANDSHAKE.info_hash, US)
        )
        said: list[Message] = [THEIR_HANDSHAKE, HaveNone(), Have(1), Unchoke(), KeepAlive()]
        await say.send_all(encoded(*said))
        await trio.testing.wait_all_tasks_blocked()
        assert owner.heard == said
        assert owner.buffers == [0, 68 + 5 + 9 + 5 + 4]
        nursery.cancel_scope.cancel()
    assert owner.forgotten == 1


async def test_bytes_may_come_one_by_one(autojump_clock: trio.testing.MockClock) -> None:
    owner = Listener()
    said: list[Message] = [THEIR_HANDSHAKE, HaveNone(), Have(1), Interested()]
    data = encoded(*said)
    farewell = await ended(owner, *(data[at : at + 1] for at in range(len(data))))
    assert owner.heard == said
    assert farewell.cause is Cause.CLOSED


async def test_a_violation_ends_it_and_what_follows_is_not_heard(autojump_clock: trio.testing.MockClock) -> None:
    owner = Listener()
    broken = encoded(HaveNone(), Have(GEOMETRY.piece_count), Interested())
    farewell = await ended(owner, HANDSHAKE + broken, close=False)
    assert farewell.cause is Cause.VIOLATION
    assert farewell.ended_by is EndedBy.US
    assert farewell.finding is not None
    assert farewell.finding.rule == "BF-06"
    assert farewell.detail == str(farewell.finding)
    assert owner.findings == [farewell.finding]
    assert owner.heard == [THEIR_HANDSHAKE, HaveNone()]
    assert owner.ends == []


async def test_our_own_peer_id_is_ourselves(autojump_clock: trio.testing.MockClock) -> None:
    mirror = Handshake(THEIR_HANDSHAKE.reserved, THEIR_HANDSHAKE.info_hash, US)
    farewell = await ended(Listener(), mirror, close=False)
    assert farewell.cause is Cause.SELF
    assert farewell.finding is not None
    assert farewell.finding.rule == "HS-10"


async def test_whoever_closes_it_says_why_and_nothing_more_is_handled(autojump_clock: trio.testing.MockClock) -> None:
    owner = Listener(close_at=HaveAll)
    farewell = await ended(owner, HANDSHAKE + codec.encode(HaveAll()) + codec.encode(Unchoke()), close=False)
    assert (farewell.cause, farewell.ended_by, farewell.detail) == (Cause.UNWANTED, EndedBy.US, "heard enough")
    assert owner.heard == [THEIR_HANDSHAKE, HaveAll()]


async def test_closing_wakes_a_conversation_that_waits(autojump_clock: trio.testing.MockClock) -> None:
    owner = Listener()
    peer, _, _ = conversation()
    farewells = []

    async def talk() -> None:
        farewells.append(await converse(peer, owner))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        await trio.sleep(5)
        peer.close(Cause.TIMEOUT, "too slow")
        peer.close(Cause.UNWANTED, "too late to be the reason")
    assert [(f.cause, f.detail, f.seconds) for f in farewells] == [(Cause.TIMEOUT, "too slow", 5.0)]


async def test_being_cancelled_from_above_still_says_goodbye_to_the_owner(
    autojump_clock: trio.testing.MockClock,
) -> None:
    owner = Listener()
    peer, _, _ = conversation()
    with trio.move_on_after(1) as scope:
        await converse(peer, owner)
    assert scope.cancelled_caught
    assert owner.forgotten == 1
    assert peer.ending is not None
    assert peer.ending.cause is Cause.SHUTDOWN
    assert not peer.say(Interested())


async def test_the_end_of_the_stream_is_not_the_last_thing_they_said(autojump_clock: trio.testing.MockClock) -> None:
    peer, say, _ = conversation(now=0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(converse, peer, Listener())
        await say.send_all(HANDSHAKE + encoded(HaveNone()))
        await trio.sleep(40)
        await say.aclose()
    assert peer.clocks.received == pytest.approx(0, abs=0.1)
    assert trio.current_time() >= 40


async def test_a_reset_is_the_networks_doing(autojump_clock: trio.testing.MockClock) -> None:
    owner = Listener()
    peer, _, _ = conversation()

    class Broken:
        backlog = 0

        async def receive(self, at_most: int = 0) -> memoryview:
            await trio.lowlevel.checkpoint()
            raise ConnectionResetError(104, "Connection reset by peer")

        async def readable(self) -> None: ...

        async def give_way(self) -> None: ...

        def receive_now(self, buffers: Sequence[memoryview]) -> int | None:

            raise AssertionError

        def write(self, data: bytes | memoryview) -> None: ...

        async def drain(self, below: int = 0) -> None: ...

        async def aclose(self) -> None: ...

    peer.transport = Broken()
    farewell = await converse(peer, owner)
    assert (farewell.cause, farewell.ended_by) == (Cause.RESET, EndedBy.NETWORK)
    assert farewell.detail == "Connection reset by peer"
    assert owner.ends == [(Signal.RST, Stage.SILENT)]


class Asker(Listener):
    """Asks for all the blocks of a piece once it may."""

    def after_buffer(self, peer: Peer, length: int, *, now: float) -> None:
        if not peer.connection.theirs.choking and not peer.connection.ours.interested:
            peer.say(HaveNone())
            peer.say(Interested())
            peer.request(BLOCKS, now=now)
        if peer.connection.awaiting is None or peer.clocks.message_begun is None:
            peer.clocks.message_begun = now if peer.connection.awaiting is not None else None
        super().after_buffer(peer, length, now=now)


BLOCKS = [GEOMETRY.block(0, number) for number in range(16)]
GIVING = [Piece(block, bytes(block.length)) for block in BLOCKS]


async def test_requests_that_come_in_one_go_are_counted_and_told(autojump_clock: trio.testing.MockClock) -> None:
    owner = Listener()
    peer, say, _ = conversation(now=trio.current_time())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(converse, peer, owner)
        await say.send_all(HANDSHAKE + encoded(HaveNone(), Interested()))
        await trio.testing.wait_all_tasks_blocked()
        peer.say(HaveAll())
        peer.say(Unchoke())
        peer.flush(now=0)
        await say.send_all(encoded(*(Request(block) for block in BLOCKS[:3])))
        await trio.testing.wait_all_tasks_blocked()
        assert owner.requests == [3]
        assert [event for event in owner.heard if isinstance(event, Request)] == []
        nursery.cancel_scope.cancel()


class Stocked:
    """A stream that has, after its first bytes, everything at once."""

    backlog = 0

    def __init__(self, first: bytes, then: bytes) -> None:
        self._first, self._left = memoryview(first), memoryview(then)

    async def receive(self, at_most: int = 0) -> memoryview:
        await trio.lowlevel.checkpoint()
        data, self._first = self._first[:at_most], self._first[at_most:]
        if not data:
            data, self._left = self._left[:at_most], self._left[at_most:]
        return data

    async def readable(self) -> None: ...

    async def give_way(self) -> None: ...

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:

        raise AssertionError

    def write(self, data: bytes | memoryview) -> None: ...

    async def drain(self, below: int = 0) -> None: ...

    async def aclose(self) -> None: ...


async def test_blocks_that_fill_the_buffer_end_where_it_ends(autojump_clock: trio.testing.MockClock) -> None:
    class Greedy(Asker):
        def after_buffer(self, peer: Peer, length: int, *, now: float) -> None:
            if not peer.connection.theirs.choking and not peer.connection.ours.interested:
                blocks = [GEOMETRY.block(piece, number) for piece in range(4) for number in range(16)]
                peer.say(HaveNone())
                peer.say(Interested())
                peer.request(blocks, now=now)
            missing.append(peer.connection.missing)
            super().after_buffer(peer, length, now=now)

    missing: list[int | None] = []
    owner = Greedy()
    peer, _, _ = conversation()
    blocks = [Piece(GEOMETRY.block(piece, number), bytes(16384)) for piece in range(4) for number in range(16)]
    peer.transport = Stocked(HANDSHAKE + encoded(HaveAll(), Unchoke()), encoded(Have(1), *blocks))
    await converse(peer, owner)
    assert owner.heard.count(Have(1)) == 1
    assert sum(isinstance(event, Piece) for event in owner.heard) == 64
    once = missing.index(9)
    assert missing[once + 1 :] == [0, 0]


async def test_a_download_limit_slows_the_reading_of_what_was_asked_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    owner = Asker(download_limit=RateLimit(10_000))
    await ended(owner, HANDSHAKE, HaveAll(), *[KeepAlive()] * 1000, Unchoke(), close=True)
    assert trio.current_time() < 0.2  # one wait: for the end of the stream, once something is asked
    began = trio.current_time()
    await ended(owner, HANDSHAKE, HaveAll(), Unchoke(), *GIVING)
    assert trio.current_time() - began == pytest.approx(16 * 16_397 / 10_000, rel=0.05)


async def test_to_be_kept_waiting_by_a_download_limit_is_nobodys_slowness(
    autojump_clock: trio.testing.MockClock,
) -> None:
    owner = Asker(download_limit=RateLimit(10_000))
    peer, say, _ = conversation(now=0)
    piece = codec.encode(GIVING[0])

    async def ends_in_time() -> None:
        while True:
            await trio.sleep(1)
            late = overdue(peer.clocks, now=trio.current_time(), awaiting=peer.connection.awaiting)
            assert late is None
            assert peer.clocks.kept_waiting is not None or not peer.ages.overdue(set(BLOCKS), now=trio.current_time())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(converse, peer, owner)
        nursery.start_soon(ends_in_time)
        await say.send_all(HANDSHAKE + encoded(HaveAll(), Unchoke()))
        await trio.testing.wait_all_tasks_blocked()
        peer.clocks.handshake = peer.clocks.wanted = trio.current_time()
        await say.send_all(piece[:5000])
        await trio.sleep(5)
        assert peer.clocks.message_begun is not None
        nursery.start_soon(owner.download_limit.take, 10_000 * 100)  # as a hundred others would
        await trio.testing.wait_all_tasks_blocked()
        await say.send_all(piece[5000:10_000])
        await trio.sleep(115)
        assert peer.clocks.kept_waiting is None  # now it is they who have to say something
        await say.send_all(piece[10_000:])
        await trio.sleep(5)
        assert owner.heard[-1] == GIVING[0]
        assert peer.clocks.kept_waiting is None
        nursery.cancel_scope.cancel()
