from collections.abc import Sequence
from random import Random

import pytest
import trio
from trio.testing import MockClock

from torrent_peer.session.rate_limit import RateLimit


async def run_for(seconds: float, takers: Sequence[tuple[RateLimit, int]]) -> list[int]:
    """So many seconds of takers that always want more, each with its limit and amount; what each has taken."""
    taken = [0] * len(takers)

    async def take(number: int, limit: RateLimit, amount: int) -> None:
        while True:
            await limit.take(amount)
            taken[number] += amount
            await trio.lowlevel.checkpoint()

    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for number, (limit, amount) in enumerate(takers):
                nursery.start_soon(take, number, limit, amount)
    return taken


async def test_no_limit_never_waits() -> None:
    limit = RateLimit(None)
    for _ in range(100):
        await limit.take(10**9)
        limit.give_back(10**9)


@pytest.mark.parametrize("rate", [2_000, 200_000, 2_000_000, 20_000_000])
@pytest.mark.parametrize("takers", [1, 10, 100])
async def test_the_rate_holds_from_the_first_second_on(autojump_clock: MockClock, rate: int, takers: int) -> None:
    limit = RateLimit(rate)
    taken = await run_for(10, [(limit, limit.portion)] * takers)
    assert sum(taken) == pytest.approx(10 * rate, rel=0.05 if limit.portion < rate else 0.6)


@pytest.mark.parametrize("amount", [1000, 16_384, 200_000])
async def test_the_rate_holds_whatever_the_amounts(autojump_clock: MockClock, amount: int) -> None:
    assert sum(await run_for(40, [(RateLimit(100_000), amount)])) == pytest.approx(4_000_000, rel=0.05)


async def test_all_takers_get_the_same(autojump_clock: MockClock) -> None:
    limit = RateLimit(100_000)
    taken = await run_for(20, [(limit, 5000)] * 3)
    assert sum(taken) == pytest.approx(2_000_000, rel=0.05)
    assert min(taken) > 0.95 * max(taken)


async def test_shares_get_the_same_however_many_take_and_how_much_at_once(autojump_clock: MockClock) -> None:
    one = RateLimit(100_000)
    other = one.share()
    taken = await run_for(20, [*[(one, 5000)] * 30, (other, 1700)])
    assert sum(taken) == pytest.approx(2_000_000, rel=0.05)
    assert sum(taken[:-1]) == pytest.approx(taken[-1], rel=0.05)


async def test_a_share_that_was_idle_has_saved_nothing_up(autojump_clock: MockClock) -> None:
    one = RateLimit(100_000)
    other = one.share()
    await run_for(20, [(one, 5000)])
    taken = await run_for(10, [(one, 5000), (other, 5000)])
    assert taken[0] == pytest.approx(taken[1], rel=0.05)


async def test_who_leaves_while_waiting_takes_nothing_and_holds_up_nobody(autojump_clock: MockClock) -> None:
    limit = RateLimit(100_000)
    dice = Random(1)
    taken = 0

    async def take_or_leave() -> None:
        nonlocal taken
        while True:
            with trio.move_on_after(dice.random() / 2):
                await limit.take(5000)
                taken += 5000
            await trio.lowlevel.checkpoint()

    with trio.move_on_after(60):
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(take_or_leave)
    assert taken == pytest.approx(6_000_000, rel=0.05)


async def test_what_was_given_back_is_there_for_others(autojump_clock: MockClock) -> None:
    limit = RateLimit(100_000)
    moved = 0
    with trio.move_on_after(20):
        while True:
            await limit.take(10_000)
            limit.give_back(9_000)
            moved += 1_000
            await trio.lowlevel.checkpoint()
    assert moved == pytest.approx(2_000_000, rel=0.05)


@pytest.mark.parametrize(("rate", "portion"), [(None, 1 << 30), (100_000, 10_000), (10, 1024)])
def test_a_portion_is_what_a_tenth_of_a_second_earns(rate: int | None, portion: int) -> None:
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


async def test_nobody_goes_ahead_on_credit(autojump_clock: MockClock) -> None:
    limit = RateLimit(1000)
    began = trio.current_time()
    await limit.take(16_384)
    assert trio.current_time() - began == pytest.approx(16.384)
