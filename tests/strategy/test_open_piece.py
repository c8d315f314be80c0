"""Tests of torrent_peer.strategy.open_piece."""

import pytest

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.open_piece import ASKED, FREE, HERE, OpenPiece, PeerView, Queue


def peer(name: str) -> PeerView[str]:
    return PeerView(name, None, Queue())


@pytest.mark.parametrize("size", [1, BLOCK_LENGTH - 1, BLOCK_LENGTH, BLOCK_LENGTH + 1, 5 * BLOCK_LENGTH - 7])
def test_its_blocks_are_those_of_the_geometry(size: int) -> None:
    geometry = Geometry(size, size)
    view = peer("a")
    piece: OpenPiece[str] = OpenPiece(0, size)
    blocks = piece.take(view, 100)
    assert blocks == list(geometry.blocks(0))
    assert all(type(block) is Block for block in blocks)
    assert (piece.free, piece.left, piece.asked, view.owed) == (0, len(blocks), len(blocks), len(blocks))


def test_a_run_ends_where_a_block_is_taken() -> None:
    a, b = peer("a"), peer("b")
    piece: OpenPiece[str] = OpenPiece(7, 6 * BLOCK_LENGTH)
    piece.take(a, 4)
    piece.disclaim(a, 1)
    piece.disclaim(a, 2)
    assert [block.begin // BLOCK_LENGTH for block in piece.take(b, 6)] == [1, 2]
    assert [block.begin // BLOCK_LENGTH for block in piece.take(b, 6)] == [4, 5]
    assert (a.owed, b.owed) == (2, 4)


def test_a_block_asked_of_three_is_free_when_all_have_given_it_up() -> None:
    a, b, c = peer("a"), peer("b"), peer("c")
    piece: OpenPiece[str] = OpenPiece(0, BLOCK_LENGTH)
    piece.take(a, 1)
    assert piece.ask_again(b, 0) == Block(0, 0, BLOCK_LENGTH)
    piece.ask_again(c, 0)
    assert piece.claimants(0) == [a, b, c]
    piece.disclaim(a, 0)
    assert piece.claimants(0) == [b, c]
    piece.disclaim(c, 0)
    assert (piece.claimants(0), piece.is_untouched) == ([b], False)
    piece.disclaim(b, 0)
    assert (bytes(piece.states), piece.is_untouched) == (bytes([FREE]), True)
    assert (a.owed, b.owed, c.owed) == (0, 0, 0)


def test_giving_up_what_was_not_asked_does_nothing() -> None:
    a, b = peer("a"), peer("b")
    piece: OpenPiece[str] = OpenPiece(0, 2 * BLOCK_LENGTH)
    piece.take(a, 1)
    piece.disclaim(b, 0)
    piece.disclaim(a, 1)
    assert bytes(piece.states) == bytes([ASKED, FREE])
    assert (a.owed, b.owed) == (1, 0)


def test_closing_it_settles_every_debt() -> None:
    a, b = peer("a"), peer("b")
    piece: OpenPiece[str] = OpenPiece(0, 3 * BLOCK_LENGTH)
    piece.take(a, 2)
    piece.ask_again(b, 1)
    piece.close()
    assert (a.owed, b.owed) == (0, 0)


def test_numbers_lists_the_blocks_in_a_state() -> None:
    piece: OpenPiece[str] = OpenPiece(0, 4 * BLOCK_LENGTH)
    piece.states[:] = bytes([HERE, FREE, HERE, ASKED])
    assert [list(piece.numbers(state)) for state in (FREE, ASKED, HERE)] == [[1], [3], [0, 2]]


def test_a_view_knows_what_its_peer_has() -> None:
    assert peer("seed").has(3)
    leech: PeerView[str] = PeerView("leech", PieceSet(8, [3]), Queue())
    assert leech.has(3)
    assert not leech.has(4)
