"""Inbound connections that have not named a torrent yet: how many are borne, and which has to go for a new one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import trio

MAX_STRANGERS: Final = 64
"""Strangers at once."""


class Strangers:
    """Those at the door.

    When it is full, the newest takes the place of whoever has waited longest among those of the host that has sent
    the most: neither one host nor many that say nothing can keep an honest peer out.
    """

    def __init__(self, most: int = MAX_STRANGERS) -> None:
        self._most = most
        self._hosts: dict[str, dict[trio.CancelScope, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._hosts.values()))

    @contextmanager
    def received(self, host: str) -> Iterator[None]:
        """What is done in this block for a stranger is cancelled when it has to make room."""
        if len(self) >= self._most:
            self._turn_away()
        scope = trio.CancelScope()
        self._hosts.setdefault(host, {})[scope] = None
        try:
            with scope:
                yield
        finally:
            self._forget(host, scope)

    def _turn_away(self) -> None:
        host = max(self._hosts, key=lambda host: len(self._hosts[host]))
        scope = next(iter(self._hosts[host]))
        self._forget(host, scope)
        scope.cancel()

    def _forget(self, host: str, scope: trio.CancelScope) -> None:
        waiting = self._hosts.get(host, {})
        waiting.pop(scope, None)
        if not waiting:
            self._hosts.pop(host, None)
