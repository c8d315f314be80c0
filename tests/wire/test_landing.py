"""Blocks received in place are judged as they would be anywhere else: the two ways are held against each other."""

from random import Random

import pytest
from attrs import define, field

from tests.wire.ends import DIALER_ID, FAST, LISTENER_ID
from tests.wire.scenes import INFO_HASH
from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.core.geometry import Geometry
from torrent_peer.net.transport import fill
from torrent_peer.wire import codec
from torrent_peer.wire.connection import NEED_DATA, EndOfStream, PeerConnection
from torrent_peer.wire.errors import RemoteProtocolError
from torrent_peer.wire.landing import LEAST_BLOCKS, MOST_BLOCKS, Landing
from torrent_peer.wire.messages import (
    Cancel,
    Choke,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Message,
    Piece,
    Suggest,
    Unchoke,
)
from torrent_peer.wire.side import Side

PIECE_LENGTH = 16 * BLOCK_LENGTH
GEOMETRY = Geometry(11 * PIECE_LENGTH + 5 * BLOCK_LENGTH + 1000, PIECE_LENGTH)
BLOCKS = [block for piece in range(12) for block in GEOMETRY.blocks(piece)]
CONTENT = Random(7).randbytes(GEOMETRY.total_length)


def data_of(block: Block) -> bytes:
    at = block.piece * PIECE_LENGTH + block.begin
    return CONTENT[at : at + block.length]


def piece(block: Block) -> Piece:
    return Piece(block, data_of(block))


def asking(blocks: list[Block] = BLOCKS) -> PeerConnection:
    """A leech that may ask, and has asked for these."""
    connection = PeerConnection(side=Side.DIALER, info_hash=INFO_HASH, peer_id=DIALER_ID, geometry=GEOMETRY)
    connection.initiate()
    said: list[Message] = [Handshake(FAST, INFO_HASH, LISTENER_ID), HaveAll(), Unchoke()]
    connection.receive_data(b"".join(map(codec.encode, said)))
    while connection.next_event() is not NEED_DATA:
        pass
    connection.send(HaveNone())
    connection.send(Interested())
    connection.send_requests(blocks)
    return connection


@define
class Reader:
    """Takes all there is to take, either way."""

    connection: PeerConnection = field(factory=asking)
    in_place: bool = True
    heard: list[object] = field(factory=list)
    landed: int = 0
    """Blocks that came in place."""
    pieces: list[bytearray] = field(factory=lambda: [bytearray(PIECE_LENGTH) for _ in range(12)])
    landing: Landing = field(factory=Landing)

    def place(self, row: BlockRow) -> list[memoryview]:
        return [memoryview(self.pieces[row.piece])[block.begin : block.end] for block in row.blocks]

    def read(self, stream: bytes, cuts: list[int]) -> None:
        """The stream arrives in parts of these sizes, over and over; then it ends."""
        at, number = 0, 0
        while at < len(stream):
            part = stream[at : at + cuts[number % len(cuts)]]
            at += self.receive(part)
            number += 1
            if not self.drain():
                return
        if self.in_place and self.connection.aim(self.landing, self.place):
            assert self.connection.land(self.landing, 0) == []
        else:
            self.connection.receive_data(b"")
        self.drain()

    def receive(self, part: bytes) -> int:
        """How much of it was received."""
        if not self.in_place or not self.connection.aim(self.landing, self.place):
            self.connection.receive_data(part)
            return len(part)
        length = fill(self.landing.buffers, part)
        for row in self.connection.land(self.landing, length):
            self.landed += row.n_blocks
            for block in row.blocks:
                self.heard.append(Piece(block, bytes(self.pieces[block.piece][block.begin : block.end])))
        return length

    def drain(self) -> bool:
        try:
            while True:
                for run in self.connection.next_pieces():
                    run.copy_to(memoryview(self.pieces[run.row.piece]))
                    self.heard += [Piece(message.block, bytes(message.data)) for message in run]
                event = self.connection.next_event()
                if event is NEED_DATA:
                    return True
                self.heard.append(Piece(event.block, bytes(event.data)) if isinstance(event, Piece) else event)
                if isinstance(event, EndOfStream):
                    return False
        except RemoteProtocolError as error:
            self.heard.append(str(error))
            return False


def scrambled(dice: Random) -> bytes:
    """What a peer may send: mostly what was asked, in order; now and then something else, or nonsense."""
    said: list[Message] = list(map(piece, BLOCKS))
    for _ in range(dice.choice([0, 0, 1, 3, 10])):
        at = dice.randrange(len(said))
        match dice.randrange(7):
            case 0:
                said.insert(at, Have(dice.randrange(12)))
            case 1:
                said.insert(at, KeepAlive())
            case 2:
                said.insert(at, Suggest(3))
            case 3:
                other = dice.randrange(len(said))
                said[at], said[other] = said[other], said[at]
            case 4:
                del said[at]
            case 5:
                said.insert(at, said[dice.randrange(len(said))])
            case _:
                said.insert(at, Choke())
    stream = bytearray(b"".join(map(codec.encode, said)))
    if dice.random() < 0.3:
        stream[dice.randrange(len(stream) // (13 + BLOCK_LENGTH)) * (13 + BLOCK_LENGTH) + dice.randrange(13)] ^= 1
    return bytes(stream[: len(stream) if dice.random() < 0.6 else dice.randrange(len(stream))])


@pytest.mark.parametrize("seed", range(60))
def test_what_is_received_in_place_is_heard_as_it_would_be_otherwise(seed: int) -> None:
    dice = Random(seed)
    stream = scrambled(dice)
    cuts = [dice.choice([1, 5, 13, 14, 5000, 16396, 16397, 16398, 40_000, 200_000, 3_000_000]) for _ in range(20)]
    one, other = Reader(), Reader(in_place=False)
    one.read(stream, cuts)
    other.read(stream, cuts)
    assert one.heard == other.heard
    ours, theirs = one.connection, other.connection
    assert list(ours.outstanding.items()) == list(theirs.outstanding.items())
    assert ours.ours.requests.total == theirs.ours.requests.total
    assert list(map(str, ours.recent)) == list(map(str, theirs.recent))
    assert ours.take_findings() == theirs.take_findings()


def test_an_orderly_peer_sends_nearly_everything_in_place() -> None:
    reader = Reader()
    reader.read(b"".join(map(codec.encode, map(piece, BLOCKS))), [10_000_000])
    end = reader.heard.pop()
    assert reader.heard == list(map(piece, BLOCKS))
    assert isinstance(end, EndOfStream)
    assert end.clean
    assert reader.landed == len(BLOCKS) - 1  # the last is short
    assert reader.connection.received_bytes == 68 + 5 + 5 + GEOMETRY.total_length + 13 * len(BLOCKS)
    assert reader.connection.heard_message


def test_at_most_so_much_is_received_at_once() -> None:
    connection, reader = asking(), Reader()
    assert connection.aim(reader.landing, reader.place)
    assert sum(map(len, reader.landing.buffers)) == MOST_BLOCKS * (13 + BLOCK_LENGTH)
    assert connection.aim(reader.landing, reader.place, most=LEAST_BLOCKS)
    assert sum(map(len, reader.landing.buffers)) == LEAST_BLOCKS * (13 + BLOCK_LENGTH)
    assert not connection.aim(reader.landing, reader.place, most=LEAST_BLOCKS - 1)


def test_a_block_that_has_begun_goes_on_in_its_place() -> None:
    reader = Reader()
    stream = b"".join(map(codec.encode, map(piece, BLOCKS[:40])))
    assert reader.receive(stream[:20_000]) == 20_000
    assert reader.drain()
    assert reader.connection.missing == 2 * 16397 - 20_000
    assert reader.receive(stream[20_000:]) == len(stream) - 20_000
    assert (reader.landed, reader.connection.missing) == (40, 0)
    assert reader.heard == list(map(piece, BLOCKS[:40]))
    assert bytes(reader.pieces[0]) == CONTENT[:PIECE_LENGTH]


def test_what_belongs_nowhere_ends_what_is_prepared_for() -> None:
    connection, reader = asking(), Reader()

    def place(row: BlockRow) -> list[memoryview] | None:
        return reader.place(row) if row.piece < 2 else None

    assert connection.aim(reader.landing, place)
    assert len(reader.landing.buffers) == 2 * 32
    assert not connection.aim(reader.landing, lambda row: None)


@pytest.mark.parametrize(
    "begun",
    [
        b"\0",
        codec.encode(piece(BLOCKS[0]))[:12],
        b"\0\0\0\x05\x04\0",
        codec.encode(Suggest(3)) + codec.encode(piece(BLOCKS[1]._replace(length=16383)))[:500],
        codec.encode(piece(BLOCKS[-1]))[:500],
    ],
)
def test_nothing_is_guessed_behind_the_beginning_of_something_else(begun: bytes) -> None:
    reader = Reader()
    reader.connection.receive_data(begun)
    assert reader.drain()
    assert not reader.connection.aim(reader.landing, reader.place)


def test_nothing_is_guessed_while_there_is_something_to_read() -> None:
    reader = Reader()
    reader.connection.receive_data(codec.encode(Have(1)))
    assert not reader.connection.aim(reader.landing, reader.place)


def test_whoever_wants_to_hear_every_message_gets_them_one_by_one() -> None:
    reader = Reader()
    reader.connection.recent.on_message = lambda sender, offset, message, findings: None
    assert not reader.connection.aim(reader.landing, reader.place)


def test_with_requests_that_are_cancelled_each_block_is_judged_by_itself() -> None:
    reader = Reader()
    reader.connection.send(Cancel(BLOCKS[50]))
    reader.read(b"".join(map(codec.encode, map(piece, BLOCKS))), [10_000_000])
    assert reader.heard[:-1] == list(map(piece, BLOCKS))
    assert reader.landed == len(BLOCKS) - 1 - MOST_BLOCKS  # those that came with the cancelled one did not


def test_a_wrong_guess_is_noticed() -> None:
    reader = Reader()
    said: list[Message] = [*map(piece, BLOCKS[:20]), Have(0), *map(piece, BLOCKS[20:60])]
    assert reader.receive(b"".join(map(codec.encode, said[:10]))) == 10 * 16397
    assert (reader.landing.missed, reader.drain()) == (False, True)
    assert reader.receive(b"".join(map(codec.encode, said[10:]))) == 50 * 16397 + 9
    assert (reader.landing.missed, reader.landed, reader.drain()) == (True, 20, True)
    assert reader.heard == said


@pytest.mark.parametrize("seed", range(20))
def test_what_comes_in_another_order_is_moved_to_its_place(seed: int) -> None:
    dice = Random(seed)
    order = BLOCKS[:-1]
    if seed:
        order = [order[at] for at in sorted(range(len(order)), key=lambda at: at + dice.random() * 3 ** (seed % 6))]
    stream = b"".join(map(codec.encode, map(piece, order)))
    reader = Reader()
    while stream:
        stream = stream[reader.receive(stream[: dice.choice([13, 5000, 200_000, 3_000_000])]) :]
        assert reader.drain()
        assert not reader.landing.missed
    assert reader.heard == list(map(piece, order))
    assert reader.landed > len(order) // 2
    assert b"".join(reader.pieces)[: len(order) * BLOCK_LENGTH] == CONTENT[: len(order) * BLOCK_LENGTH]


def test_what_has_begun_may_be_any_block_that_is_asked_for() -> None:
    for first in (BLOCKS[1], BLOCKS[40], BLOCKS[170]):  # of the last no place was prepared for
        reader = Reader()
        order = [first, *(block for block in BLOCKS[:30] if block != first)]
        stream = b"".join(map(codec.encode, map(piece, order)))
        reader.connection.receive_data(stream[:500])
        assert reader.drain()
        assert reader.receive(stream[500:]) == len(stream) - 500
        assert (reader.landed, reader.landing.missed) == (len(order), False)
        assert reader.heard == list(map(piece, order))


def test_what_is_to_be_put_nowhere_unseen_is_not_and_ends_what_is_taken() -> None:
    reader = Reader()
    order = [*BLOCKS[:5], BLOCKS[100], *BLOCKS[5:20]]

    def place(row: BlockRow) -> list[memoryview] | None:
        return reader.place(row) if row.piece < 2 else None

    assert reader.connection.aim(reader.landing, place)
    stream = b"".join(map(codec.encode, map(piece, order)))
    assert fill(reader.landing.buffers, stream) == len(stream)
    assert reader.connection.land(reader.landing, len(stream)) == [BlockRow(0, 0, BLOCK_LENGTH, 5)]
    assert reader.landing.missed
    assert reader.drain()
    assert reader.heard == list(map(piece, order[5:]))


def test_a_block_said_twice_is_taken_once() -> None:
    reader, other = Reader(), Reader(in_place=False)
    stream = b"".join(map(codec.encode, map(piece, [*BLOCKS[:10], BLOCKS[3], *BLOCKS[10:20]])))
    reader.read(stream, [10_000_000])
    other.read(stream, [10_000_000])
    assert reader.landed == 10
    assert reader.heard == other.heard


def test_without_the_size_of_the_torrent_there_is_no_place() -> None:
    reader = Reader(connection=asking())
    reader.connection._legality.state.geometry = None
    assert not reader.connection.aim(reader.landing, reader.place)
