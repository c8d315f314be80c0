"""Every interleaving of two honest ends of this very machine, over two FIFO queues: nobody is ever accused.

A small scope in full, not a sample: two blocks, a request queue of two, a few chokes, requests and cancels.
"""

from collections import deque
from collections.abc import Iterator

import pytest
from attrs import frozen

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Choke,
    Handshake,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    Piece,
    Reject,
    Request,
    Unchoke,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

ASKER, SERVER = Side.DIALER, Side.LISTENER
GEOMETRY = Geometry(2 * BLOCK_LENGTH, BLOCK_LENGTH)
BLOCKS = (Block(0, 0, BLOCK_LENGTH), Block(1, 0, BLOCK_LENGTH))
QUEUE = 2

View = tuple[object, ...]


@frozen
class Scope:
    """How much of the world is explored."""

    fast: bool
    chokes: int = 3
    requests: int = 4
    cancels: int = 1
    allowed_fast: tuple[int, ...] = ()
    queue_believed: int = QUEUE
    """What the server's books take the request queue for; anything but the truth makes them wrong."""


def _end(here: Side, scope: Scope) -> Legality:
    """One end's view, after the opening."""
    legality = Legality(geometry=GEOMETRY)
    reserved = Reserved.of(fast=scope.fast, extended=True)
    opening: list[tuple[Side, Message]] = [
        (ASKER, Handshake(reserved, InfoHash(bytes(20)), PeerId(b"a" * 20))),
        (SERVER, Handshake(reserved, InfoHash(bytes(20)), PeerId(b"s" * 20))),
        (SERVER, HaveAll() if scope.fast else Bitfield(b"\xc0")),
        (ASKER, HaveNone() if scope.fast else Bitfield(b"\x00")),
        (ASKER, Interested()),
    ]
    for sender, message in opening:
        assert legality.check(sender, message, crossed=sender is not here) == ()
        legality.apply(sender, message, crossed=sender is not here)
    server = legality.state.of(SERVER)
    server.declared_queue = QUEUE if here is ASKER else scope.queue_believed
    server.allowed_fast = frozenset(scope.allowed_fast)
    return legality


def _save(legality: Legality) -> View:
    ledger = legality.state.of(ASKER).requests
    return (
        legality.state.of(SERVER).choking,
        legality.state.of(SERVER).phase,
        tuple(ledger.live.items()),
        ledger.total,
        tuple(ledger.cancelled.items()),
        tuple(sorted(ledger.zombies.items())),
        tuple(ledger.answered.items()),
        tuple(ledger.asked.items()),
        ledger.budget,
        ledger.excess,
    )


def _load(legality: Legality, view: View) -> None:
    server, ledger = legality.state.of(SERVER), legality.state.of(ASKER).requests
    server.choking, server.phase, live, ledger.total, cancelled, zombies, answered, asked = view[:8]  # type: ignore[assignment]
    ledger.live, ledger.cancelled, ledger.zombies = dict(live), dict(cancelled), dict(zombies)  # type: ignore[call-overload]
    ledger.answered, ledger.asked = dict(answered), dict(asked)  # type: ignore[call-overload]
    ledger.budget, ledger.excess = view[8:]  # type: ignore[assignment]


World = tuple[View, View, tuple[Message, ...], tuple[Message, ...], int, int, int]
"""The asker's view, the server's, the queue to the server, to the asker; chokes, requests, cancels left to happen."""


class Explorer:
    """Walks every world there is within a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.ends = {side: _end(side, scope) for side in Side}
        self.findings: dict[str, Finding] = {}
        self.worlds = 0
        self.zombies_used = 0

    def run(self) -> None:
        scope = self.scope
        first: World = (
            *(_save(self.ends[ASKER]), _save(self.ends[SERVER])),
            *((), ()),
            *(scope.chokes, scope.requests, scope.cancels),
        )
        seen = {first}
        waiting = deque([first])
        while waiting:
            for following in self._moves(*waiting.popleft()):
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        self.worlds = len(seen)

    def _moves(
        self,
        asker: View,
        server: View,
        to_server: tuple[Message, ...],
        to_asker: tuple[Message, ...],
        chokes: int,
        requests: int,
        cancels: int,
    ) -> Iterator[World]:
        for block in BLOCKS:
            if requests and (after := self._say(ASKER, asker, Request(block))):
                yield after, server, (*to_server, Request(block)), to_asker, chokes, requests - 1, cancels
            if cancels and (after := self._say(ASKER, asker, Cancel(block))):
                yield after, server, (*to_server, Cancel(block)), to_asker, chokes, requests, cancels - 1
            for answer in (Piece(block, b""), Reject(block)):
                if after := self._say(SERVER, server, answer):
                    yield asker, after, to_server, (*to_asker, answer), chokes, requests, cancels
        for turn in (Choke(), Unchoke()):
            if chokes and (after := self._say(SERVER, server, turn)):
                yield asker, after, to_server, (*to_asker, turn), chokes - 1, requests, cancels
        if to_server and (after := self._hear(SERVER, server, to_server[0])):
            yield asker, after, to_server[1:], to_asker, chokes, requests, cancels
        if to_asker and (after := self._hear(ASKER, asker, to_asker[0])):
            yield after, server, to_server, to_asker[1:], chokes, requests, cancels

    def _say(self, here: Side, view: View, message: Message) -> View | None:
        """The view after saying it, if that is legal where it is written."""
        end = self.ends[here]
        _load(end, view)
        findings = end.check(here, message, crossed=False)
        if findings:
            return None
        end.apply(here, message, crossed=False)
        return _save(end)

    def _hear(self, here: Side, view: View, message: Message) -> View | None:
        """The view after hearing it; nothing follows a finding."""
        end = self.ends[here]
        _load(end, view)
        if isinstance(message, Piece) and message.block not in end.state.of(ASKER).requests.live:
            self.zombies_used += 1
        for finding in end.check(here.other, message, crossed=True):
            self.findings.setdefault(finding.rule, finding)
            return None
        end.apply(here.other, message, crossed=True)
        return _save(end)


@pytest.mark.parametrize(
    ("scope", "at_least"),
    [
        pytest.param(Scope(fast=True, chokes=2), 3_000, id="fast"),
        pytest.param(Scope(fast=True, chokes=2, requests=2, cancels=2), 1_000, id="fast, two cancels"),
        pytest.param(Scope(fast=True, chokes=2, requests=3, allowed_fast=(0,)), 2_000, id="fast, allowed fast"),
        pytest.param(Scope(fast=False, chokes=4, requests=3), 5_000, id="not fast"),
        pytest.param(Scope(fast=False, chokes=2, requests=3, cancels=2), 1_000, id="not fast, two cancels"),
        pytest.param(Scope(fast=True), 10_000, id="fast, wide", marks=pytest.mark.slow),
        pytest.param(Scope(fast=False, chokes=4), 10_000, id="not fast, wide", marks=pytest.mark.slow),
    ],
)
def test_no_interleaving_of_honest_ends_is_a_finding(scope: Scope, at_least: int) -> None:
    explorer = Explorer(scope)
    explorer.run()
    assert explorer.findings == {}
    assert explorer.worlds > at_least


def test_without_fast_blocks_do_arrive_that_nobody_waits_for_any_more() -> None:
    """BEP 3: "It's possible for an unexpected piece to arrive if choke and unchoke messages are sent in quick..."."""
    explorer = Explorer(Scope(fast=False, chokes=3, requests=2, cancels=0))
    explorer.run()
    assert explorer.zombies_used > 0


@pytest.mark.parametrize("fast", [True, False])
def test_books_that_are_one_request_too_small_accuse_an_honest_peer(fast: bool) -> None:
    """The bounds are tight: the explorer would find one that is too narrow."""
    explorer = Explorer(Scope(fast=fast, chokes=2, cancels=0, queue_believed=QUEUE - 1))
    explorer.run()
    assert {"REQ-07", "REQ-10"} <= set(explorer.findings)
