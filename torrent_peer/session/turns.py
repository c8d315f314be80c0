"""A few at a time: what a crowd wants to do at once is spread over many turns of the event loop."""

from typing import Final

import trio

AT_ONCE: Final = 4
"""Let through in each turn: to see off so many peers takes less than a millisecond."""


class Turns:
    """First come, first served; a task that is not in the crowd gets its turn after every few of those who are.

    Trio runs everybody who can go on before it looks at the network again: two thousand peers that leave in the same
    instant would keep all others waiting for half a second.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = trio.Semaphore(at_once)

    async def wait(self) -> None:
        """Wait for one's turn, one turn of the event loop at least."""
        async with self._free:
            pass  # whoever is next has been told, and goes on when this turn is over
