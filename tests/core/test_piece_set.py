"""`PieceSet` behaves as a set of integers does, and has the bitfield as its other form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.piece_set import PieceSet

SIZES = st.integers(0, 70)


@st.composite
def two_sets(draw: st.DrawFn) -> tuple[int, set[int], set[int]]:
    """A size and two sets of pieces below it."""
    size = draw(SIZES)
    pieces = st.sets(st.integers(0, size - 1)) if size else st.just(set())
    return size, draw(pieces), draw(pieces)


@given(two_sets())
def test_it_is_a_set_of_integers(drawn: tuple[int, set[int], set[int]]) -> None:
    size, left, right = drawn
    a, b = PieceSet(size, left), PieceSet(size, right)
    assert set(a) == left
    assert list(a) == sorted(left)
    assert set(a & b) == left & right
    assert set(a | b) == left | right
    assert set(a - b) == left - right
    assert len(a & b) == (a & b).count == len(left & right)
    assert a.has_any_of(b) is bool(left & right)
    assert (a == b) is (left == right)
    assert bool(a) is bool(left)
    assert a.is_full is (len(left) == size)
    assert all((piece in a) is (piece in left) for piece in range(-2, size + 9))


@given(two_sets())
def test_the_bitfield_and_the_set_are_the_same_thing(drawn: tuple[int, set[int], set[int]]) -> None:
    size, pieces, _ = drawn
    bitfield = PieceSet(size, pieces).to_bitfield()
    assert len(bitfield) == (size + 7) // 8
    assert bitfield == bytes(
        sum(0x80 >> bit for bit in range(8) if 8 * at + bit in pieces) for at in range(len(bitfield))
    )
    again = PieceSet.from_bitfield(memoryview(bitfield), size)
    assert again == PieceSet(size, pieces)
    assert again.count == len(pieces)


@given(two_sets())
def test_adding_and_discarding_tell_what_is_new(drawn: tuple[int, set[int], set[int]]) -> None:
    size, left, right = drawn
    pieces, model = PieceSet(size, left), set(left)
    for piece in right:
        assert pieces.add(piece) is (piece not in model)
        model.add(piece)
    for piece in left:
        assert pieces.discard(piece) is True
        assert pieces.discard(piece) is False
        model.discard(piece)
    assert set(pieces) == model
    assert pieces.count == len(model)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 16])
def test_full_has_every_piece_and_no_spare_bits(size: int) -> None:
    full = PieceSet.full(size)
    assert list(full) == list(range(size))
    assert full.is_full
    assert full == PieceSet(size, range(size))


def test_spare_bits_are_cleared() -> None:
    pieces = PieceSet.from_bitfield(b"\xff\xff", 10)
    assert pieces.count == 10
    assert pieces.to_bitfield() == b"\xff\xc0"


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_bitfield_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"^a bitfield for 10 pieces has 2 bytes, not {length}$"):
        PieceSet.from_bitfield(bytes(length), 10)


@pytest.mark.parametrize("piece", [-1, 10, 15])
def test_a_piece_outside_is_an_index_error(piece: int) -> None:
    pieces = PieceSet(10)
    for change in (pieces.add, pieces.discard):
        with pytest.raises(IndexError, match=f"^piece {piece} of 10$"):
            change(piece)
    assert piece not in pieces


def test_a_copy_goes_its_own_way() -> None:
    first = PieceSet(10, [1])
    second = first.copy()
    second.add(2)
    assert list(first) == [1]
    assert list(second) == [1, 2]
    assert first != second


def test_sets_of_other_sizes_and_other_things_are_not_equal() -> None:
    assert PieceSet(9, [1]) != PieceSet(10, [1])
    assert PieceSet(9, [1]) != {1}


def test_it_changes_and_so_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(PieceSet(1))


def test_it_prints_how_much_there_is() -> None:
    assert repr(PieceSet(10, [1, 2])) == "<PieceSet 2/10>"
