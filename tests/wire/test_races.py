"""Every interleaving of two honest ends of this very machine, over two FIFO queues: nobody is ever accused.

A small scope in full, not a sample: two blocks, a request queue of two, a few chokes, requests and cancels; pieces that
are withdrawn and come back, metadata, messages of extensions, and requests the other way.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from attrs import astuple, frozen

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import sight
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.ledger import RequestLedger
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
    PeerExchange,
    Piece,
    Reject,
    Request,
    Unchoke,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import SideState

ASKER, SERVER = Side.DIALER, Side.LISTENER
GEOMETRY = Geometry(2 * BLOCK_LENGTH, BLOCK_LENGTH)
BLOCKS = (Block(0, 0, BLOCK_LENGTH), Block(1, 0, BLOCK_LENGTH))
BACK = BLOCKS[1]
"""What the server asks of the asker."""
QUEUE = 2
METADATA = bytes(100)
FULL: dict[bool, Message] = {True: HaveAll(), False: Bitfield(b"\xc0")}
EXTENSIONS = ExtendedHandshake(
    {"ut_metadata": 1, "ut_pex": 2, "upload_only": 3, "lt_donthave": 4}, metadata_size=len(METADATA)
)

View = tuple[object, ...]
Counts = tuple[int, ...]


@frozen
class Left:
    """How often each thing may still happen."""

    chokes: int = 3
    requests: int = 4
    cancels: int = 1
    withdrawals: int = 0
    """Of piece 0, and returns of it."""
    metadata: int = 0
    chatter: int = 0
    """Messages of extensions that ask for nothing."""
    requests_back: int = 0


KINDS = tuple(Left.__annotations__)


@frozen
class Scope:
    """How much of the world is explored."""

    fast: bool
    left: Left = Left()
    allowed_fast: tuple[int, ...] = ()
    queue_believed: int = QUEUE
    """What the server's books take the request queue for; anything but the truth makes them wrong."""


def _end(here: Side, scope: Scope) -> Legality:
    """One end's view, after the opening."""
    legality = Legality(geometry=GEOMETRY)
    reserved = Reserved.of(fast=scope.fast, extended=True)
    said: tuple[Message, ...] = (EXTENSIONS, FULL[scope.fast], Interested())
    opening: list[tuple[Side, Message]] = [
        (ASKER, Handshake(reserved, InfoHash(bytes(20)), PeerId(b"a" * 20))),
        (SERVER, Handshake(reserved, InfoHash(bytes(20)), PeerId(b"s" * 20))),
        *((side, message) for side in Side for message in said),
        (ASKER, Unchoke()),
    ]
    for sender, message in opening:
        assert legality.check(sender, message, crossed=sender is not here) == ()
        legality.apply(sender, message, crossed=sender is not here)
    server = legality.state.of(SERVER)
    server.declared_queue = QUEUE if here is ASKER else scope.queue_believed
    server.allowed_fast = frozenset(scope.allowed_fast)
    return legality


def _moves(scope: Scope) -> dict[Side, list[tuple[str, Message]]]:
    """What each end may do, and what it uses up (nothing, if it is empty)."""
    moves: dict[Side, list[tuple[str, Message]]] = {ASKER: [], SERVER: []}
    for block in BLOCKS:
        moves[ASKER] += [("requests", Request(block)), ("cancels", Cancel(block))]
        moves[SERVER] += [("", Piece(block, b"")), ("", Reject(block))]
    moves[SERVER] += [("chokes", Choke()), ("chokes", Unchoke())]
    moves[SERVER] += [("withdrawals", DontHave(0)), ("withdrawals", Have(0))]
    moves[ASKER] += [("metadata", MetadataRequest(0))]
    if scope.left.metadata:
        moves[SERVER] += [("", MetadataPiece(0, len(METADATA), METADATA)), ("", MetadataReject(0))]
    moves[ASKER] += [("chatter", UploadOnly(upload_only=True))]
    moves[SERVER] += [("chatter", PeerExchange())]
    moves[SERVER] += [("requests_back", Request(BACK))]
    if scope.left.requests_back:
        moves[ASKER] += [("", Piece(BACK, b"")), ("", Reject(BACK))]
    return {
        side: [(kind, message) for kind, message in each if not kind or getattr(scope.left, kind)]
        for side, each in moves.items()
    }


def _save_ledger(ledger: RequestLedger) -> View:
    return (
        tuple(ledger.live.items()),
        ledger.total,
        tuple(ledger.cancelled.items()),
        tuple(sorted(ledger.zombies.items())),
        tuple(ledger.answered.items()),
        tuple(ledger.asked.items()),
        *(ledger.budget, ledger.choked_at, ledger.excess, ledger.leeway, ledger.withdrawn_at, ledger.sent),
    )


def _load_ledger(ledger: RequestLedger, view: Any) -> None:
    live, ledger.total, cancelled, zombies, answered, asked = view[:6]
    ledger.live, ledger.cancelled, ledger.zombies = dict(live), dict(cancelled), dict(zombies)
    ledger.answered, ledger.asked = dict(answered), dict(asked)
    ledger.budget, ledger.choked_at, ledger.excess, ledger.leeway, ledger.withdrawn_at, ledger.sent = view[6:]


World = tuple[int, int, tuple[int, ...], tuple[int, ...], Counts]
"""What the asker knows, what the server does; the queues to the server, and to the asker; what may still happen.

What an end knows is a number of its own, and so is each message: the same are met in thousands of worlds.
"""


class Explorer:
    """Walks every world there is within a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.ends = {side: _end(side, scope) for side in Side}
        self.moves = _moves(scope)
        self.messages = list({message: None for moves in self.moves.values() for _, message in moves})
        self.findings: dict[str, Finding] = {}
        self.worlds = 0
        self.zombies_used = 0
        self.known: list[View] = []
        """Everything that one end ever knows, by number."""
        self._views: dict[View, int] = {}
        self._saying: dict[tuple[Side, int], list[tuple[int, int, int]]] = {}
        self._hearing: dict[tuple[Side, int, int], int | None] = {}

    def run(self) -> None:
        first: World = (self._save(ASKER), self._save(SERVER), (), (), astuple(self.scope.left))
        seen = {first}
        waiting = deque(seen)
        while waiting:
            for following in self._following(*waiting.popleft()):
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
        self.worlds = len(seen)

    def _following(
        self, asker: int, server: int, to_server: tuple[int, ...], to_asker: tuple[int, ...], left: Counts
    ) -> Iterator[World]:
        for use, message, after in self._say(ASKER, asker):
            if use < 0 or left[use]:
                yield after, server, (*to_server, message), to_asker, _less(left, use)
        for use, message, after in self._say(SERVER, server):
            if use < 0 or left[use]:
                yield asker, after, to_server, (*to_asker, message), _less(left, use)
        if to_server and (heard := self._hear(SERVER, server, to_server[0])) is not None:
            yield asker, heard, to_server[1:], to_asker, left
        if to_asker and (heard := self._hear(ASKER, asker, to_asker[0])) is not None:
            yield heard, server, to_server, to_asker[1:], left

    def _say(self, here: Side, view: int) -> list[tuple[int, int, int]]:
        """What is legal where it is written: what it uses up, the message, and what is known after it."""
        if (known := self._saying.get((here, view))) is not None:
            return known
        end, found = self.ends[here], self._saying.setdefault((here, view), [])
        for kind, message in self.moves[here]:
            self.load(here, view)
            if self._blamed(end.check(here, message, crossed=False)) is None:
                end.apply(here, message, crossed=False)
                use = KINDS.index(kind) if kind else -1
                found.append((use, self.messages.index(message), self._save(here)))
        return found

    def _hear(self, here: Side, view: int, number: int) -> int | None:
        """What is known after hearing it; nothing follows a finding."""
        key = (here, view, number)
        if key not in self._hearing:
            end, message = self.ends[here], self.messages[number]
            self.load(here, view)
            if isinstance(message, Piece) and message.block not in end.state.of(here).requests.live:
                self.zombies_used += 1
            finding = self._blamed(end.check(here.other, message, crossed=True))
            if finding is not None:
                self.findings.setdefault(finding.rule, finding)
                self._hearing[key] = None
            else:
                end.apply(here.other, message, crossed=True)
                self._hearing[key] = self._save(here)
        return self._hearing[key]

    def _blamed(self, findings: Sequence[Finding]) -> Finding | None:
        """The gravest, but for peer exchanges that name nobody: those here only take their turn."""
        return next((finding for finding in findings if finding.rule != "PEX-06"), None)

    def _save(self, here: Side) -> int:
        asker, server = (self.ends[here].state.of(side) for side in (ASKER, SERVER))
        view = (
            *(server.choking, server.phase, frozenset(server.pieces or ()), frozenset(server.withdrawn or ())),
            *(tuple(asker.metadata.live.items()), asker.metadata.sent),
            _save_ledger(asker.requests),
            _save_ledger(server.requests),
        )
        if view not in self._views:
            self._views[view] = len(self.known)
            self.known.append(view)
        return self._views[view]

    def load(self, here: Side, number: int) -> None:
        """Let one end know just this."""
        asker, server = (self.ends[here].state.of(side) for side in (ASKER, SERVER))
        view: Any = self.known[number]
        server.choking, server.phase, pieces, withdrawn, metadata, asker.metadata.sent, ours, theirs = view
        server.pieces, server.withdrawn = PieceSet(2, pieces), PieceSet(2, withdrawn) if withdrawn else None
        asker.metadata.live = dict(metadata)
        _load_ledger(asker.requests, ours)
        _load_ledger(server.requests, theirs)


def _less(left: Counts, use: int) -> Counts:
    return left if use < 0 else (*left[:use], left[use] - 1, *left[use + 1 :])


@pytest.mark.parametrize(
    ("scope", "at_least"),
    [
        pytest.param(Scope(True, Left(2)), 10_000, id="fast"),
        pytest.param(Scope(True, Left(2, 2, 2)), 2_000, id="fast, two cancels"),
        pytest.param(Scope(True, Left(2, 3), allowed_fast=(0,)), 5_000, id="fast, allowed fast"),
        pytest.param(Scope(False, Left(4, 3)), 20_000, id="not fast"),
        pytest.param(Scope(False, Left(2, 3, 2)), 5_000, id="not fast, two cancels"),
        pytest.param(Scope(True, Left(1, 3, withdrawals=2)), 50_000, id="fast, withdrawn"),
        pytest.param(Scope(False, Left(2, 3, withdrawals=2)), 50_000, id="not fast, withdrawn"),
        pytest.param(Scope(True, Left(2, 2, 0, 1, requests_back=2)), 30_000, id="fast, both ways"),
        pytest.param(Scope(False, Left(2, 2, 0, 1, requests_back=2)), 10_000, id="not fast, both ways"),
        pytest.param(Scope(True, Left(2, 1, 0, 1, metadata=2, chatter=1)), 50_000, id="fast, metadata"),
        pytest.param(Scope(False, Left(2, 1, 0, 1, metadata=2, chatter=1)), 30_000, id="not fast, metadata"),
        pytest.param(Scope(True, Left(3, 4, 1, 2)), 2_000_000, id="fast, wide", marks=pytest.mark.slow),
        pytest.param(Scope(False, Left(3, 4, 1, 2)), 1_000_000, id="not fast, wide", marks=pytest.mark.slow),
        pytest.param(Scope(True, Left(2, 3, 0, 2, 0, 0, 2)), 500_000, id="both ways, wide", marks=pytest.mark.slow),
    ],
)
def test_no_interleaving_of_honest_ends_is_a_finding(scope: Scope, at_least: int) -> None:
    explorer = Explorer(scope)
    explorer.run()
    print(f"{explorer.worlds:,} worlds")
    assert explorer.findings == {}
    assert explorer.worlds > at_least


def test_without_fast_blocks_do_arrive_that_nobody_waits_for_any_more() -> None:
    """BEP 3: "It's possible for an unexpected piece to arrive if choke and unchoke messages are sent in quick..."."""
    explorer = Explorer(Scope(False, Left(3, 2, 0)))
    explorer.run()
    assert explorer.zombies_used > 0


@pytest.mark.parametrize("fast", [True, False])
def test_books_that_are_one_request_too_small_accuse_an_honest_peer(fast: bool) -> None:
    """The bounds are tight: the explorer would find one that is too narrow."""
    explorer = Explorer(Scope(fast, Left(2, 4, 0, withdrawals=1), queue_believed=QUEUE - 1))
    explorer.run()
    assert {"REQ-02", "REQ-07", "REQ-10"} <= set(explorer.findings)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("left", [Left(2, 2, 0, 1, requests_back=2), Left(2, 1, 0, 1, metadata=0, requests_back=1)])
def test_sight_that_is_proved_by_one_answer_too_few_accuses_an_honest_peer(
    monkeypatch: pytest.MonkeyPatch, fast: bool, left: Left
) -> None:
    def nearly(speaker: SideState, moment: sight.Moment) -> bool:
        return speaker.requests.sent - moment[0] >= speaker.requests.credits

    monkeypatch.setattr(sight, "was_heard", nearly)
    explorer = Explorer(Scope(fast, left))
    explorer.run()
    assert {"REQ-02", "REQ-07"} <= set(explorer.findings)


def test_sight_does_close_windows_that_counting_leaves_open() -> None:
    explorer = Explorer(Scope(True, Left(2, 1, 0, requests_back=1)))
    explorer.run()
    server, late = explorer.ends[SERVER], Request(BLOCKS[0])
    found = set()
    for number in range(len(explorer.known)):
        explorer.load(SERVER, number)
        budget = server.state.of(ASKER).requests.budget
        found |= {finding.rule for finding in server.check(ASKER, late, crossed=True) if budget}
    assert "REQ-07" in found
