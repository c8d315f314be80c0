"""The model finds what is wrong: each fault here is one that would accuse an honest peer, or leave it waiting."""

from collections.abc import Callable, Sequence

import pytest
from attrs import frozen

from tests.wire import model_scopes as scopes
from tests.wire.model import Explorer
from tests.wire.model_scope import BLOCKS, LEECH, SEED, Scope, asking, choking, opening, say
from torrent_peer.core.block import Block
from torrent_peer.wire import effects, hot, sight
from torrent_peer.wire.ledger import RequestLedger
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import Choke, DontHave, ExtendedHandshake, MetadataPiece, Unchoke
from torrent_peer.wire.state import Direction, SideState

Patch = pytest.MonkeyPatch
in_flight, ring_size, choke, unchoke = effects._in_flight, effects.ring_size, effects._choke, effects._unchoke
throw_out, answer, learn_geometry = RequestLedger.throw_out, RequestLedger.answer, Legality.learn_geometry
take_answers = hot.take_answers


def few(fast: bool, *, queue: int = 1, **budgets: int) -> Scope:
    """Three blocks, a short queue, and a seed that has unchoked."""
    before = (*opening(fast), say(SEED, Unchoke()))
    moves = (*asking(LEECH, BLOCKS[:3]), *choking(SEED))
    return Scope(name="few", fast=fast, before=before, moves=moves, budgets=budgets, queue=queue)


def a_window_one_request_smaller(patch: Patch) -> None:
    patch.setattr(effects, "_in_flight", lambda way: in_flight(way) - 1)


def a_ring_one_answer_smaller(patch: Patch) -> None:
    patch.setattr(effects, "ring_size", lambda **what: max(0, ring_size(**what) - 1))


def no_zombies(patch: Patch) -> None:
    patch.setattr(RequestLedger, "add_zombie", lambda ledger, block, count=1: None)


def a_choke_that_rejects_though_fast(patch: Patch) -> None:
    def throwing_out(way: Direction, message: Choke, crossed: bool) -> None:
        choke(way, message, crossed)
        if crossed:
            way.receiver.requests.throw_out(zombies=False, ring=0)

    patch.setitem(effects.EFFECTS, Choke, throwing_out)


def no_carry(patch: Patch) -> None:
    def forgetting(way: Direction, message: Unchoke, crossed: bool) -> None:
        unchoke(way, message, crossed)
        way.receiver.requests.budget = 0

    patch.setitem(effects.EFFECTS, Unchoke, forgetting)


def a_ring_that_is_not_used_up(patch: Patch) -> None:
    cancel = RequestLedger.cancel

    def keeping(ledger: RequestLedger, block: Block, *, fast: bool, zombies: bool) -> bool:
        before = dict(ledger.answered)
        found = cancel(ledger, block, fast=fast, zombies=zombies)
        ledger.answered = {**before, **ledger.answered}
        return found

    patch.setattr(RequestLedger, "cancel", keeping)


def a_ring_that_takes_what_was_cancelled(patch: Patch) -> None:
    def remembering(ledger: RequestLedger, block: Block, *, ring: int = 0) -> bool:
        if ring and block in ledger.cancelled:
            ledger.remember(block, ring=ring)
        return answer(ledger, block, ring=ring)

    patch.setattr(RequestLedger, "answer", remembering)


def a_short_way_that_forgets_the_ring(patch: Patch) -> None:
    def forgetful(way: Direction, blocks: Sequence[Block]) -> int:
        taken = take_answers(way, blocks)
        way.receiver.requests.answered.clear()
        return taken

    patch.setattr(hot, "take_answers", forgetful)


def sight_by_one_answer_too_few(patch: Patch) -> None:
    def nearly(speaker: SideState, moment: sight.Moment) -> bool:
        return speaker.requests.sent - moment[0] >= speaker.requests.credits

    patch.setattr(sight, "was_heard", nearly)


def no_room_for_what_crossed_a_withdrawal(patch: Patch) -> None:
    dont_have = effects._dont_have

    def strict(way: Direction, message: DontHave, crossed: bool) -> None:
        dont_have(way, message, crossed)
        way.receiver.requests.leeway = 0

    patch.setitem(effects.EFFECTS, DontHave, strict)


def sight_that_is_taken_for_granted(patch: Patch) -> None:
    patch.setattr(sight, "was_heard", lambda speaker, moment: True)


def late_requests_that_are_owed_nothing(patch: Patch) -> None:
    patch.setattr(effects, "_drop", lambda way, block: None)


def a_choke_that_the_asker_does_not_feel(patch: Patch) -> None:
    def feeling_nothing(ledger: RequestLedger, *, zombies: bool, ring: int, piece: int | None = None) -> None:
        if not zombies:
            throw_out(ledger, zombies=zombies, ring=ring, piece=piece)

    patch.setattr(RequestLedger, "throw_out", feeling_nothing)


def ids_that_die_when_they_are_disabled(patch: Patch) -> None:
    greet = effects._extended_handshake

    def forgetful(way: Direction, message: ExtendedHandshake, crossed: bool) -> None:
        greet(way, message, crossed)
        way.sender.announced = {number: name for name, number in way.sender.extensions.items()}

    patch.setitem(effects.EFFECTS, ExtendedHandshake, forgetful)


def metadata_that_may_be_sent_twice(patch: Patch) -> None:
    note = effects._metadata_answer

    def careless(way: Direction, message: MetadataPiece, crossed: bool) -> None:
        if crossed:
            note(way, message, crossed)

    patch.setitem(effects.EFFECTS, MetadataPiece, careless)


def a_size_that_makes_forget(patch: Patch) -> None:
    def forgetful(legality: Legality, geometry: object) -> object:
        legality.state.listener.deferred = None
        return learn_geometry(legality, geometry)  # type: ignore[arg-type]

    patch.setattr(Legality, "learn_geometry", forgetful)


@frozen
class Seeded:
    """A fault, where it shows, and how."""

    fault: Callable[[Patch], None]
    scope: Scope
    shows: str
    """Id of the rule under which somebody is accused, or words."""

    def __str__(self) -> str:
        return f"{self.fault.__name__} ({self.scope})"


DIFFER = "nothing is on its way, and the ends differ in what was said"
NOT_OWED = "nothing is on its way, and what is waited for is not what is owed"
STUCK = "nothing is left to do, and somebody still waits for an answer"
SEEDED = [
    Seeded(a_window_one_request_smaller, few(True, requests=1, cancels=0, chokes=1), "REQ-07"),
    Seeded(a_window_one_request_smaller, few(False, requests=1, cancels=0, chokes=1), "REQ-07"),
    Seeded(a_window_one_request_smaller, scopes.SMALL[0], "REQ-07"),
    Seeded(a_ring_one_answer_smaller, few(True, requests=1, cancels=1, chokes=0), "CAN-02"),
    Seeded(a_ring_one_answer_smaller, few(False, requests=2, cancels=1, chokes=2), "CAN-02"),
    Seeded(a_ring_one_answer_smaller, scopes.cancels(True, requests=2, cancels=2, chokes=0), "CAN-02"),
    Seeded(a_ring_that_is_not_used_up, few(True, queue=2, requests=3, cancels=2, chokes=0), "CAN-02"),
    Seeded(a_ring_that_takes_what_was_cancelled, few(True, queue=2, requests=3, cancels=2, chokes=0), "CAN-02"),
    Seeded(a_short_way_that_forgets_the_ring, scopes.cancels(True, requests=1, cancels=1, chokes=0), "CAN-02"),
    Seeded(no_zombies, scopes.requests(False, requests=1, cancels=0, chokes=3), NOT_OWED),
    Seeded(no_zombies, scopes.requests(False, requests=1, cancels=1, chokes=1), "PIECE-04"),
    Seeded(a_choke_that_rejects_though_fast, scopes.requests(True, requests=1, cancels=0, chokes=2), NOT_OWED),
    Seeded(no_carry, few(False, requests=2, cancels=0, chokes=3), "REQ-10"),
    Seeded(sight_by_one_answer_too_few, scopes.SMALL[6], "REQ-07"),
    Seeded(no_room_for_what_crossed_a_withdrawal, scopes.SMALL[4], "REQ-02"),
    Seeded(sight_that_is_taken_for_granted, scopes.SMALL[10], "REQ-11"),
    Seeded(late_requests_that_are_owed_nothing, scopes.requests(True, requests=1, cancels=0, chokes=2), STUCK),
    Seeded(a_choke_that_the_asker_does_not_feel, scopes.SMALL[1], NOT_OWED),
    Seeded(ids_that_die_when_they_are_disabled, scopes.SMALL[11], "EXT-02"),
    Seeded(metadata_that_may_be_sent_twice, scopes.SMALL[11], DIFFER),
    Seeded(a_size_that_makes_forget, scopes.SMALL[17], DIFFER),
]


@pytest.mark.parametrize("seeded", SEEDED, ids=str)
def test_a_fault_is_found(seeded: Seeded, monkeypatch: Patch) -> None:
    seeded.fault(monkeypatch)
    explorer = Explorer(seeded.scope)
    explorer.run()
    assert explorer.fault is not None
    finding = explorer.fault.finding
    assert (explorer.fault.what if finding is None else finding.rule) == seeded.shows


def test_the_shortest_way_to_a_fault_is_told(monkeypatch: Patch) -> None:
    a_window_one_request_smaller(monkeypatch)
    explorer = Explorer(few(True, requests=1, cancels=0, chokes=1))
    explorer.run()
    assert str(explorer.fault).splitlines() == [
        "an honest end is accused: request for piece 0 [0:16384] while the listener chokes: it crossed no choke. "
        'BEP 3, peer protocol: "Choking is a notification that no data will be sent until unchoking happens." [REQ-07]',
        "  1. the dialer says request 0 [0:16384]",
        "  2. the listener says choke",
        "  3. on their way to the listener: request 0 [0:16384]",
        "  4. on their way to the dialer: choke",
    ]
