"""The order in which trackers are asked (BEP 12): tiers, shuffled once, the working tracker first in its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

MAX_TRACKERS: Final = 50
"""Trackers kept per torrent; a magnet link can name a hundred thousand."""


class Tiers:
    """URLs in the order of asking.

    BEP 12: "all trackers within a tier will be shuffled"; "if a connection with a tracker is successful, it will be
    moved to the front of the tier"; the next tier is tried when every tracker of the one before it has failed.
    """

    def __init__(self, tiers: Iterable[Sequence[str]], *, dice: random.Random) -> None:
        self._tiers: list[list[str]] = []
        self.left_out = 0
        """URLs beyond `MAX_TRACKERS` that nobody will ask."""
        seen: set[str] = set()
        for tier in tiers:
            fresh = [url for url in dict.fromkeys(tier) if url not in seen]
            kept = fresh[: MAX_TRACKERS - len(seen)]
            self.left_out += len(fresh) - len(kept)
            seen.update(kept)
            if kept:
                dice.shuffle(kept)
                self._tiers.append(kept)

    def order(self) -> list[str]:
        """All URLs, first choice first."""
        return [url for tier in self._tiers for url in tier]

    def tier_of(self, url: str) -> int:
        """The tier's number, from 0. Raises KeyError for a URL that is in none."""
        for number, tier in enumerate(self._tiers):
            if url in tier:
                return number
        raise KeyError(url)

    def promote(self, url: str) -> None:
        """The tracker answered: it goes to the front of its own tier, never to another."""
        tier = self._tiers[self.tier_of(url)]
        tier.remove(url)
        tier.insert(0, url)
