"""Requests read and answered the short way, many at once: nothing comes of it that would not come of one by one."""

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import pytest

from tests.wire.ends import DATA, A, B, events, seed
from tests.wire.scenes import GEOMETRY
from torrent_peer.core.block import Block
from torrent_peer.wire import codec, hot
from torrent_peer.wire.connection import NEED_DATA, Event, PeerConnection
from torrent_peer.wire.errors import LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import (
    Cancel,
    Choke,
    Have,
    Interested,
    KeepAlive,
    Message,
    NotInterested,
    Reject,
    Request,
    Unchoke,
)

BLOCKS = [GEOMETRY.block(piece, number) for piece in range(GEOMETRY.piece_count - 1) for number in (0, 1)]
"""All but the last piece's."""
ODD = [Block(0, 1, 16384), Block(0, 0, 100), Block(99, 0, 16384), Block(1, 0, 20_000)]
GAP = codec.PIECE_HEADER_LENGTH


def one_by_one(connection: PeerConnection, buffers: Iterable[bytes]) -> list[Event]:
    return [event for data in buffers for event in events(connection, data)]


def short_way(connection: PeerConnection, buffers: Iterable[bytes]) -> list[Event]:
    heard: list[Event] = []
    for data in buffers:
        connection.receive_data(data)
        while True:
            before = len(connection.requested)
            count = connection.next_requests()
            heard += map(Request, list(connection.requested)[before:])
            assert len(connection.requested) == before + count
            if (event := connection.next_event()) is NEED_DATA:
                break
            heard.append(event)
    return heard


def state(connection: PeerConnection) -> list[object]:
    ledger = connection.theirs.requests
    return [
        list(ledger.live.items()),
        ledger.total,
        ledger.asked,
        list(ledger.answered.items()),
        connection.received_bytes,
        connection.sent_bytes,
        connection.heard_message,
        connection.awaiting,
        [str(said) for said in connection.recent],
        [str(finding) for finding in connection.take_findings()],
    ]


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("number", range(40))
def test_however_the_stream_is_cut_the_same_is_asked_and_known(number: int, fast: bool) -> None:
    dice = Random(number)
    said: list[Message] = [Request(block) for block in dice.sample(BLOCKS, dice.randrange(1, len(BLOCKS)))]
    if dice.random() < 0.5:
        said += [Request(block) for block in dice.sample(BLOCKS, 3)]
    others: list[Message] = [Have(1), KeepAlive(), NotInterested(), Interested(), Cancel(dice.choice(BLOCKS))]
    for other in (*others, Request(dice.choice(ODD))):
        if dice.random() < 0.3:
            said.insert(dice.randrange(len(said) + 1), other)
    stream = b"".join(map(codec.encode, said))
    cuts = sorted({0, len(stream), *(dice.randrange(len(stream)) for _ in range(dice.randrange(12)))})
    buffers = [stream[start:end] for start, end in pairwise(cuts)]
    slow, quick = seed(fast=fast), seed(fast=fast)
    if dice.random() < 0.2:
        for connection in (slow, quick):
            connection.send(Choke())
    outcomes: list[object] = []
    for connection, way in ((slow, one_by_one), (quick, short_way)):
        try:
            outcomes.append(way(connection, buffers))
        except RemoteProtocolError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]
    assert state(slow) == state(quick)


def answered_one_by_one(connection: PeerConnection, blocks: list[Block]) -> bytes:
    said = b""
    for block in blocks:
        try:
            said += connection.piece_header(block) + DATA[: block.length]
        except LocalProtocolError:
            break
    return said


def answered_together(connection: PeerConnection, blocks: list[Block]) -> bytes:
    """All that can be, one by one where the short way has an end."""
    said = b""
    while blocks:
        buffer = bytearray(b"".join(bytes(GAP) + DATA[: block.length] for block in blocks))
        count = connection.put_piece_headers(blocks, memoryview(buffer))
        said += buffer[: sum(GAP + block.length for block in blocks[:count])]
        blocks = blocks[count:]
        if blocks and not count:
            one = answered_one_by_one(connection, blocks[:1])
            if not one:
                break
            said += one
            blocks = blocks[1:]
    return said


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("number", range(40))
def test_blocks_answered_together_are_answered_as_one_by_one(number: int, fast: bool) -> None:
    dice = Random(number)
    asked = dice.sample(BLOCKS, dice.randrange(1, len(BLOCKS)))
    said: list[Message] = [Request(block) for block in asked]
    if dice.random() < 0.5:
        said.append(Request(dice.choice(asked)))  # a copy
    if dice.random() < 0.5:
        said.append(Cancel(dice.choice(asked)))
    answers = asked if dice.random() < 0.5 else dice.sample(BLOCKS, len(BLOCKS))
    outcomes: list[object] = []
    for answer in (answered_one_by_one, answered_together):
        connection = seed(fast=fast)
        events(connection, b"".join(map(codec.encode, said)))
        if number % 10 == 0:
            connection.send(Choke())
        outcomes.append((answer(connection, answers), *state(connection)))
    assert outcomes[0] == outcomes[1]


def test_what_is_remembered_for_cancels_that_cross_is_bounded() -> None:
    connection = seed()
    connection.ours.declared_queue = 4
    for start in range(0, len(BLOCKS) - 4, 4):
        events(connection, b"".join(codec.encode(Request(block)) for block in BLOCKS[start : start + 4]))
        answered_together(connection, BLOCKS[start : start + 4])
    assert not connection.requested
    assert list(connection.theirs.requests.answered) == BLOCKS[start : start + 4]  # as many as may be waiting


def test_a_transcript_hears_every_one() -> None:
    connection, heard = seed(), []
    connection.recent.on_message = lambda side, offset, message, findings: heard.append(type(message))
    connection.receive_data(codec.encode(Request(A)) + codec.encode(Request(B)))
    assert connection.next_requests() == 0
    assert [connection.next_event() for _ in range(2)] == [Request(A), Request(B)]
    assert connection.put_piece_headers([A], memoryview(bytearray(GAP + A.length))) == 0
    connection.piece_header(A)
    connection.send(Choke())
    connection.send(Reject(B))
    connection.send(Unchoke())
    assert [kind.__name__ for kind in heard] == ["Request", "Request", "Piece", "Choke", "Reject", "Unchoke"]


@pytest.mark.parametrize("ahead", [1, 3, len(BLOCKS), len(BLOCKS) + 1])
@pytest.mark.parametrize("odd", [0, 5, 6, len(BLOCKS)])
def test_requests_are_read_up_to_the_first_that_is_not_ordinary(
    monkeypatch: pytest.MonkeyPatch, ahead: int, odd: int
) -> None:
    monkeypatch.setattr(hot, "READ_AHEAD", ahead)
    connection = seed()
    said = [*BLOCKS[:odd], ODD[0], *BLOCKS[odd:]]
    connection.receive_data(b"".join(codec.encode(Request(block)) for block in said))
    assert connection.next_requests() == odd
    assert list(connection.requested) == BLOCKS[:odd]
    assert connection.next_requests() == 0
    assert connection.next_event() == Request(ODD[0])
    assert connection.next_requests() == len(BLOCKS) - odd
