"""Which peers are known, and which to dial when; numbers in, addresses out."""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import define

MAX_ADDRESSES: Final = 3000
"""Addresses remembered per torrent. libtorrent's `max_peerlist_size`."""
FIRST_RETRY: Final = 5.0
"""Seconds after a first failure; doubled each time."""
LAST_RETRY: Final = 300.0
"""Seconds between tries of a peer named by the user, at the longest."""
MAX_FAILURES: Final = 3
"""Failures after which a peer named by others is left alone until named again. libtorrent's `max_failcount`."""


class Source(Enum):
    """Who told us of a peer."""

    USER = "user"
    TRACKER = "tracker"
    INBOUND = "inbound"


@define
class Entry:
    """What is known of one address."""

    source: Source
    next_dial: float
    failures: int = 0
    busy: bool = False
    """Dialled, connected, or connected from there."""
    never: str | None = None
    """Why it is not to be dialled any more."""


class AddressBook:
    """The addresses of one torrent's swarm.

    Every answer is O(known addresses); it is asked once per dial or second, never per message.
    """

    def __init__(self) -> None:
        self._entries: dict[Address, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, addresses: Iterable[Address], source: Source, *, now: float) -> int:
        """Remember addresses; how many were new. A known one that failed too often gets another chance."""
        new = 0
        for address in addresses:
            entry = self._entries.get(address)
            if entry is None:
                if len(self._entries) >= MAX_ADDRESSES and source is not Source.USER:
                    break
                self._entries[address] = Entry(source, next_dial=now)
                new += 1
            elif entry.failures >= MAX_FAILURES and not entry.busy:
                entry.failures = MAX_FAILURES - 1
                entry.next_dial = max(entry.next_dial, now + FIRST_RETRY)
        return new

    def due(self, *, now: float, room: int) -> list[Address]:
        """At most `room` addresses to dial now, those that failed least first; they count as busy from here on."""
        ready = [a for a, e in self._entries.items() if self._open(e) and e.next_dial <= now]
        chosen = sorted(ready, key=lambda address: self._entries[address].failures)[: max(0, room)]
        for address in chosen:
            self._entries[address].busy = True
        return chosen

    def next_due(self) -> float | None:
        """When the next address wants to be dialled, None when none does."""
        return min((e.next_dial for e in self._entries.values() if self._open(e)), default=None)

    def connected(self, address: Address) -> None:
        """A handshake was completed with a peer there."""
        if (entry := self._entries.get(address)) is not None:
            entry.busy = True

    def ended(self, address: Address, *, now: float, failed: bool) -> None:
        """The conversation, or the attempt at one, is over; `failed` when it was no use: a handshake alone is none."""
        entry = self._entries.get(address)
        if entry is None:
            return
        entry.busy = False
        entry.failures = entry.failures + 1 if failed else 1
        entry.next_dial = now + min(FIRST_RETRY * 2 ** (entry.failures - 1), LAST_RETRY)

    def never_again(self, address: Address, reason: str) -> None:
        """Do not dial this address any more."""
        entry = self._entries.setdefault(address, Entry(Source.INBOUND, next_dial=0.0))
        entry.never = reason
        entry.busy = False

    def refused(self, address: Address) -> str | None:
        """Why a connection from this address is not taken, None when it may be."""
        entry = self._entries.get(address)
        return None if entry is None else entry.never

    @property
    def hopeless(self) -> bool:
        """Whether every known address has been tried, failed, and none is being tried."""
        return all(e.failures > 1 or e.never for e in self._entries.values()) and not any(
            e.busy for e in self._entries.values()
        )

    def __iter__(self) -> Iterator[Address]:
        return iter(self._entries)

    @staticmethod
    def _open(entry: Entry) -> bool:
        if entry.busy or entry.never is not None:
            return False
        return entry.source is Source.USER or (entry.source is Source.TRACKER and entry.failures < MAX_FAILURES)
