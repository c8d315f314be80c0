"""Buffers for pieces: their shape, their address, and which of them are kept."""

import ctypes

import pytest

from torrent_peer.core.block import BLOCK_LENGTH
from torrent_peer.storage.around import ALIGNMENT
from torrent_peer.storage.buffers import PieceBuffers


@pytest.mark.parametrize("length", [1, BLOCK_LENGTH, 5 * BLOCK_LENGTH + 100, 1 << 20])
def test_a_buffer_is_a_piece_and_the_same_cut_into_blocks(length: int) -> None:
    data, blocks = PieceBuffers(length, keep=0).take()
    assert (len(data), data.readonly, bytes(data)) == (length, False, bytes(length))
    for number, block in enumerate(blocks):
        block[:] = bytes([number + 1]) * len(block)
    assert [len(block) for block in blocks[:-1]] == [BLOCK_LENGTH] * (len(blocks) - 1)
    assert b"".join(blocks) == bytes(data)
    assert bytes(data[:BLOCK_LENGTH]) == b"\1" * min(BLOCK_LENGTH, length)


@pytest.mark.parametrize("length", [1000, 1 << 18, 300_000])
def test_every_buffer_begins_where_it_can_be_written_around_the_page_cache(length: int) -> None:
    buffers = PieceBuffers(length, keep=0)
    taken = [buffers.take().data for _ in range(5)]
    assert {ctypes.addressof(ctypes.c_char.from_buffer(data)) % ALIGNMENT for data in taken} == {0}
    for number, data in enumerate(taken):
        data[:] = bytes([number]) * length
    assert [bytes(data) for data in taken] == [bytes([number]) * length for number in range(5)], "they share nothing"


@pytest.mark.parametrize(("keep", "kept"), [(0, 1), (100, 1), (250, 2), (1000, 5)])
def test_what_is_given_back_is_taken_again_as_far_as_it_is_kept(keep: int, kept: int) -> None:
    buffers = PieceBuffers(100, keep=keep)
    taken = [buffers.take() for _ in range(5)]
    for buffer in taken:
        buffers.give_back(buffer)
    again = [buffers.take() for _ in range(5)]
    assert sum(any(one is other for other in taken) for one in again) == kept


def test_nothing_is_kept_once_they_are_dropped() -> None:
    buffers = PieceBuffers(100, keep=1000)
    first = buffers.take()
    buffers.give_back(first)
    buffers.drop()
    assert buffers.take() is not first
