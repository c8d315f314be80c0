"""Blocks read the short way, many at once: nothing comes of it that would not come of reading them one by one."""

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest

from tests.wire.ends import DATA, A, B, events, leech
from tests.wire.scenes import GEOMETRY
from torrent_peer.core.block import Block, BlockRow
from torrent_peer.net.transport import fill
from torrent_peer.wire import codec
from torrent_peer.wire.connection import NEED_DATA, Event, PeerConnection
from torrent_peer.wire.errors import RemoteProtocolError
from torrent_peer.wire.landing import Landing
from torrent_peer.wire.messages import Cancel, Choke, Have, KeepAlive, Message, Piece, Unchoke
from torrent_peer.wire.side import Side

BLOCKS = [GEOMETRY.block(piece, number) for piece in range(GEOMETRY.piece_count - 1) for number in (0, 1)]
"""All but the last piece's."""


def piece(block: Block) -> Piece:
    return Piece(block, DATA[: block.length])


def kept(event: Event) -> Event:
    return Piece(event.block, bytes(event.data)) if isinstance(event, Piece) else event


def one_by_one(connection: PeerConnection, buffers: Iterable[bytes]) -> list[Event]:
    return [kept(event) for data in buffers for event in events(connection, data)]


def next_pieces(connection: PeerConnection) -> list[Piece]:
    return [piece for run in connection.next_pieces() for piece in run]


def short_way(connection: PeerConnection, buffers: Iterable[bytes]) -> list[Event]:
    heard: list[Event] = []
    for data in buffers:
        connection.receive_data(data)
        while True:
            heard += map(kept, next_pieces(connection))
            if (event := connection.next_event()) is NEED_DATA:
                break
            heard.append(kept(event))
    return heard


def asked(blocks: list[Block]) -> PeerConnection:
    connection = leech()
    connection.send_requests(blocks)
    return connection


def state(connection: PeerConnection) -> list[object]:
    ledger = connection.ours.requests
    return [
        list(ledger.live.items()),
        ledger.total,
        connection.received_bytes,
        connection.heard_message,
        connection.awaiting,
        [str(said) for said in connection.recent],
        [str(finding) for finding in connection.take_findings()],
    ]


@pytest.mark.parametrize("seed", range(40))
def test_however_the_stream_is_cut_the_same_is_heard_and_known(seed: int) -> None:
    dice = Random(seed)
    answers: list[Message] = [piece(block) for block in BLOCKS[: dice.randrange(1, len(BLOCKS))]]
    if dice.random() < 0.3:
        dice.shuffle(answers)
    for other in (Have(1), KeepAlive(), Choke(), Unchoke()):
        if dice.random() < 0.5:
            answers.insert(dice.randrange(len(answers) + 1), other)
    stream = b"".join(map(codec.encode, answers))
    cuts = sorted({0, len(stream), *(dice.randrange(len(stream)) for _ in range(dice.randrange(12)))})
    buffers = [stream[start:end] for start, end in pairwise(cuts)]
    slow, fast = asked(BLOCKS), asked(BLOCKS)
    outcomes: list[object] = []
    for connection, way in ((slow, one_by_one), (fast, short_way)):
        try:
            outcomes.append(way(connection, buffers))
        except RemoteProtocolError as error:  # a piece after a choke
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
    assert state(slow) == state(fast)


@pytest.mark.parametrize("cut", range(1, codec.PIECE_HEADER_LENGTH + 3))
def test_a_block_cut_anywhere_in_its_header_is_read(cut: int) -> None:
    stream = b"".join(codec.encode(piece(block)) for block in (A, B))
    whole = codec.PIECE_HEADER_LENGTH + A.length
    buffers = [stream[: whole + cut], stream[whole + cut :]]
    assert short_way(asked([A, B]), buffers) == [piece(A), piece(B)]


def test_a_block_that_trickles_is_read() -> None:
    connection = asked([A])
    stream = codec.encode(piece(A))
    assert short_way(connection, [stream[at : at + 1] for at in range(len(stream))]) == [piece(A)]


def test_the_beginning_of_a_block_is_kept_and_told() -> None:
    connection = asked([A, B])
    stream = codec.encode(piece(A)) + codec.encode(piece(B))
    connection.receive_data(stream[:20000])
    assert [each.block for each in next_pieces(connection)] == [A]
    assert connection.awaiting == codec.PIECE_HEADER_LENGTH + B.length
    connection.receive_data(stream[20000:])
    assert [(each.block, bytes(each.data)) for each in next_pieces(connection)] == [(B, DATA)]
    assert connection.awaiting is None


@pytest.mark.parametrize("times", [0, 1])
def test_what_nobody_waits_for_is_left_to_the_rules(times: int) -> None:
    outcomes: list[object] = []
    for way in (one_by_one, short_way):
        connection = asked([A] * times)
        try:
            heard: object = way(connection, [codec.encode(piece(A)) * (times + 1)])
        except RemoteProtocolError as error:
            heard = str(error)
        found = [finding.rule for finding in connection.take_findings()]
        assert len(found) == 1
        outcomes.append((heard, found, connection.next_pieces()))
    assert outcomes[0] == outcomes[1]


def test_the_rest_of_a_block_whose_request_was_cancelled_meanwhile_is_left_to_the_rules() -> None:
    connection = asked([A, B])
    stream = codec.encode(piece(A)) + codec.encode(piece(B))
    connection.receive_data(stream[:100])
    assert connection.next_pieces() == []
    assert connection.next_event() is NEED_DATA
    connection.send(Cancel(A))
    connection.receive_data(stream[100:])
    assert connection.next_pieces() == []
    assert kept(connection.next_event()) == piece(A)
    assert [each.block for each in next_pieces(connection)] == [B]


def test_before_the_handshake_and_with_a_transcript_there_is_no_short_way() -> None:
    connection = asked([A])
    heard: list[Message] = []
    connection.recent.on_message = lambda sender, offset, message, findings: heard.append(message)
    connection.receive_data(codec.encode(piece(A)))
    assert connection.next_pieces() == []
    assert connection.next_event() == piece(A)
    assert [type(message) for message in heard] == [Piece]
    assert PeerConnection(side=Side.LISTENER, peer_id=connection.ours.peer_id).next_pieces() == []  # type: ignore[arg-type]


def test_before_the_handshake_nobody_knows_what_is_missing() -> None:
    connection = PeerConnection(side=Side.LISTENER, peer_id=leech().ours.peer_id)  # type: ignore[arg-type]
    before = connection.missing
    assert (before, leech().missing) == (None, 0)


def landed(connection: PeerConnection, data: bytes) -> list[Event]:
    """The same stream, received in place as far as that can be."""
    landing = Landing()
    memory = {block: bytearray(block.length) for block in BLOCKS}

    def place(row: BlockRow) -> list[memoryview]:
        return [memoryview(memory[block]) for block in row.blocks]

    heard: list[Event] = []
    while data and connection.aim(landing, place):
        length = fill(landing.buffers, data)
        data = data[length:]
        for row in connection.land(landing, length):
            heard += [Piece(block, bytes(memory[block])) for block in row.blocks]
        heard += short_way(connection, [])
        while (event := connection.next_event()) is not NEED_DATA:
            heard.append(kept(event))
    return heard + short_way(connection, [data] if data else [])


@pytest.mark.parametrize("cut", [1, 13, 5000, 16397 * 3, 16397 * 9 + 20])
@pytest.mark.parametrize("other", [None, Have(1), Choke()])
def test_what_is_received_in_place_is_heard_and_known_as_any_other(cut: int, other: Message | None) -> None:
    answers: list[Message] = [piece(block) for block in BLOCKS]
    if other is not None:
        answers.insert(4, other)
    data = b"".join(map(codec.encode, answers))
    connection, ordinary = asked(BLOCKS), asked(BLOCKS)
    heard = short_way(connection, [data[:cut]])
    heard += landed(connection, data[cut:])
    assert heard == one_by_one(ordinary, [data])
    assert state(connection) == state(ordinary)


def test_nothing_is_received_in_place_for_who_wants_to_hear_of_every_message() -> None:
    connection = asked(BLOCKS)
    connection.recent.on_message = lambda sender, offset, message, findings: None
    assert not connection.aim(Landing(), lambda row: pytest.fail("nobody is to be asked"))
