"""Tests of torrent_peer.strategy.bans."""

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.strategy.bans import _MAX_SUSPECTED, MAX_STRIKES, Ban, Contributions

GOOD = bytes(4 * BLOCK_LENGTH)


def bad(*numbers: int, with_byte: int = 1) -> bytearray:
    """The content of a piece of four blocks, wrong in some."""
    data = bytearray(GOOD)
    for number in numbers:
        data[number * BLOCK_LENGTH + 5] = with_byte
    return data


def send(contributions: Contributions[str], senders: str, *, piece: int = 0) -> None:
    for number, sender in enumerate(senders):
        contributions.record(sender, piece, [number])


def test_who_sent_all_of_a_bad_piece_is_banned_at_once() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "LLLL", piece=7)
    assert contributions.piece_failed(7, memoryview(bad(2))) == [
        Ban("L", "all of piece 7 came from it, and its hash is wrong")
    ]


def test_of_two_that_shared_a_bad_piece_the_liar_is_found_when_it_is_right() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "AALA")
    assert contributions.piece_failed(0, bad(2)) == []
    send(contributions, "AAAA")
    assert contributions.piece_verified(0, GOOD) == [
        Ban("L", "sent wrong bytes for block 2 of piece 0, whose hash was wrong")
    ]


def test_the_first_sender_may_be_the_liar() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "LAAL")
    assert contributions.piece_failed(0, bad(3)) == []
    send(contributions, "BBBB")
    assert [ban.peer for ban in contributions.piece_verified(0, GOOD)] == ["L"]


def test_a_liar_that_sends_the_retry_alone_is_banned_by_it() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "AALA")
    assert contributions.piece_failed(0, bad(2)) == []
    send(contributions, "LLLL")
    assert [ban.peer for ban in contributions.piece_failed(0, bad(1))] == ["L"]
    send(contributions, "AAAA")
    assert [ban.peer for ban in contributions.piece_verified(0, GOOD)] == ["L"]


def test_two_versions_of_a_block_from_one_peer_are_a_lie_whatever_is_right() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "AALA")
    contributions.piece_failed(0, bad(2))
    send(contributions, "BALA")
    assert contributions.piece_failed(0, bad(2, with_byte=9)) == [
        Ban("L", "sent two versions of block 2 of piece 0, whose hash was wrong")
    ]


def test_a_piece_that_was_right_at_once_costs_nobody_anything() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "AABA")
    assert contributions.piece_verified(0, GOOD) == []
    assert contributions._authors == {}


def test_every_failure_of_its_own_is_judged_by_its_own_senders() -> None:
    contributions: Contributions[str] = Contributions()
    send(contributions, "AAAL", piece=1)
    send(contributions, "ABAB", piece=2)
    contributions.piece_failed(1, bad(3))
    assert contributions.piece_verified(2, GOOD) == []
    send(contributions, "BBBB", piece=1)
    assert [ban.peer for ban in contributions.piece_verified(1, GOOD)] == ["L"]


def test_the_authors_of_an_open_piece_are_known() -> None:
    contributions: Contributions[str] = Contributions()
    assert contributions.authors(0) == ()
    send(contributions, "ABAB")
    assert contributions.authors(0) == ("A", "B")


def test_nobody_is_banned_for_a_piece_nobody_sent_or_that_was_thrown_away() -> None:
    contributions: Contributions[str] = Contributions()
    assert contributions.piece_failed(0, bad(1)) == []
    send(contributions, "LLLL")
    contributions.forget(0)
    contributions.forget(0)
    assert contributions.piece_failed(0, bad(1)) == []


def test_failing_again_and_again_with_the_same_lie_ends_with_five_strikes() -> None:
    contributions: Contributions[str] = Contributions()
    for others in "ABCDE":
        send(contributions, f"{others}{others}L{others}")
        assert contributions.piece_failed(0, bad(2)) == []
    send(contributions, "FFLF")
    assert contributions.piece_failed(0, bad(2)) == [
        Ban("L", f"had a part in {MAX_STRIKES} repeated failures of pieces")
    ]


def test_strikes_are_forgiven_when_the_piece_is_right() -> None:
    contributions: Contributions[str] = Contributions()
    for piece in range(10):
        for _ in range(3):
            send(contributions, "AALA", piece=piece)
            assert contributions.piece_failed(piece, bad(2)) == []
        send(contributions, "AAAA", piece=piece)
        assert [ban.peer for ban in contributions.piece_verified(piece, GOOD)] == ["L"]
        contributions._strikes.pop("L")  # it has come back from another address


def test_what_is_remembered_of_failures_is_bounded() -> None:
    contributions: Contributions[str] = Contributions()
    for piece in range(_MAX_SUSPECTED + 10):
        send(contributions, "AALA", piece=piece)
        contributions.piece_failed(piece, bad(2))
    assert len(contributions._suspected) == _MAX_SUSPECTED
    assert 9 not in contributions._suspected


def test_the_short_last_block_counts() -> None:
    contributions: Contributions[str] = Contributions()
    data = bytes(BLOCK_LENGTH + 100)
    send(contributions, "AL")
    contributions.piece_failed(0, data[:-1] + b"x")
    send(contributions, "AA")
    assert [ban.peer for ban in contributions.piece_verified(0, data)] == ["L"]
