from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
import trio
import trio.testing

from tests.session.ends import FULL_RESERVED, THEIR_HANDSHAKE, conversation, encoded, hear
from tests.session.stage import CONTENT, GEOMETRY, NOT_FAST
from torrent_peer.core.block import Block
from torrent_peer.session.block_buffers import BATCH_BYTES, BlockBuffers
from torrent_peer.session.farewell import Cause
from torrent_peer.session.peer import FIRST_APPETITE, Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.serving import Serving
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.strategy.choker import REST, ROUND
from torrent_peer.strategy.slots import Slots
from torrent_peer.strategy.suggestions import Suggestions
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Choke,
    Handshake,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    NotInterested,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved

BLOCKS = [GEOMETRY.block(0, number) for number in range(16)]
EVERYTHING = [GEOMETRY.block(index, number) for index in range(5) for number in range(16)]


class Shelf:
    """A store whose content is in the page cache, or has to be fetched, and whose reading can be made to fail."""

    def __init__(self, *, cached: bool = False) -> None:
        self.cached = cached
        self.fetched = 0
        """Bytes, however."""
        self.reads = 0
        """How often a disk was asked."""
        self.error: StorageError | None = None

    def read_cached_into(self, piece: int, begin: int, *buffers: memoryview) -> bool:
        if self.cached:
            self._fill(piece, begin, *buffers)
        return self.cached

    def read_into(self, piece: int, begin: int, *buffers: memoryview) -> None:
        self.reads += 1
        if self.error is not None:
            raise self.error
        self._fill(piece, begin, *buffers)

    def _fill(self, piece: int, begin: int, *buffers: memoryview) -> None:
        start = GEOMETRY.piece_offset(piece) + begin
        for buffer in buffers:
            buffer[:] = CONTENT[start : start + len(buffer)]
            start += len(buffer)
            self.fetched += len(buffer)


class Sink:
    """A transport that keeps what is written and lets as much through as it is told."""

    def __init__(self, *, open_: bool = True) -> None:
        self.written = bytearray()
        self.backlog = 0
        self.open = open_
        self.most = 0
        self.writes = 0

    async def receive(self, at_most: int = 0) -> memoryview:
        await trio.sleep_forever()
        raise AssertionError

    async def readable(self) -> None: ...

    async def give_way(self) -> None: ...

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:

        raise AssertionError

    def write(self, data: bytes | memoryview) -> None:
        self.written += data
        self.writes += 1
        if not self.open:
            self.backlog += len(data)
            self.most = max(self.most, self.backlog)

    async def drain(self, below: int = 0) -> None:
        if self.backlog > below:
            await trio.sleep_forever()

    async def aclose(self) -> None: ...


def serving(
    shelf: Shelf,
    *,
    slots: int = 8,
    of: Slots | None = None,
    limit: int | None = None,
    suggestions: Suggestions[Peer] | None = None,
) -> Serving:
    return Serving(
        shelf,  # type: ignore[arg-type]
        slots=(of or Slots(None)).share(slots),
        limit=RateLimit(limit),
        dice=Random(1),
        buffers=BlockBuffers(gap=PIECE_HEADER_LENGTH),
        suggestions=suggestions,
    )


def leech(*, reserved: Reserved = FULL_RESERVED, sink: Sink | None = None, unchoked: bool = True) -> tuple[Peer, Sink]:
    """An interested peer of ours, a seed; what was said so far is not in the sink."""
    peer, _, _ = conversation(reserved=reserved)
    sink = sink or Sink()
    peer.transport = sink
    peer.greet(now=0)
    hear(peer, Handshake(reserved, THEIR_HANDSHAKE.info_hash, THEIR_HANDSHAKE.peer_id))
    peer.say(HaveAll() if peer.connection.fast else Bitfield(b"\xfc"))
    hear(peer, *[HaveNone()] * peer.connection.fast, Interested())
    peer.greeted = True
    if unchoked:
        peer.say(Unchoke())
        peer.unchoked_since = 0.0
    peer.flush(now=0)
    sink.written.clear()
    sink.backlog = sink.most = sink.writes = 0
    return peer, sink


def ask(peer: Peer, *blocks: Block) -> None:
    hear(peer, *map(Request, blocks))


def said(sink: Sink, *messages: Message) -> bool:
    return bytes(sink.written) == encoded(*messages)


def choking(peer: Peer) -> bool:
    return peer.connection.ours.choking


def piece(block: Block) -> Piece:
    start = GEOMETRY.piece_offset(block.piece) + block.begin
    return Piece(block, CONTENT[start : start + block.length])


async def test_what_is_asked_is_answered_in_order() -> None:
    peer, sink = leech()
    ask(peer, *BLOCKS[:3])
    giving = serving(Shelf())
    with trio.fail_after(2):
        await giving.write(peer)
    assert said(sink, *map(piece, BLOCKS[:3]))
    assert giving.uploaded == peer.uploaded == 3 * 16384
    assert not peer.writing
    assert not peer.connection.requested


async def test_a_cancel_while_the_disk_reads_withdraws_the_block() -> None:
    class Slow(Shelf):
        def read_into(self, piece: int, begin: int, *buffers: memoryview) -> None:
            trio.from_thread.run_sync(cancel)
            super().read_into(piece, begin, *buffers)

    peer, sink = leech(reserved=NOT_FAST)
    ask(peer, *BLOCKS[:3])

    def cancel() -> None:
        hear(peer, Cancel(BLOCKS[1]))

    with trio.fail_after(2):
        await serving(Slow()).write(peer)
    assert said(sink, piece(BLOCKS[0]), piece(BLOCKS[2]))


@pytest.mark.parametrize(
    ("reserved", "answer"),
    [(FULL_RESERVED, [Choke(), *map(Reject, BLOCKS[:3])]), (NOT_FAST, [Choke()])],
    ids=["fast", "not fast"],
)
async def test_a_choke_while_the_disk_reads_takes_everything_back(reserved: Reserved, answer: list[Message]) -> None:
    class Slow(Shelf):
        def read_into(self, piece: int, begin: int, *buffers: memoryview) -> None:
            trio.from_thread.run_sync(choke)
            super().read_into(piece, begin, *buffers)

    peer, sink = leech(reserved=reserved)
    giving = serving(Slow(), slots=1)
    ask(peer, *BLOCKS[:3])
    better, _ = leech(unchoked=False)
    better.download_rate.add(1_000_000, now=trio.current_time())

    def choke() -> None:
        giving.rechoke([peer, better], seeding=False, now=trio.current_time())

    with trio.fail_after(2):
        await giving.write(peer)
    assert said(sink, *answer)
    assert giving.uploaded == 0


@pytest.mark.parametrize(
    ("reserved", "answer"),
    [(FULL_RESERVED, [*map(Reject, BLOCKS[:3])]), (NOT_FAST, [Choke()])],
    ids=["fast", "not fast"],
)
async def test_what_the_disk_refuses_is_refused_and_the_writer_ends(reserved: Reserved, answer: list[Message]) -> None:
    shelf = Shelf()
    shelf.error = StorageError(Kind.MISSING, Path("content.bin"), "content.bin is gone")
    peer, sink = leech(reserved=reserved)
    ask(peer, *BLOCKS[:3])
    with trio.fail_after(2):
        await serving(shelf).write(peer)
    assert said(sink, *answer)
    assert shelf.reads == 1
    assert peer.last_word == "content.bin is gone"
    assert peer.ending is None


async def test_nothing_is_counted_for_a_peer_that_left_while_the_disk_read() -> None:
    class Slow(Shelf):
        def read_into(self, piece: int, begin: int, *buffers: memoryview) -> None:
            trio.from_thread.run_sync(leave)
            super().read_into(piece, begin, *buffers)

    peer, sink = leech()
    ask(peer, BLOCKS[0])

    def leave() -> None:
        peer.close(Cause.CLOSED, "closed the connection")

    giving = serving(Slow())
    with trio.fail_after(2):
        await giving.write(peer)
    assert giving.uploaded == peer.uploaded == 0
    assert not sink.written


async def test_a_reader_that_does_not_read_costs_one_small_batch(autojump_clock: trio.testing.MockClock) -> None:
    shelf = Shelf(cached=True)
    peer, sink = leech(sink=Sink(open_=False))
    ask(peer, *EVERYTHING)
    with trio.move_on_after(60):
        await serving(shelf).write(peer)
    assert 0 < sink.most <= FIRST_APPETITE + FIRST_APPETITE // 16384 * PIECE_HEADER_LENGTH
    assert shelf.fetched == FIRST_APPETITE


async def test_a_quick_reader_is_given_ever_larger_batches_and_others_their_turn() -> None:
    shelf, turns = Shelf(cached=True), 0
    peer, sink = leech()
    ask(peer, *EVERYTHING)

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count_turns)
        await serving(shelf).write(peer)
        nursery.cancel_scope.cancel()
    assert said(sink, *map(piece, EVERYTHING))
    assert 3 <= sink.writes <= 4  # 128, 256, 512 KiB and the rest
    assert turns >= sink.writes - 2


async def test_what_the_network_did_not_take_makes_the_next_batch_smaller() -> None:
    peer, _ = leech()
    sizes = []
    for length, left in [(400_000, 0), (800_000, 0), (2_000_000, 0), (1_000_000, 700_000), (300_000, 300_000)]:
        peer.fed(length, left=left)
        sizes.append(peer.appetite)
    assert sizes == [800_000, BATCH_BYTES, BATCH_BYTES, 300_000, FIRST_APPETITE]


@pytest.mark.parametrize("cached", [False, True])
async def test_blocks_from_here_and_there_come_as_they_were_asked_for(cached: bool) -> None:
    wanted = [BLOCKS[3], BLOCKS[4], BLOCKS[1], GEOMETRY.block(5, 3), GEOMETRY.block(5, 0), BLOCKS[2]]
    shelf = Shelf(cached=cached)
    peer, sink = leech()
    ask(peer, *wanted)
    with trio.fail_after(2):
        await serving(shelf).write(peer)
    assert said(sink, *map(piece, wanted))
    assert shelf.reads == (0 if cached else 5)


async def test_the_upload_limit_holds(autojump_clock: trio.testing.MockClock) -> None:
    peer, _ = leech()
    giving = serving(Shelf(), limit=100_000)
    ask(peer, *EVERYTHING)
    await giving.write(peer)
    assert giving.uploaded / trio.current_time() == pytest.approx(100_000, rel=0.05)


async def test_requests_withdrawn_while_they_wait_for_their_turn_cost_nothing_of_the_limit(
    autojump_clock: trio.testing.MockClock,
) -> None:
    peer, _ = leech(reserved=NOT_FAST)
    giving = serving(Shelf(), limit=10_000)
    ask(peer, *BLOCKS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(giving.write, peer)
        await trio.sleep(1)
        hear(peer, *map(Cancel, BLOCKS))
    ask(peer, BLOCKS[0])
    began = trio.current_time()
    await giving.write(peer)
    assert giving.uploaded == 16384
    assert trio.current_time() - began < 0.1


async def test_a_free_slot_is_given_at_the_first_interest_and_slots_are_few(
    autojump_clock: trio.testing.MockClock,
) -> None:
    giving = serving(Shelf(), slots=2)
    peers = [leech(unchoked=False)[0] for _ in range(3)]
    for peer in peers:
        giving.interest_changed(peer, peers)
    assert [peer.connection.ours.choking for peer in peers] == [False, False, True]


async def test_in_rounds_slots_go_to_those_who_give_most(autojump_clock: trio.testing.MockClock) -> None:
    giving = serving(Shelf(), slots=2)
    peers = [leech(unchoked=False)[0] for _ in range(6)]
    for number, peer in enumerate(peers):
        peer.download_rate.add(number * 1000, now=trio.current_time())
    giving.rechoke(peers, seeding=False, now=trio.current_time())
    unchoked = {number for number, peer in enumerate(peers) if not peer.connection.ours.choking}
    optimistic = {number for number, peer in enumerate(peers) if peer.optimistic}
    assert len(unchoked) == 2
    assert len(optimistic) == 1
    assert unchoked - optimistic <= {4, 5}


async def test_who_was_choked_rests_before_it_is_unchoked_again(autojump_clock: trio.testing.MockClock) -> None:
    giving = serving(Shelf(), slots=1)
    peer, sink = leech()
    hear(peer, NotInterested())
    other, _ = leech(unchoked=False)
    giving.rechoke([peer, other], seeding=True, now=trio.current_time())
    assert choking(peer)
    hear(peer, Interested())
    hear(other, NotInterested())
    giving.interest_changed(peer, [peer, other])
    assert choking(peer)
    await trio.sleep(max(REST, ROUND))
    giving.rechoke([peer, other], seeding=True, now=trio.current_time())
    assert not choking(peer)
    assert said(sink, Choke(), Unchoke())
