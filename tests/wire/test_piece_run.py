import pytest

from torrent_peer.core.block import BlockRow
from torrent_peer.wire import codec
from torrent_peer.wire.messages import Piece
from torrent_peer.wire.piece_run import PieceRun

ROWS = [BlockRow(3, 16384, 16384, 4), BlockRow(0, 0, 16384, 1), BlockRow(7, 32768, 500, 1), BlockRow(7, 5, 40_000, 1)]


def said(row: BlockRow) -> list[Piece]:
    return [Piece(block, bytes([number + 1]) * block.length) for number, block in enumerate(row.blocks)]


@pytest.mark.parametrize("row", ROWS)
def test_a_run_is_its_messages(row: BlockRow) -> None:
    data = b"".join(map(codec.encode, said(row)))
    assert list(PieceRun(row, memoryview(data))) == said(row)


@pytest.mark.parametrize("row", ROWS)
def test_every_block_is_put_in_its_place_and_nothing_else_is_touched(row: BlockRow) -> None:
    piece, wanted = bytearray(100_000), bytearray(100_000)
    for message in said(row):
        wanted[message.block.begin : message.block.end] = message.data
    PieceRun(row, memoryview(b"".join(map(codec.encode, said(row))))).copy_to(memoryview(piece))
    assert piece == wanted
