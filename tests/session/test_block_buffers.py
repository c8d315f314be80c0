import trio
import trio.testing

from torrent_peer.session.block_buffers import BATCH_BLOCKS, BATCH_BYTES, DISK_READS, BlockBuffers


async def test_a_batch_fits_and_a_few_are_lent_at_once_and_used_again() -> None:
    buffers = BlockBuffers(gap=13)
    assert len(buffers.at_once) == BATCH_BYTES + 13 * BATCH_BLOCKS
    lent: list[memoryview] = []
    given_back = trio.Event()

    async def borrow() -> None:
        async with buffers.lent() as buffer:
            lent.append(buffer)
            await given_back.wait()

    with trio.fail_after(2):
        async with trio.open_nursery() as nursery:
            for _ in range(DISK_READS + 3):
                nursery.start_soon(borrow)
            await trio.testing.wait_all_tasks_blocked()
            assert len(lent) == len({id(buffer) for buffer in lent}) == DISK_READS
            given_back.set()
    assert len(lent) == DISK_READS + 3
    assert len({id(buffer) for buffer in lent}) == DISK_READS
