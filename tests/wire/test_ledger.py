"""The books of requests."""

import pytest

from torrent_peer.core.block import Block
from torrent_peer.wire.ledger import TAKEN_BACK_KEPT, ZOMBIES_KEPT, RequestLedger

A, B, C = Block(0, 0, 16384), Block(0, 16384, 16384), Block(7, 0, 16384)


def test_an_answer_uses_up_one_request() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.request(A)
    assert (ledger.total, ledger.answer(A), ledger.answer(A), ledger.answer(A), ledger.total) == (
        2,
        True,
        True,
        False,
        0,
    )


def test_requests_wait_in_the_order_they_came() -> None:
    ledger = RequestLedger()
    for block in (B, A, C):
        ledger.request(block)
    ledger.answer(A)
    assert list(ledger.live) == [B, C]


def test_with_fast_a_cancelled_request_waits_for_its_one_answer() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    assert ledger.cancel(A, fast=True, zombies=False)
    assert not ledger.is_waiting(A)
    assert (ledger.total, ledger.waiting) == (1, 0)
    assert not ledger.cancel(A, fast=True, zombies=False)
    ledger.request(A)  # some askers ask again at once
    assert ledger.is_waiting(A)
    assert ledger.answer(A, ring=2)
    assert ledger.answered == {}, "the answer to a cancelled request is not remembered"
    assert ledger.answer(A, ring=2)
    assert ledger.answered == {A: 1}


def test_two_cancels_of_two_copies_are_two() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.request(A)
    assert ledger.cancel(A, fast=True, zombies=False)
    assert ledger.cancel(A, fast=True, zombies=False)
    assert ledger.cancelled == {A: 2}
    assert ledger.answer(A)
    assert ledger.cancelled == {A: 1}


def test_without_fast_a_cancel_ends_the_request_and_its_answer_may_still_come() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    assert ledger.cancel(A, fast=False, zombies=True)
    assert (ledger.total, ledger.zombies, ledger.has_credit(A)) == (0, {A: 1}, True)
    assert ledger.answer(A)
    assert not ledger.has_credit(A)


def test_where_the_answers_are_written_no_zombies_are_kept() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.cancel(A, fast=False, zombies=False)
    ledger.request(B)
    ledger.throw_out(zombies=False, ring=4)
    assert ledger.zombies == {}
    assert ledger.answered == {B: 1}


def test_a_choke_without_fast_turns_requests_into_zombies() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.request(B)
    ledger.throw_out(zombies=True, ring=0)
    ledger.request(A)
    assert (ledger.live, ledger.zombies, ledger.total) == ({A: 1}, {A: 1, B: 1}, 1)
    assert [ledger.answer(A) for _ in range(3)] == [True, True, False]


def test_a_cancelled_request_is_not_awaited_though_it_is_unanswered() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.request(B)
    assert set(ledger.awaited) == {A, B}
    ledger.cancel(A, fast=True, zombies=True)
    assert set(ledger.awaited) == {B}


def test_when_a_piece_is_withdrawn_only_the_requests_for_it_end() -> None:
    ledger = RequestLedger()
    for block in (A, C, B, A):
        ledger.request(block)
    ledger.throw_out(zombies=True, ring=5, piece=0)
    assert (ledger.live, ledger.total, ledger.zombies) == ({C: 1}, 1, {A: 2, B: 1})
    assert ledger.answered == {A: 2, B: 1}
    assert (ledger.credits, ledger.sent) == (4, 4)


def test_zombies_do_not_add_up_for_ever_the_oldest_go() -> None:
    ledger = RequestLedger()
    for piece in range(ZOMBIES_KEPT + 1):
        ledger.request(Block(piece, 0, 16384))
        ledger.throw_out(zombies=True, ring=0)
    assert len(ledger.zombies) == ZOMBIES_KEPT
    assert [ledger.has_credit(Block(piece, 0, 16384)) for piece in (0, 1, ZOMBIES_KEPT)] == [False, True, True]
    assert (ledger.forgotten, ledger.credits) == (1, ZOMBIES_KEPT + 1)


def test_the_ring_keeps_the_last_answers_and_a_cancel_uses_one_up() -> None:
    ledger = RequestLedger()
    for block in (A, B, C):
        ledger.request(block)
        ledger.answer(block, ring=2)
    assert list(ledger.answered) == [B, C]
    assert ledger.cancel(B, fast=True, zombies=False)
    assert not ledger.cancel(B, fast=True, zombies=False)


def test_the_latest_cancels_are_remembered_those_that_took_nothing_back_are_not() -> None:
    ledger = RequestLedger()
    assert not ledger.cancel(A, fast=True, zombies=False)
    assert ledger.taken_back == {}
    blocks = [Block(piece, 0, 16384) for piece in range(TAKEN_BACK_KEPT + 1)]
    for block in (*blocks[:-1], blocks[0], blocks[-1]):
        ledger.request(block)
        assert ledger.cancel(block, fast=False, zombies=False)
    assert list(ledger.taken_back) == [*blocks[2:-1], blocks[0], blocks[-1]]


def test_what_is_answered_again_is_young_again() -> None:
    ledger = RequestLedger()
    for block in (A, B, A, C):
        ledger.request(block)
        ledger.answer(block, ring=2)
    assert ledger.answered == {A: 2, C: 1}


def test_what_was_asked_is_remembered_for_good() -> None:
    ledger = RequestLedger()
    ledger.note_asked(B)
    assert [ledger.was_asked(block) for block in (A, B, C)] == [False, True, False]


def test_late_requests_use_up_the_budget_and_then_are_counted() -> None:
    ledger = RequestLedger()
    ledger.budget = 1
    ledger.late()
    ledger.late()
    assert (ledger.budget, ledger.excess) == (0, 1)


def test_sparing_is_undone_once_for_each_time() -> None:
    ledger = RequestLedger()
    ledger.unspare(7)
    assert ledger.times_spared(7) == 0
    ledger.spare(7)
    ledger.spare(7)
    ledger.unspare(7)
    assert ledger.times_spared(7) == 1


def test_what_was_asked_of_pieces_is_told_for_each() -> None:
    ledger = RequestLedger()
    ledger.note_asked(B)
    assert ledger.asked_of([A, B, C]) == {0: 0b10, 7: 0}


def test_a_request_that_was_not_sent_after_all_leaves_no_trace() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.withdraw(A)
    assert (ledger.live, ledger.total) == ({}, 0)


def test_a_request_that_was_not_sent_after_all_leaves_the_one_cancelled_before_it() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.cancel(A, fast=True, zombies=False)
    ledger.request(A)
    ledger.withdraw(A)
    assert (ledger.live, ledger.cancelled, ledger.total) == ({A: 1}, {A: 1}, 1)


def test_there_are_no_other_books() -> None:
    with pytest.raises(AttributeError, match=r"^owed$"):
        RequestLedger().owed  # noqa: B018


def test_a_second_copy_that_is_answered_is_remembered_too() -> None:
    ledger = RequestLedger()
    ledger.request(A)
    ledger.request(A)
    assert ledger.answer(A, ring=4)
    assert (ledger.live, ledger.total, ledger.answered) == ({A: 1}, 1, {A: 1})
    assert ledger.answer(A, ring=4)
    assert (ledger.live, ledger.total, ledger.answered) == ({}, 0, {A: 2})


def test_a_piece_that_is_allowed_fast_may_be_had_three_times_while_choked() -> None:
    ledger = RequestLedger()
    for asked in range(5):
        assert (ledger.times_spared(7), ledger.may_be_spared(7, blocks=2)) == (asked, True)
        ledger.spare(7)
    assert (ledger.times_spared(7), ledger.may_be_spared(7, blocks=2)) == (5, False)
    assert (ledger.times_spared(8), ledger.may_be_spared(8, blocks=2)) == (0, True)
