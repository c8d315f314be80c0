"""Two honest ends and somebody who listens in between, over four FIFO queues: nobody is accused for what crossed.

Random play in a small scope, the same on every run: three pieces of a block each, small request queues, chokes,
cancels, withdrawn pieces and metadata both ways. What the ends say is legal where it is written, and nothing else is
asked of them; when it passes in the middle, and when it is heard, is up to the dice.
"""

import random
from collections import deque
from collections.abc import Sequence

import pytest

from torrent_peer.capture.views import Views
from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    Interested,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

GEOMETRY = Geometry(3 * BLOCK_LENGTH, BLOCK_LENGTH)
BLOCKS = [GEOMETRY.block(piece, 0) for piece in range(3)]
HASH = InfoHash(bytes(20))
STEPS = 120
FULL: dict[bool, Message] = {True: HaveAll(), False: Bitfield(b"\xe0")}

ASKS: list[Message] = [Request(block) for block in BLOCKS]
MOVES: list[tuple[float, Message]] = [
    (1, Choke()),
    (2, Unchoke()),
    *((4, move) for move in ASKS),
    *((2, move) for block in BLOCKS for move in (Piece(block, b""), Reject(block), Cancel(block))),
    (0.3, DontHave(0)),
    (2, Have(0)),
    (2, MetadataRequest(0)),
    (2, MetadataPiece(0, 100, bytes(100))),
    (2, MetadataReject(0)),
]
WEIGHTS, MESSAGES = [weight for weight, _ in MOVES], [move for _, move in MOVES]


class World:
    """Two ends, what is on its way to the middle, and what is on its way from there."""

    def __init__(self, *, fast: bool, queue: int) -> None:
        self.ends = {side: Legality(geometry=GEOMETRY) for side in Side}
        self.views = Views(info_hash=HASH, geometry=GEOMETRY)
        self.to_middle: dict[Side, deque[Message]] = {side: deque() for side in Side}
        self.to_end: dict[Side, deque[Message]] = {side: deque() for side in Side}
        bits = Reserved.of(fast=fast, extended=True)
        greeting = ExtendedHandshake({"ut_metadata": 1, "lt_donthave": 4}, request_queue=queue, metadata_size=100)
        for side in Side:
            self.say(side, Handshake(bits, HASH, PeerId(side.value.encode().ljust(20, b"."))))
        for side in Side:
            assert self.overhear(side) == []
            self.hear(side)
        for side in Side:
            for message in (greeting, FULL[fast], Interested()):
                self.say(side, message)

    def say(self, side: Side, message: Message) -> None:
        """Say it, if it is legal where it is written."""
        end = self.ends[side]
        if not end.check(side, message, crossed=False):
            end.apply(side, message, crossed=False)
            self.to_middle[side].append(message)

    def overhear(self, side: Side) -> list[Finding]:
        """What is found in the next that this side said, as it passes."""
        message = self.to_middle[side].popleft()
        self.to_end[side].append(message)
        return [each for each in self.views.say(side, message, 0) if each.severity is not Severity.REDUNDANT]

    def hear(self, side: Side) -> None:
        """The other end takes the next that this side said."""
        self.ends[side.other].apply(side, self.to_end[side].popleft(), crossed=True)


def play(seed: int, *, fast: bool, queue: int) -> Sequence[Finding]:
    """What is found in one random history, up to the first time."""
    dice, world = random.Random(seed), World(fast=fast, queue=queue)
    for _ in range(STEPS):
        side, turn = dice.choice(list(Side)), dice.random()
        if turn < 0.4:
            world.say(side, dice.choices(MESSAGES, WEIGHTS)[0])
        elif turn < 0.7 and world.to_middle[side]:
            if found := world.overhear(side):
                return found
        elif world.to_end[side]:
            world.hear(side)
    return ()


@pytest.mark.parametrize("queue", [1, 2])
@pytest.mark.parametrize("fast", [True, False])
def test_no_honest_end_is_accused_by_who_listens_in_between(fast: bool, queue: int) -> None:
    for seed in range(50):
        assert play(seed, fast=fast, queue=queue) == ()


def ready(*, fast: bool, queue: int = 1) -> Views:
    """Two views after an opening: the listener has everything, and has unchoked."""
    views = Views(info_hash=HASH, geometry=GEOMETRY)
    bits = Reserved.of(fast=fast, extended=True)
    for side in Side:
        say(views, side, Handshake(bits, HASH, PeerId(side.value.encode().ljust(20, b"."))))
    say(views, Side.LISTENER, ExtendedHandshake({}, request_queue=queue), FULL[fast], Unchoke())
    say(views, Side.DIALER, FULL[fast], Interested())
    return views


def say(views: Views, side: Side, *messages: Message) -> list[str]:
    """Say these one after the other; the rules they break."""
    return [finding.rule for message in messages for finding in views.say(side, message, 0)]


def test_a_request_that_outlived_a_choke_here_leaves_room_for_the_next() -> None:
    """It passed here before the choke, and arrived after the unchoke: so it was served, and asked for again."""
    views = ready(fast=False)
    one, two = Request(BLOCKS[0]), Request(BLOCKS[1])
    assert say(views, Side.DIALER, one) == []
    assert say(views, Side.LISTENER, Choke(), Unchoke(), Piece(BLOCKS[0], b"")) == []
    assert say(views, Side.DIALER, one, two) == []
    assert say(views, Side.DIALER, Request(BLOCKS[2])) == ["REQ-10"]


def test_each_side_is_judged_by_what_has_passed_before() -> None:
    views = ready(fast=True)
    assert say(views, Side.LISTENER, Piece(BLOCKS[0], b"")) == ["PIECE-02"]
    assert say(views, Side.DIALER, Request(BLOCKS[0])) == []
    assert say(views, Side.LISTENER, Choke(), Reject(BLOCKS[0]), Reject(BLOCKS[0])) == ["FAST-02"]


def test_what_breaks_a_rule_was_said_all_the_same() -> None:
    views = ready(fast=True, queue=1)
    assert say(views, Side.DIALER, Request(BLOCKS[0]), Request(BLOCKS[1])) == ["REQ-10"]
    assert say(views, Side.LISTENER, Piece(BLOCKS[0], b""), Piece(BLOCKS[1], b"")) == []


def test_what_a_side_declared_is_known() -> None:
    views = ready(fast=True, queue=7)
    assert views.known_of(Side.LISTENER).request_queue == 7
    assert views.known_of(Side.LISTENER).pieces == views.known_of(Side.DIALER).pieces
