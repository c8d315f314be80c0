import pytest
import trio
from trio.testing import MockClock

from torrent_peer.session.rate_limit import RateLimit


async def test_no_limit_never_waits() -> None:
    limit = RateLimit(None)
    for _ in range(100):
        await limit.take(10**9)


@pytest.mark.parametrize(("chunk", "total"), [(100, 700_000), (16_384, 3_000_000), (1_000_000, 3_000_000)])
async def test_the_rate_holds_whatever_the_chunks(autojump_clock: MockClock, chunk: int, total: int) -> None:
    limit = RateLimit(100_000)
    began, taken = trio.current_time(), 0
    while taken < total:
        await limit.take(chunk)
        taken += chunk
    rate = taken / (trio.current_time() - began)
    assert rate == pytest.approx(100_000, rel=0.05)


async def test_the_rate_is_shared_by_all_takers(autojump_clock: MockClock) -> None:
    limit = RateLimit(100_000)
    taken = [0, 0, 0]

    async def take(number: int) -> None:
        while True:
            await limit.take(5000)
            taken[number] += 5000

    with trio.move_on_after(20):
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(take, number)
    assert sum(taken) == pytest.approx(2_000_000, rel=0.05)
    assert min(taken) > 0.8 * max(taken)


@pytest.mark.parametrize(("rate", "portion"), [(None, 1 << 30), (100_000, 25_000), (10, 1024)])
def test_a_portion_is_what_a_quarter_second_earns(rate: int | None, portion: int) -> None:
    assert RateLimit(rate).portion == portion


async def test_idle_time_is_saved_up_for_a_quarter_second_at_most(autojump_clock: MockClock) -> None:
    limit = RateLimit(100_000)
    await limit.take(1)
    await trio.sleep(60)
    began = trio.current_time()
    await limit.take(25_000)
    assert trio.current_time() == began
    await limit.take(10_000)
    assert trio.current_time() - began == pytest.approx(0.1)
