"""Upload slots that several torrents share: how many peers each may serve at once."""

from collections.abc import Sequence
from math import inf
from typing import Final

from attrs import field

from torrent_peer.core.values import define

TURN: Final = 60.0
"""Seconds until torrents that got less than others come first; as long as a seed's turns (`choker.TERM`)."""


def divide(wanted: Sequence[int], total: int) -> list[int]:
    """So many slots for each of those who want some: nobody gets one more than another who still wants one.

    What cannot be divided goes to those who come first.
    """
    granted = [0] * len(wanted)
    left = total
    while left > 0 and (open_ := [number for number, want in enumerate(wanted) if granted[number] < want]):
        each = max(1, min(left // len(open_), min(wanted[number] - granted[number] for number in open_)))
        for number in open_[:left]:
            granted[number] += each
            left -= each
    return granted


class Slots:
    """The slots of a session.

    The limit holds for all torrents together, however many there are: when it is less than one each they take turns,
    so that none is left out for good and the limit is still one.
    """

    def __init__(self, total: int | None) -> None:
        self._total = None if total is None else max(1, total)
        self._wanting: list[SlotShare] = []
        """In the order in which what cannot be divided is given out."""
        self._next_turn = -inf

    def share(self, most: int) -> "SlotShare":
        """A torrent's part of them; it never serves more than `most`, and `most` is at least one."""
        return SlotShare(self, max(1, most))

    def room(self, share: "SlotShare", *, now: float) -> int:
        """How many peers this torrent may serve now: its fair part, as far as others have let go of it."""
        if share.wanted and share not in self._wanting:
            self._wanting.append(share)
        elif not share.wanted and share in self._wanting:
            self._wanting.remove(share)
        if self._total is None or not share.wanted:
            return share.most
        granted = divide([each.wanted for each in self._wanting], self._total)
        if now >= self._next_turn:
            self._next_turn = now + TURN
            by_share = {id(each): count for each, count in zip(self._wanting, granted, strict=True)}
            self._wanting.sort(key=lambda each: by_share[id(each)])
            granted = divide([each.wanted for each in self._wanting], self._total)
        others = sum(each.used for each in self._wanting if each is not share)
        return max(0, min(granted[self._wanting.index(share)], self._total - others))

    def leave(self, share: "SlotShare") -> None:
        """The torrent is over."""
        if share in self._wanting:
            self._wanting.remove(share)


@define(eq=False)
class SlotShare:
    """One torrent's part of the slots; made by `Slots.share`."""

    _slots: Slots
    most: int
    wanted: int = field(default=0, init=False)
    """Peers it would serve, `most` at the most."""
    used: int = field(default=0, init=False)
    """Peers it serves, of those who want something."""

    def room(self, *, interested: int, used: int, now: float) -> int:
        """How many peers it may serve, perhaps 0, while `interested` want something and `used` of them are served."""
        self.wanted, self.used = min(interested, self.most), used
        return self._slots.room(self, now=now)

    def leave(self) -> None:
        """The torrent is over: others may have its slots."""
        self.wanted = self.used = 0
        self._slots.leave(self)
