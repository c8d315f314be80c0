"""The short way of blocks; that it lets nothing illegal pass is tested beside the table it abbreviates."""

import pytest

from tests.wire.scenes import GEOMETRY, Scene
from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import codec, hot
from torrent_peer.wire.framing import FrameLimits, Framer
from torrent_peer.wire.messages import (
    Cancel,
    Choke,
    ExtendedHandshake,
    Have,
    Message,
    NotInterested,
    Piece,
    Request,
    Unchoke,
)
from torrent_peer.wire.piece_run import PieceRun
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Direction

D, L = Side.DIALER, Side.LISTENER
A = GEOMETRY.block(0, 0)
OPEN = Scene(here=D, then=[(L, Unchoke())])


@pytest.mark.parametrize(
    ("scene", "block", "taken"),
    [
        (OPEN, A, True),
        (OPEN, GEOMETRY.block(9, 1), True),
        (Scene(here=D), A, False),
        (Scene(here=D, then=[(L, Unchoke()), (D, NotInterested())]), A, False),
        (Scene(here=D, size_known=False, then=[(L, Unchoke())]), A, False),
        (Scene(here=D, opened=False, then=[(L, Unchoke())]), A, False),
        (Scene(here=D, then=[(L, Unchoke()), (D, Request(A))]), A, False),
        (Scene(here=D, then=[(L, Unchoke()), (L, ExtendedHandshake(request_queue=0))]), A, False),
        (OPEN, Block(10, 0, 16384), False),
        (OPEN, Block(0, 1, 16384), False),
        (OPEN, Block(0, 32768, 16384), False),
        (OPEN, Block(0, 0, 1000), False),
        (OPEN, Block(0, 0, 0), False),
        (OPEN, Block(9, 16384, 3617), False),
    ],
)
def test_only_the_ordinary_request_takes_the_short_way(scene: Scene, block: Block, taken: bool) -> None:
    legality = scene.legality()
    before = dict(legality.state.of(D).requests.live)
    assert hot.take_request(legality.direction(D), block) is taken
    assert (legality.state.of(D).requests.live != before) is taken


def test_a_block_from_a_side_that_chokes_does_not_take_the_short_way() -> None:
    legality = Scene(here=D, then=[(L, Unchoke()), (D, Request(A)), (L, Choke())]).legality()
    assert not hot.take_answer(legality.direction(L), A)


@pytest.mark.parametrize("heard", [True, False])
def test_the_short_way_takes_copies_one_by_one(heard: bool) -> None:
    block = GEOMETRY.block(0, 0)
    scene = Scene(here=L if heard else D, then=[(L, Unchoke()), (D, Request(block)), (D, Request(block))])
    legality = scene.legality()
    way = legality.direction(L)
    assert [hot.take_answer(way, block) for _ in range(3)] == [True, True, False]
    assert legality.state.of(D).requests.total == 0


def test_the_short_way_minds_cancelled_requests() -> None:
    one, other = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1)
    scene = Scene(here=D, then=[(L, Unchoke()), (D, Request(one)), (D, Request(other)), (D, Cancel(one))])
    legality = scene.legality()
    way = legality.direction(L)
    assert [hot.take_answer(way, block) for block in (GEOMETRY.block(3, 0), one, other)] == [False, True, True]
    assert legality.state.of(D).requests.cancelled == {}


@pytest.mark.parametrize("heard", [True, False])
def test_requests_taken_together_are_remembered_as_one_by_one(heard: bool) -> None:
    blocks = [GEOMETRY.block(piece, number) for piece in (3, 3, 0, 5) for number in (1, 0)]
    blocks = list(dict.fromkeys(blocks))
    ledgers = []
    for together in (True, False):
        legality = Scene(here=D if heard else L, then=[(L, Unchoke())]).legality()
        way = legality.direction(D)
        taken = hot.take_requests(way, blocks) if together else sum(hot.take_request(way, block) for block in blocks)
        assert taken == len(blocks)
        ledgers.append((legality.state.of(D).requests.asked, legality.state.of(D).requests.live))
    assert ledgers[0] == ledgers[1]
    assert bool(ledgers[0][0]) is heard


def test_blocks_answered_by_the_batch_are_remembered_as_one_by_one() -> None:
    one, two, three = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(1, 0)
    asked: list[tuple[Side, Message]] = [
        (D, ExtendedHandshake()),
        (L, ExtendedHandshake(request_queue=1)),
        (L, Unchoke()),
    ]
    asked += [(D, Request(one)), (L, Piece(one, b"")), (D, Request(two)), (L, Piece(two, b""))]
    asked += [(D, Request(three)), (D, Request(one))]
    remembered = []
    for batches in ([[three, one]], [[three], [one]]):
        legality = Scene(here=L, fast=False, then=asked).legality()
        assert all(hot.take_answers(legality.direction(L), batch) == len(batch) for batch in batches)
        remembered.append(legality.state.of(D).requests.answered)
    assert remembered == [{three: 1, one: 1}] * 2


ONE, TWO, THREE = GEOMETRY.block(0, 0), GEOMETRY.block(0, 1), GEOMETRY.block(9, 1)
ASKED = Scene(here=D, then=[(L, Unchoke()), *((D, Request(block)) for block in (ONE, TWO, THREE))])


def stream(*messages: Message) -> bytes:
    return b"".join(map(codec.encode, messages))


def true_piece(block: Block) -> Piece:
    return Piece(block, bytes([block.piece]) * block.length)


@pytest.mark.parametrize("cut", [0, 1, 4, 12, 13, 14, 16384, 16397])
def test_pieces_are_read_by_the_buffer_and_over_its_end(cut: int) -> None:
    way = ASKED.legality().direction(L)
    data = stream(true_piece(ONE), true_piece(TWO), true_piece(THREE), Have(1))
    framer, read, offsets = Framer(FrameLimits(piece_count=10), offset=68), list[Piece](), list[int]()
    for part in (data[: 16397 + cut], data[16397 + cut :]):
        framer.feed(part)
        runs, offset = hot.read_pieces(framer, way)
        found = [piece for run in runs for piece in run]
        if not found and framer.pending and (message := framer.next_message()) is not None:  # its header was cut
            assert isinstance(message, Piece)
            assert hot.take_answer(way, message.block)
            more, _ = hot.read_pieces(framer, way)
            found, offset = [message, *(piece for run in more for piece in run)], framer.offset
        read += [Piece(piece.block, bytes(piece.data)) for piece in found]
        offsets.append(offset)
    assert read == [true_piece(ONE), true_piece(TWO), true_piece(THREE)]
    assert offsets[0] == 68
    assert framer.next_message() == Have(1)
    assert framer.offset == 68 + 2 * 16397 + 13 + 3616
    ledger = way.receiver.requests
    assert (ledger.live, ledger.total) == ({}, 0)


WIDE = Geometry(total_length=100 * BLOCK_LENGTH + 500, piece_length=100 * BLOCK_LENGTH)


def asked_of_wide(*rows: BlockRow) -> Direction:
    """The way on which the blocks of these rows are awaited."""
    legality = Scene(here=D, then=[(L, Unchoke())]).legality()
    legality.direction(D).state.geometry = WIDE
    ledger = legality.direction(L).receiver.requests
    ledger.live.update((block, 1) for row in rows for block in row.blocks)
    ledger.total = len(ledger.live)
    return legality.direction(L)


def full(begin: int, n_blocks: int, piece: int = 0) -> BlockRow:
    return BlockRow(piece, begin * BLOCK_LENGTH, BLOCK_LENGTH, n_blocks)


@pytest.mark.parametrize(
    ("asked", "sent", "rows"),
    [
        ([full(0, 4)], [full(0, 4)], [full(0, 4)]),
        ([full(0, 1)], [full(0, 1)], [full(0, 1)]),
        ([full(0, 4)], [full(2, 2), full(0, 2)], [full(2, 2), full(0, 2)]),
        ([full(0, 5)], [full(0, 2), full(3, 2)], [full(0, 2), full(3, 2)]),
        ([full(0, 2), full(0, 2, piece=1)], [full(0, 2), full(0, 2, piece=1)], [full(0, 2), full(0, 2, piece=1)]),
        (
            [full(98, 2), BlockRow(1, 0, 500, 1)],
            [full(98, 2), BlockRow(1, 0, 500, 1)],
            [full(98, 2), BlockRow(1, 0, 500, 1)],
        ),
        ([full(0, 2), full(4, 9)], [full(0, 5)], [full(0, 2)]),
        ([full(0, 2), full(3, 9)], [full(0, 5)], [full(0, 2)]),
        ([full(0, 100)], [full(0, 70)], [full(0, hot.READ_AHEAD + 1), full(hot.READ_AHEAD + 1, 69 - hot.READ_AHEAD)]),
        (
            [BlockRow(0, 0, 32768, 1), full(2, 2)],
            [BlockRow(0, 0, 32768, 1), full(2, 2)],
            [BlockRow(0, 0, 32768, 1), full(2, 2)],
        ),
        ([BlockRow(0, 5, 16384, 2)], [BlockRow(0, 5, 16384, 2)], [BlockRow(0, 5, 16384, 2)]),
        (
            [full(0, 1), BlockRow(0, 16384, 100, 1)],
            [full(0, 1), BlockRow(0, 16384, 100, 1)],
            [full(0, 1), BlockRow(0, 16384, 100, 1)],
        ),
    ],
)
def test_blocks_that_come_in_a_row_are_taken_as_one(
    asked: list[BlockRow], sent: list[BlockRow], rows: list[BlockRow]
) -> None:
    way = asked_of_wide(*asked)
    pieces = [Piece(block, bytes([number]) * block.length) for row in sent for number, block in enumerate(row.blocks)]
    data = memoryview(stream(*pieces))
    runs: list[PieceRun] = []
    end, cut = hot.take_pieces(way, data, 0, runs)
    assert [run.row for run in runs] == rows
    taken = [piece for run in runs for piece in run]
    assert taken == pieces[: len(taken)]
    assert (end, cut) == (len(stream(*taken)), 0)
    left = {block for row in asked for block in row.blocks} - {piece.block for piece in taken}
    ledger = way.receiver.requests
    assert (set(ledger.live), ledger.total) == (left, len(left))


@pytest.mark.parametrize(
    ("waiting", "asked", "taken"),
    [
        ([], [full(0, 70)], 70),
        ([], [full(98, 2), BlockRow(1, 0, 500, 1)], 3),
        ([], [full(98, 2), BlockRow(1, 0, 499, 1)], 2),
        ([], [full(0, 3), full(2, 1)], 3),
        ([], [full(3, 3), full(0, 3)], 6),
        ([], [full(0, 2), BlockRow(0, 2 * BLOCK_LENGTH, 100, 1), full(3, 1)], 2),
        ([], [full(99, 2)], 1),
        ([], [full(100, 1)], 0),
        ([], [full(200, 1)], 0),
        ([], [full(0, 1, piece=2)], 0),
        ([full(2, 1)], [full(0, 4)], 2),
        ([full(0, 1)], [full(0, 4)], 0),
        ([full(0, 60)], [full(60, 20)], 4),
    ],
)
def test_of_requests_in_rows_those_before_the_first_extraordinary_one_are_taken(
    waiting: list[BlockRow], asked: list[BlockRow], taken: int
) -> None:
    way = (
        Scene(here=D, then=[(L, Unchoke()), (L, ExtendedHandshake(request_queue=64 if waiting else 100))])
        .legality()
        .direction(D)
    )
    way.state.geometry, way.receiver.pieces = WIDE, PieceSet.full(2)
    ledger = way.sender.requests
    ledger.live.update((block, 1) for row in waiting for block in row.blocks)
    ledger.total = before = len(ledger.live)
    blocks = [block for row in asked for block in row.blocks]
    assert hot.take_requests(way, blocks) == taken
    assert list(ledger.live)[before:] == blocks[:taken]
    assert all(type(block) is Block for block in ledger.live)
    bits: dict[int, int] = {}
    for block in blocks[:taken]:
        bits[block.piece] = bits.get(block.piece, 0) | 1 << block.begin // BLOCK_LENGTH
    assert ledger.asked == bits


@pytest.mark.parametrize(
    ("scene", "data"),
    [
        (ASKED, stream(Have(1), true_piece(ONE))),
        (ASKED, stream(true_piece(GEOMETRY.block(5, 0)))),
        (ASKED, stream(Request(ONE))),
        (ASKED, b""),
        (Scene(here=D, then=[(L, Unchoke()), (D, Request(ONE)), (L, Choke())]), stream(true_piece(ONE))),
        (Scene(here=D, then=[(L, Unchoke()), (D, Request(ONE)), (D, Request(ONE))]), stream(true_piece(ONE))),
        (Scene(here=D, then=[*ASKED.then, (D, Cancel(TWO))]), stream(true_piece(ONE))),
        (Scene(here=L, then=ASKED.then), stream(true_piece(ONE))),
        (Scene(here=D, opened=False, then=ASKED.then[1:2]), stream(true_piece(ONE))),
    ],
)
def test_whatever_else_is_next_is_left_where_it_is(scene: Scene, data: bytes) -> None:
    framer = Framer(FrameLimits(piece_count=10))
    framer.feed(data)
    way = scene.legality().direction(L)
    before = dict(way.receiver.requests.live)
    assert hot.read_pieces(framer, way) == ([], 68)
    assert way.receiver.requests.live == before
    assert framer.unread()[1] == 0


def test_the_end_of_another_message_is_no_piece() -> None:
    framer = Framer(FrameLimits(piece_count=10))
    data = stream(Have(1), true_piece(ONE))
    framer.feed(data[:3])
    assert framer.next_message() is None
    framer.feed(data[3:])
    way = ASKED.legality().direction(L)
    assert hot.read_pieces(framer, way) == ([], 0)
    assert hot.read_requests(framer, way) == ([], 0)
    assert framer.next_message() == Have(1)
    assert len(hot.read_pieces(framer, way)[0]) == 1


def test_a_piece_that_came_in_two_parts_and_is_not_waited_for_any_more_is_left() -> None:
    framer = Framer(FrameLimits(piece_count=10))
    data = stream(true_piece(ONE))
    framer.feed(data[:100])
    legality = ASKED.legality()
    way = legality.direction(L)
    assert hot.read_pieces(framer, way) == ([], 68)
    legality.withdraw(D, [ONE], {})
    framer.feed(data[100:])
    assert hot.read_pieces(framer, way) == ([], 0)
    assert framer.next_message() == true_piece(ONE)


def test_requests_are_read_by_the_buffer_up_to_what_is_not_ordinary() -> None:
    framer = Framer(FrameLimits(piece_count=10))
    way = Scene(then=[(L, Unchoke())]).legality().direction(D)
    asked = [Request(ONE), Request(TWO), Request(Block(0, 1, 5)), Request(THREE)]
    framer.feed(stream(*asked, Have(1), Have(2)))
    assert hot.read_requests(framer, way) == ([ONE, TWO], 68)
    assert hot.read_requests(framer, way) == ([], 68 + 34)
    assert framer.next_message() == asked[2]
    assert hot.read_requests(framer, way) == ([THREE], 68 + 51)
    assert hot.read_requests(framer, way) == ([], 68 + 68)
    assert framer.next_message() == Have(1)
    assert hot.read_requests(framer, way) == ([], 68 + 77)


@pytest.mark.parametrize(
    "then",
    [
        [(L, Unchoke()), (D, Request(ONE)), (L, Choke())],
        [(L, Unchoke()), (D, Request(ONE)), (D, Cancel(ONE))],
    ],
)
def test_a_batch_of_answers_is_not_sent_while_choking_nor_while_something_is_cancelled(
    then: list[tuple[Side, Message]],
) -> None:
    assert hot.take_answers(Scene(then=then).legality().direction(L), [ONE]) == 0


def test_a_batch_of_answers_ends_before_what_nobody_waits_for() -> None:
    way = ASKED.legality().direction(L)
    assert hot.take_answers(way, [ONE, GEOMETRY.block(5, 0), TWO]) == 1
    assert list(way.receiver.requests.live) == [TWO, THREE]


def test_the_ring_of_answers_keeps_those_that_were_given_last() -> None:
    asked: list[tuple[Side, Message]] = [(L, ExtendedHandshake(request_queue=2)), (L, Unchoke())]
    asked += [(D, Request(block)) for block in (ONE, TWO, THREE)]
    way = Scene(then=asked).legality().direction(L)
    assert hot.take_answers(way, [ONE, TWO, THREE]) == 3
    assert list(way.receiver.requests.answered) == [TWO, THREE]


FOUR = [GEOMETRY.block(piece, number) for piece in (2, 3) for number in (0, 1)]


@pytest.mark.parametrize(
    ("then", "came", "taken"),
    [
        ([], FOUR, 4),
        ([], FOUR[1:3], 2),
        ([], [*FOUR[:2], GEOMETRY.block(7, 0), FOUR[2]], 2),
        ([(D, Request(FOUR[1]))], FOUR, 1),
        ([], [], 0),
        ([(L, Choke())], FOUR, 0),
        ([(D, Cancel(FOUR[3]))], FOUR, 0),
    ],
)
def test_whole_blocks_are_taken_up_to_the_first_that_is_not_waited_for_just_once(
    then: list[tuple[Side, Message]], came: list[Block], taken: int
) -> None:
    asked: list[tuple[Side, Message]] = [(L, Unchoke()), *((D, Request(block)) for block in FOUR)]
    way = Scene(here=D, then=[*asked, *then]).legality().direction(L)
    ledger = way.receiver.requests
    before, total = dict(ledger.live), ledger.total
    assert hot.take_whole(way, came) == taken
    assert ledger.live == {block: count for block, count in before.items() if block not in came[:taken]}
    assert ledger.total == total - taken


@pytest.mark.parametrize(
    ("blocks", "at", "row"),
    [
        (FOUR, 0, BlockRow(2, 0, BLOCK_LENGTH, 2)),
        (FOUR, 1, BlockRow(2, BLOCK_LENGTH, BLOCK_LENGTH, 1)),
        (FOUR[::-1], 0, BlockRow(3, BLOCK_LENGTH, BLOCK_LENGTH, 1)),
        ([FOUR[0], FOUR[3]], 0, BlockRow(2, 0, BLOCK_LENGTH, 1)),
        ([FOUR[0], FOUR[1]._replace(length=100)], 0, BlockRow(2, 0, BLOCK_LENGTH, 1)),
        ([FOUR[0]._replace(length=100)], 0, None),
    ],
)
def test_the_first_row_ends_where_something_else_follows(blocks: list[Block], at: int, row: BlockRow | None) -> None:
    assert hot.first_row(blocks, at, GEOMETRY) == row
