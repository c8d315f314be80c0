"""Blocks are plain values: tuples that print well."""

from torrent_peer.core.block import BLOCK_LENGTH, Block


def test_a_block_ends_behind_its_last_byte() -> None:
    assert Block(3, 16384, 100).end == 16484


def test_a_block_prints_as_a_slice_of_its_piece() -> None:
    assert str(Block(3, 16384, 100)) == "piece 3 [16384:16484]"


def test_a_plain_tuple_finds_the_same_ledger_entry() -> None:
    assert (1, 0, 16384) in {Block(1, 0, BLOCK_LENGTH), Block(1, 5, 1)}
    assert Block(1, 0, 5) < Block(1, 5, 1) < Block(2, 0, 1)
