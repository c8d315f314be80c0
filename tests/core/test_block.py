"""Blocks are plain values: tuples that print well."""

from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow


def test_a_block_ends_behind_its_last_byte() -> None:
    assert Block(3, 16384, 100).end == 16484


def test_a_block_prints_as_a_slice_of_its_piece() -> None:
    assert str(Block(3, 16384, 100)) == "piece 3 [16384:16484]"


def test_a_plain_tuple_finds_the_same_ledger_entry() -> None:
    assert (1, 0, 16384) in {Block(1, 0, BLOCK_LENGTH), Block(1, 5, 1)}
    assert Block(1, 0, 5) < Block(1, 5, 1) < Block(2, 0, 1)


def test_a_row_is_its_blocks() -> None:
    assert BlockRow(2, 100, 50, 3).blocks == [Block(2, 100, 50), Block(2, 150, 50), Block(2, 200, 50)]
    assert all(type(block) is Block for block in BlockRow(2, 0, 50, 3).blocks)
