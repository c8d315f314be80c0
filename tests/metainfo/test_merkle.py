"""Merkle trees against the plainest definition: a full binary tree over all leaves."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.metainfo.merkle import BLOCK, leaves, piece_layer, root


def plain_root(hashes: list[bytes], count: int) -> bytes:
    """The root over `count` leaves, a power of two, missing ones zero."""
    layer = hashes + [bytes(32)] * (count - len(hashes))
    while len(layer) > 1:
        layer = [sha256(layer[i] + layer[i + 1]).digest() for i in range(0, len(layer), 2)]
    return layer[0]


def test_leaves_are_hashes_of_blocks() -> None:
    data = bytes(range(256)) * 200
    assert leaves(data) == [sha256(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK)]
    assert leaves(b"") == []
    assert leaves(memoryview(b"x")) == [sha256(b"x").digest()]


@given(st.integers(1, 40))
def test_the_root_is_that_of_the_full_tree(count: int) -> None:
    hashes = [sha256(b"%d" % number).digest() for number in range(count)]
    full = 1 << (count - 1).bit_length()
    assert root(hashes) == plain_root(hashes, full)


@given(st.integers(1, 70), st.sampled_from([BLOCK, 2 * BLOCK, 4 * BLOCK, 16 * BLOCK]))
def test_a_piece_layer_leads_to_the_same_root(count: int, piece_length: int) -> None:
    hashes = [sha256(b"%d" % number).digest() for number in range(count)]
    per_piece = piece_length // BLOCK
    layer, missing = piece_layer(hashes, piece_length)
    assert layer == [plain_root(hashes[at : at + per_piece], per_piece) for at in range(0, count, per_piece)]
    if count > per_piece:
        assert root(layer, missing) == root(hashes)


def test_an_empty_file_has_no_root() -> None:
    with pytest.raises(ValueError, match="an empty file has no root"):
        root([])


@pytest.mark.parametrize("piece_length", [0, 8192, 16385, 3 * BLOCK])
def test_a_piece_is_a_power_of_two_blocks(piece_length: int) -> None:
    with pytest.raises(ValueError, match=f"^a piece length of {piece_length} is not 16 KiB times a power of two$"):
        piece_layer([bytes(32)], piece_length)
