"""Who sends many blocks in order has them received in place; whoever else does not suffer from the attempt."""

from collections.abc import Iterable, Sequence

import trio
import trio.testing
from attrs import define, field

from tests.session.ends import ADDRESS, THEIR_HANDSHAKE, US, encoded
from tests.session.stage import CONTENT, GEOMETRY, PIECE_LENGTH, TORRENT
from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.net.transport import fill
from torrent_peer.session.in_place import LONGEST_DETOUR, receive_in_place
from torrent_peer.session.peer import Peer
from torrent_peer.wire import codec
from torrent_peer.wire.codec import FULL_PIECE_LENGTH
from torrent_peer.wire.connection import NEED_DATA, PeerConnection
from torrent_peer.wire.landing import LEAST_BLOCKS, Landing
from torrent_peer.wire.messages import HaveAll, HaveNone, Interested, Piece, Suggest, Unchoke
from torrent_peer.wire.side import Side

BLOCKS = [GEOMETRY.block(piece, number) for piece in range(5) for number in range(16)]
MUCH = 100 * FULL_PIECE_LENGTH


class Parts:
    """A stream that has one part at a time; an empty one: nothing is here yet."""

    backlog = 0

    def __init__(self, *parts: bytes) -> None:
        self.parts = list(parts)
        self.waited = 0

    async def receive(self, at_most: int = 0) -> memoryview:
        raise AssertionError

    async def readable(self) -> None:
        await trio.lowlevel.checkpoint()
        self.waited += 1

    async def give_way(self) -> None:
        await trio.lowlevel.checkpoint()

    def receive_now(self, buffers: Sequence[memoryview]) -> int | None:
        if not self.parts:
            return 0
        return fill(buffers, part) if (part := self.parts.pop(0)) else None

    def write(self, data: bytes | memoryview) -> None: ...

    async def drain(self, below: int = 0) -> None: ...

    async def aclose(self) -> None: ...


@define
class Shelf:
    """Where blocks belong: all of them somewhere."""

    landing: Landing = field(factory=Landing)
    pieces: list[bytearray] = field(factory=lambda: [bytearray(PIECE_LENGTH) for _ in range(6)])
    rows: list[BlockRow] = field(factory=list)

    def place(self, peer: Peer, row: BlockRow) -> list[memoryview] | None:
        return [memoryview(self.pieces[row.piece])[block.begin : block.end] for block in row.blocks]

    def take_placed(self, peer: Peer, rows: Iterable[BlockRow]) -> None:
        self.rows += rows


def said(blocks: Sequence[Block]) -> bytes:
    """The blocks as they come."""
    starts = [(block, block.piece * PIECE_LENGTH + block.begin) for block in blocks]
    return b"".join(codec.encode(Piece(block, CONTENT[at : at + BLOCK_LENGTH])) for block, at in starts)


def asked(*parts: bytes, blocks: Sequence[Block] = BLOCKS) -> tuple[Peer, Parts]:
    """A peer that is asked for all this, and sends this."""
    ours = PeerConnection(side=Side.DIALER, peer_id=US, info_hash=TORRENT.info_hash, geometry=GEOMETRY)
    transport = Parts(*parts)
    peer = Peer(ADDRESS, ours, transport, dialed=True, now=0.0)
    peer.greet(now=0.0)
    ours.receive_data(encoded(THEIR_HANDSHAKE, HaveAll(), Unchoke()))
    while ours.next_event() is not NEED_DATA:
        pass
    peer.say(HaveNone())
    peer.say(Interested())
    if blocks:
        peer.request(blocks, now=0.0)
    return peer, transport


async def test_blocks_are_received_where_they_belong(mock_clock: trio.testing.MockClock) -> None:
    mock_clock.jump(7)
    peer, transport = asked(b"", said(BLOCKS[:20]), said(BLOCKS[20:]))
    shelf = Shelf()
    assert await receive_in_place(peer, shelf, lately=MUCH) == (20 * FULL_PIECE_LENGTH, 20)
    assert transport.waited == 1
    assert await receive_in_place(peer, shelf, lately=20 * FULL_PIECE_LENGTH) == (40 * FULL_PIECE_LENGTH, 40)
    assert b"".join(shelf.pieces)[: 60 * BLOCK_LENGTH] == CONTENT[: 60 * BLOCK_LENGTH]
    assert sum(row.n_blocks for row in shelf.rows) == 60
    assert (len(peer.connection.outstanding), peer.misses, peer.detour) == (20, 0, 0)
    assert peer.clocks.received == 7


async def test_the_end_of_the_stream_is_passed_on() -> None:
    peer, _ = asked()
    before = peer.clocks.received
    assert await receive_in_place(peer, Shelf(), lately=MUCH) == (0, 0)
    assert peer.clocks.received == before
    assert type(peer.connection.next_event()).__name__ == "EndOfStream"


async def test_who_sends_little_or_is_asked_for_little_is_read_the_ordinary_way() -> None:
    peer, transport = asked(said(BLOCKS))
    assert await receive_in_place(peer, Shelf(), lately=(LEAST_BLOCKS - 1) * FULL_PIECE_LENGTH) is None
    assert len(transport.parts) == 1
    for blocks in ([], BLOCKS[: LEAST_BLOCKS - 1]):
        peer, transport = asked(said(blocks), blocks=blocks)
        assert await receive_in_place(peer, Shelf(), lately=MUCH) is None
        assert len(transport.parts) == 1


async def test_a_peer_that_keeps_another_order_is_received_in_place_all_the_same() -> None:
    shelf = Shelf()
    peer, _ = asked(said(BLOCKS[::-1]))
    peer.misses = 3
    assert await receive_in_place(peer, shelf, lately=MUCH) == (80 * FULL_PIECE_LENGTH, 80)
    assert (peer.misses, peer.detour, len(peer.connection.outstanding)) == (0, 0, 0)
    assert [row.begin for row in shelf.rows] == [block.begin for block in BLOCKS[::-1]]
    assert b"".join(shelf.pieces)[: 80 * BLOCK_LENGTH] == CONTENT[: 80 * BLOCK_LENGTH]


async def test_a_peer_that_says_much_else_is_not_guessed_about_for_ever_longer() -> None:
    shelf, reads = Shelf(), []
    for number in range(9):
        peer, _ = asked(encoded(Suggest(0)) + said(BLOCKS))
        peer.misses = number
        assert await receive_in_place(peer, shelf, lately=MUCH) == (80 * FULL_PIECE_LENGTH, 0)
        assert (peer.misses, len(peer.connection.outstanding)) == (number + 1, 80)
        reads.append(peer.detour)
        while peer.detour:
            assert await receive_in_place(peer, shelf, lately=MUCH) is None
    assert reads == [2, 4, 8, 16, 32, 64, LONGEST_DETOUR, 64, 64]
    assert shelf.rows == []
    assert peer.connection.next_pieces() == []
    assert peer.connection.next_event() == Suggest(0)
    assert sum(run.row.n_blocks for run in peer.connection.next_pieces()) == 79, "and nothing is lost"


async def test_one_right_guess_makes_up_for_the_wrong_ones() -> None:
    peer, _ = asked(said(BLOCKS[:8]))
    peer.misses = 5
    assert await receive_in_place(peer, Shelf(), lately=MUCH) == (8 * FULL_PIECE_LENGTH, 8)
    assert peer.misses == 0
