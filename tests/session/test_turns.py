import trio

from torrent_peer.session.turns import AT_ONCE, Turns


async def most_in_one_turn(turns: Turns, crowd: int) -> int:
    """How many of a crowd that comes at once go on between two turns of a task that is not one of them."""
    gone, most = 0, 0

    async def leave() -> None:
        nonlocal gone
        await turns.wait()
        gone += 1

    async with trio.open_nursery() as nursery:
        for _ in range(crowd):
            nursery.start_soon(leave)
        while gone < crowd:
            before = gone
            await trio.lowlevel.checkpoint()
            most = max(most, gone - before)
    return most


async def test_a_crowd_goes_on_a_few_at_a_time_and_others_get_their_turn_in_between() -> None:
    # The order of two tasks within one turn is a toss: what is seen from one of them are two turns at the most.
    assert 1 <= await most_in_one_turn(Turns(), 100) <= 2 * AT_ONCE
    assert 1 <= await most_in_one_turn(Turns(1), 100) <= 2


async def test_who_is_cancelled_while_waiting_takes_nobodys_turn() -> None:
    turns = Turns(1)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(turns.wait)
            await trio.lowlevel.checkpoint()
            scope.cancel()
    with trio.fail_after(1):
        await turns.wait()
        assert await most_in_one_turn(turns, 10) >= 1
