"""Who is turned away at a full door."""

import trio
import trio.testing

from torrent_peer.session.strangers import Strangers


class Door:
    """Strangers who come and say nothing."""

    def __init__(self, nursery: trio.Nursery, *, most: int) -> None:
        self.strangers = Strangers(most)
        self.here: list[str] = []
        self._nursery = nursery

    async def comes(self, host: str) -> None:
        """Somebody is there before this returns, and stays until turned away."""
        await self._nursery.start(self._wait, host)
        await trio.testing.wait_all_tasks_blocked()

    async def _wait(self, host: str, task_status: trio.TaskStatus[None]) -> None:
        with self.strangers.received(host):
            self.here.append(host)
            task_status.started()
            try:
                await trio.sleep_forever()
            finally:
                self.here.remove(host)


async def test_the_newest_takes_the_place_of_the_longest_waiting() -> None:
    async with trio.open_nursery() as nursery:
        door = Door(nursery, most=3)
        for host in ("a", "b", "c", "d", "e"):
            await door.comes(host)
        assert door.here == ["c", "d", "e"]
        assert len(door.strangers) == 3
        nursery.cancel_scope.cancel()


async def test_a_host_with_many_connections_is_turned_away_before_others() -> None:
    async with trio.open_nursery() as nursery:
        door = Door(nursery, most=4)
        for host in ("honest", "many", "many", "many", "many", "many", "another", "third"):
            await door.comes(host)
        assert sorted(door.here) == ["another", "honest", "many", "third"]
        nursery.cancel_scope.cancel()


async def test_who_has_left_takes_no_room() -> None:
    strangers = Strangers(1)
    for _ in range(3):
        with strangers.received("a"):
            assert len(strangers) == 1
        assert len(strangers) == 0
