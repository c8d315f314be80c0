"""Many blocks read together, in as few reads as where they lie allows, with room before each for what goes there."""

from collections.abc import Iterator, Sequence

from torrent_peer.core.block import Block
from torrent_peer.storage.store import Store


def read_blocks(store: Store, blocks: Sequence[Block], buffer: memoryview, *, gap: int) -> None:
    """Put the blocks into `buffer`, one behind the other, each behind `gap` bytes that are left as they are.

    Raises StorageError (MISSING if a file is absent or short), IndexError outside the torrent.
    """
    for piece, begin, views in _runs(blocks, buffer, gap):
        store.read_into(piece, begin, *views)


def read_cached_blocks(store: Store, blocks: Sequence[Block], buffer: memoryview, *, gap: int) -> bool:
    """The same if no disk has to be waited for; else False, whatever the buffer holds then."""
    return all(store.read_cached_into(piece, begin, *views) for piece, begin, views in _runs(blocks, buffer, gap))


def _runs(blocks: Sequence[Block], buffer: memoryview, gap: int) -> Iterator[tuple[int, int, list[memoryview]]]:
    """Blocks that follow each other in their piece: the piece, where the first begins, and where each belongs."""
    run: list[memoryview] = []
    run_piece = run_begin = run_end = -1
    at = 0
    for piece, begin, length in blocks:
        if run and (piece != run_piece or begin != run_end):
            yield run_piece, run_begin, run
            run = []
        if not run:
            run_piece, run_begin = piece, begin
        at += gap
        run.append(buffer[at : at + length])
        at += length
        run_end = begin + length
    if run:
        yield run_piece, run_begin, run
