"""How many peers have each piece, and which of some pieces are the rarest."""

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import Final

from torrent_peer.strategy.piece_bits import bits_of_each, highest_bit

_PENDING_LIMIT: Final = 4096
"""Announcements put off before they are counted, at most; it bounds their memory."""


class Availability:
    """Counts of `size` pieces, kept as bit planes: plane k holds bit k of every count, all pieces in one integer.

    A whole bitfield is added or taken away in a few long additions and the rarest of any candidates is found by looking
    at each plane once, however the pieces are spread – no list is sorted and none is searched. Single announcements,
    which come by the hundred per piece, are only noted and counted together when somebody asks. Peers that have
    everything make no piece rarer than another: they are a number apart, `seeds`.
    """

    def __init__(self, size: int) -> None:
        self.seeds = 0
        """Peers that have every piece."""
        self.clock = 0
        """Single announcements so far."""
        self.raised = array("Q", bytes(8 * size))
        """For each piece, what `clock` was after its last single announcement."""
        self._size = size
        self._planes: list[int] = []
        self._pending: list[int] = []

    def add(self, piece: int) -> None:
        """One more peer has `piece`."""
        self.clock += 1
        self.raised[piece] = self.clock
        self._pending.append(piece)
        if len(self._pending) >= _PENDING_LIMIT:
            self._settle()

    def add_all(self, bits: int) -> None:
        """One more peer has all of `bits`."""
        self._add(bits, 0)

    def remove_all(self, bits: int) -> None:
        """A peer that had exactly `bits`, all of them counted, is gone."""
        self._settle()
        planes = self._planes
        level = 0
        while bits:
            planes[level] ^= bits
            bits &= planes[level]  # borrow where the digit was 0
            level += 1
        while planes and not planes[-1]:
            planes.pop()

    def rarest_first(self, candidates: int, how_many: int) -> Iterator[int]:
        """`candidates` in classes of equal availability, the rarest class first, until there are `how_many`."""
        self._settle()
        # A radix sort, highest digit first, that follows the rarer half and comes back for the other if need be.
        halves = [(candidates, len(self._planes))] if candidates else []
        while halves and how_many > 0:
            candidates, level = halves.pop()
            while level:
                level -= 1
                common = candidates & self._planes[level]
                if not common:
                    continue
                if common != candidates:
                    halves.append((common, level))
                    candidates ^= common
            how_many -= candidates.bit_count()
            yield candidates

    def nowhere(self, candidates: int) -> int:
        """Those of `candidates` that no peer has."""
        return 0 if self.seeds else self.only_with_seeds(candidates)

    def only_with_seeds(self, candidates: int) -> int:
        """Those of `candidates` that nobody has who has not everything."""
        self._settle()
        for plane in self._planes:
            candidates ^= candidates & plane
        return candidates

    def count(self, piece: int) -> int:
        """Peers that have `piece`."""
        self._settle()
        bit = highest_bit(self._size) - piece
        return self.seeds + sum((plane >> bit & 1) << level for level, plane in enumerate(self._planes))

    def _settle(self) -> None:
        if not self._pending:
            return
        times = Counter(self._pending)
        self._pending.clear()
        for level in range(max(times.values()).bit_length()):
            self._add(bits_of_each((p for p, n in times.items() if n >> level & 1), self._size), level)

    def _add(self, carry: int, level: int) -> None:
        planes = self._planes
        while carry:
            while level >= len(planes):
                planes.append(0)
            planes[level], carry = planes[level] ^ carry, planes[level] & carry
            level += 1
