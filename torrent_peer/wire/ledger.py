"""The books of one direction of requests: what one side asked, what the other still owes, what may cross on the wire.

Exact where the wire proves something, and bounded. Windows are closed by counting, never by a clock. The law, true of
every honest peer however slow: for every block, answers (`piece` or `reject`) ≤ requests.
"""

from collections.abc import Iterable, Set
from typing import Final, TypeVar

from torrent_peer.core.block import BLOCK_LENGTH, Block

_T = TypeVar("_T")

SPARED_ROUNDS: Final = 3
"""Times a piece that is allowed fast may be had while its server chokes; libtorrent's limit."""
ZOMBIES_KEPT: Final = 4096
"""Blocks whose answer may still come though nobody waits for it, twice what is asked for at once. Most chokes leave
some that never come; when they add up the oldest are forgotten, and should one come after all it is one too many."""

TAKEN_BACK_KEPT: Final = 512
"""Blocks remembered as cancelled; who cancels one of them once too often says it again, others never asked for it."""
LATE: Final = frozenset({"answered", "asked", "cancelled", "taken_back", "zombies"})


class RequestLedger:
    """What one side (the asker) requested of the other (the server) on this connection.

    A *credit* is an answer that may still come. A live credit is a request that waits for its answer. A zombie is a
    credit without a request: without the Fast Extension a choke or a cancel ends the request, but its answer may be on
    its way already.
    """

    __slots__ = (
        "answered",
        "asked",
        "budget",
        "cancelled",
        "choked_at",
        "excess",
        "forgotten",
        "leeway",
        "live",
        "sent",
        "spared",
        "taken_back",
        "total",
        "withdrawn_at",
        "zombies",
    )

    cancelled: dict[Block, int]
    """Those of the live requests that were cancelled and still wait for their one answer (fast)."""
    zombies: dict[Block, int]
    """Credits without a request."""
    answered: dict[Block, int]
    """The ring: answers a cancel of which may be on its way, oldest first."""
    asked: dict[int, int]
    """Piece → bit per 16 KiB of it: everything that was ever asked."""
    taken_back: dict[Block, None]
    """What was cancelled with effect, the latest last."""

    def __init__(self) -> None:
        self.live: dict[Block, int] = {}
        """Unanswered requests, oldest first: block → how many of them. Also the server's upload queue."""
        self.total = 0
        """Unanswered requests, copies counted."""
        self.budget = 0
        """Requests that may still arrive although the server chokes; between chokes, what is left over (carry)."""
        self.excess = 0
        """Requests beyond the budget since the last choke."""
        self.choked_at = (0, 0, 0)
        """What the server had asked for itself when it last choked, see `sight`."""
        self.leeway = 0
        """Requests that may still arrive for pieces the server has withdrawn."""
        self.withdrawn_at = (0, 0, 0)
        """What the server had asked for itself when it last withdrew a piece, see `sight`."""
        self.sent = 0
        """Requests ever made, or fewer: those that are read the short way are not counted. Needed by `sight`."""
        self.forgotten = 0
        """Zombies that are no longer kept."""
        self.spared: dict[int, int] | None = None
        """Piece that was allowed fast → requests for it while the server choked; `None` before the first."""

    def __getattr__(self, name: str) -> dict[Block, int]:
        """Those above are made when first looked at: most peers never ask for anything."""
        if name not in LATE:
            raise AttributeError(name)
        made: dict[Block, int] = {}
        setattr(self, name, made)
        return made

    @property
    def waiting(self) -> int:
        """Unanswered requests that were not cancelled."""
        return self.total - sum(self.cancelled.values()) if self.total and self.cancelled else self.total

    @property
    def awaited(self) -> Set[Block]:
        """The blocks whose answer is waited for: unanswered and not cancelled."""
        cancelled = self.live and self.cancelled
        return {block for block in self.live if self.is_waiting(block)} if cancelled else self.live.keys()

    @property
    def credits(self) -> int:
        """Answers that may still come, had none of them been forgotten."""
        return self.total + sum(self.zombies.values()) + self.forgotten

    def is_waiting(self, block: Block) -> bool:
        """Whether a request for `block` is unanswered and not cancelled."""
        count = self.live.get(block, 0)
        return count > 0 and count > self.cancelled.get(block, 0)

    def has_credit(self, block: Block) -> bool:
        """Whether an answer for `block` may come."""
        return block in self.live or block in self.zombies

    def was_asked(self, block: Block) -> bool:
        """Whether something starting in the same 16 KiB was ever asked on this connection."""
        return bool(self.asked.get(block.piece, 0) >> block.begin // BLOCK_LENGTH & 1)

    def note_asked(self, block: Block) -> None:
        """Remember for good that this was asked; for blocks inside the torrent, so that it stays bounded."""
        self.asked[block.piece] = self.asked.get(block.piece, 0) | 1 << block.begin // BLOCK_LENGTH

    def may_be_spared(self, piece: int, *, blocks: int) -> bool:
        """Whether all `blocks` of a piece that is allowed fast may be asked for while choked, once more."""
        return self.times_spared(piece) <= (SPARED_ROUNDS - 1) * blocks

    def times_spared(self, piece: int) -> int:
        """Requests for a piece that is allowed fast, while choked."""
        return 0 if self.spared is None else self.spared.get(piece, 0)

    def spare(self, piece: int) -> None:
        """One more such request."""
        if self.spared is None:
            self.spared = {}
        self.spared[piece] = self.spared.get(piece, 0) + 1

    def request(self, block: Block) -> None:
        """A request that waits for its answer."""
        self.live[block] = self.live.get(block, 0) + 1
        self.total += 1
        self.sent += 1

    def withdraw(self, block: Block) -> None:
        """Undo the last `request` of this block: it was never sent."""
        _take(self.live, block)
        self.total -= 1

    def unspare(self, piece: int) -> None:
        """Undo the last `spare` of this piece."""
        if self.spared is not None:
            _take(self.spared, piece)

    def asked_of(self, blocks: Iterable[Block]) -> dict[int, int]:
        """What was asked of the pieces of these blocks; to be put back when requests are withdrawn."""
        return {piece: self.asked.get(piece, 0) for piece in {block[0] for block in blocks}}

    def late(self) -> None:
        """A request came although the server chokes."""
        if self.budget > 0:
            self.budget -= 1
        else:
            self.excess += 1

    def answer(self, block: Block, *, ring: int = 0) -> bool:
        """A piece or a reject: uses up a credit; False when there is none. `ring`: answers to remember, 0 for none."""
        count = self.live.pop(block, 0)
        if count == 1 and not self.cancelled:
            self.total -= 1
            if ring:
                self.remember(block, ring=ring)
            return True
        if count:
            self.live[block] = count
            # A request taken out by a cancel never enters the ring: its answer would push out one that is still due.
            if block not in self.cancelled and ring:
                self.remember(block, ring=ring)
            self._take_live(block)
            return True
        return _take(self.zombies, block)

    def cancel(self, block: Block, *, fast: bool, zombies: bool) -> bool:
        """A cancel; False when nothing is left that it could take back. Without fast it ends the request."""
        if self.is_waiting(block):
            if fast:
                _add(self.cancelled, block)
            else:
                self._take_live(block)
                if zombies:
                    self.add_zombie(block)
        elif not _take(self.answered, block):
            return False
        self.taken_back.pop(block, None)
        self.taken_back[block] = None
        if len(self.taken_back) > TAKEN_BACK_KEPT:
            del self.taken_back[next(iter(self.taken_back))]
        return True

    def throw_out(self, *, zombies: bool, ring: int, piece: int | None = None) -> None:
        """A choke without the Fast Extension: every request ends unanswered; those for `piece` if it is withdrawn."""
        for block in [each for each in self.live if piece is None or each.piece == piece]:
            count = self.live.pop(block)
            self.total -= count
            if zombies:
                self.add_zombie(block, count=count)
            if ring:
                self.remember(block, ring=ring, count=count)

    def add_zombie(self, block: Block, *, count: int = 1) -> None:
        """A request that has ended unanswered, but may have been answered before its server saw that."""
        zombies = self.zombies
        zombies[block] = zombies.pop(block, 0) + count
        if len(zombies) > ZOMBIES_KEPT:
            self.forgotten += zombies.pop(next(iter(zombies)))

    def remember(self, block: Block, *, ring: int, count: int = 1) -> None:
        """An answer, or a request dropped without one, whose cancel may be on its way. Keeps `ring` blocks.

        What is answered again moves to the end, so the last `ring` answers are always among those kept.
        """
        answered = self.answered
        answered[block] = answered.pop(block, 0) + count
        if len(answered) > ring:
            del answered[next(iter(answered))]

    def _take_live(self, block: Block) -> None:
        _take(self.live, block)
        self.total -= 1
        _take(self.cancelled, block)


def _add(counts: dict[Block, int], block: Block) -> None:
    counts[block] = counts.get(block, 0) + 1


def _take(counts: dict[_T, int], block: _T) -> bool:
    left = counts.get(block, 0) - 1
    if left > 0:
        counts[block] = left
    elif left == 0:
        del counts[block]
    return left >= 0
