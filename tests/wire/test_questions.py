"""The books of questions that are never taken back."""

from torrent_peer.wire.questions import QUESTIONS_KEPT, Questions


def test_answers_are_no_more_than_questions() -> None:
    questions: Questions[int] = Questions()
    questions.ask(1)
    questions.ask(1)
    questions.ask(2)
    assert (questions.total, questions.sent, questions.live) == (3, 3, {1: 2, 2: 1})
    questions.answer(1)
    assert questions.has_credit(1)
    questions.answer(1)
    assert not questions.has_credit(1)
    questions.answer(1)
    assert (questions.total, questions.sent, questions.live) == (1, 3, {2: 1})


def test_when_there_are_too_many_the_oldest_go_and_nobody_is_blamed_for_them() -> None:
    questions: Questions[int] = Questions()
    for number in range(QUESTIONS_KEPT + 2):
        questions.ask(number)
    assert len(questions.live) == QUESTIONS_KEPT
    assert (questions.forgotten, questions.total) == (2, QUESTIONS_KEPT + 2)
    questions.answer(0)
    assert questions.has_credit(1)
    questions.answer(1)
    assert not questions.has_credit(1)
    assert questions.has_credit(2)
