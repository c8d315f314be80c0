"""Proof of sight, one answer at a time; that it accuses nobody is shown by exhausting a small world, in test_model."""

from collections.abc import Callable

import pytest

from torrent_peer.core.block import Block
from torrent_peer.wire import sight
from torrent_peer.wire.messages import HashRange
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import SideState

A, B = Block(0, 0, 16384), Block(0, 16384, 16384)
RANGE = HashRange(bytes(32), 0, 0, 2, 0)


def test_nothing_is_proved_until_more_was_asked_since_than_is_unanswered() -> None:
    speaker = SideState(Side.DIALER)
    speaker.requests.request(A)
    moment = sight.now(speaker)
    assert not sight.was_heard(speaker, moment)
    speaker.requests.request(B)
    assert not sight.was_heard(speaker, moment)
    speaker.requests.answer(A)
    assert not sight.was_heard(speaker, moment)  # it may have been sent before
    speaker.requests.answer(B)
    assert sight.was_heard(speaker, moment)


def test_what_may_still_come_is_unanswered_though_nobody_waits_for_it() -> None:
    speaker = SideState(Side.DIALER)
    moment = sight.now(speaker)
    speaker.requests.request(A)
    speaker.requests.throw_out(zombies=True, ring=0)
    assert not sight.was_heard(speaker, moment)
    speaker.requests.zombies.clear()
    speaker.requests.forgotten = 1
    assert not sight.was_heard(speaker, moment)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda side: side.metadata.ask(0), lambda side: side.metadata.answer(0)),
        (lambda side: side.hashes.ask(RANGE), lambda side: side.hashes.answer(RANGE)),
    ],
    ids=["metadata", "hashes"],
)
def test_other_questions_prove_as_much(ask: Callable[[SideState], None], answer: Callable[[SideState], None]) -> None:
    speaker = SideState(Side.DIALER)
    moment = sight.now(speaker)
    ask(speaker)
    assert not sight.was_heard(speaker, moment)
    answer(speaker)
    assert sight.was_heard(speaker, moment)
    assert not sight.was_heard(speaker, sight.now(speaker))
