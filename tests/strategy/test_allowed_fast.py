"""Tests of torrent_peer.strategy.allowed_fast."""

import pytest

from torrent_peer.strategy.allowed_fast import ALLOWED_PIECES, LEAST_PIECES, allowed_fast_set, pieces_to_allow

INFO_HASH = bytes.fromhex("aa" * 20)
NINE = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508]
"""The longer of the two examples of BEP 6; the other is its beginning."""


@pytest.mark.parametrize("count", [7, 9])
def test_both_examples_of_the_bep(count: int) -> None:
    assert allowed_fast_set("80.4.4.200", INFO_HASH, pieces=1313, count=count) == NINE[:count]


def test_neighbours_have_the_same_set_and_others_another() -> None:
    assert allowed_fast_set("80.4.4.1", INFO_HASH, pieces=1313, count=9) == NINE
    assert allowed_fast_set("80.4.5.200", INFO_HASH, pieces=1313, count=9) != NINE
    assert allowed_fast_set("80.4.4.200", bytes(20), pieces=1313, count=9) != NINE


@pytest.mark.parametrize(("pieces", "count"), [(3, 9), (3, 3), (1, 1), (0, 5), (5, 0)])
def test_there_are_no_more_than_there_are_pieces(pieces: int, count: int) -> None:
    allowed = allowed_fast_set("1.2.3.4", INFO_HASH, pieces=pieces, count=count)
    assert len(set(allowed)) == len(allowed) == min(pieces, count)
    assert all(piece < pieces for piece in allowed)


@pytest.mark.parametrize("host", ["::1", "2001:db8::1", "example.org", ""])
def test_there_is_no_set_but_for_ipv4(host: str) -> None:
    assert allowed_fast_set(host, INFO_HASH, pieces=1313, count=9) == []


@pytest.mark.parametrize(
    ("pieces", "has", "allowed"),
    [
        (1313, 0, 10),
        (1313, ALLOWED_PIECES - 1, 10),
        (1313, ALLOWED_PIECES, 0),
        (2 * LEAST_PIECES, 0, 2),
        (2 * LEAST_PIECES, 2, 0),
        (LEAST_PIECES - 1, 0, 0),
    ],
)
def test_only_newcomers_are_allowed_pieces_and_only_a_few(pieces: int, has: int, allowed: int) -> None:
    assert len(pieces_to_allow("80.4.4.200", INFO_HASH, pieces=pieces, has=has)) == allowed
