"""Whom to serve: tit for tat, with one peer on trial (BEP 3, choking)."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from torrent_peer.core.values import frozen

if TYPE_CHECKING:
    from random import Random

ROUND: Final = 10.0
"""Seconds between two choices. BEP 3: "currently only changing who's choked once every ten seconds"."""
OPTIMISTIC_ROUNDS: Final = 3
"""Rounds one peer stays on trial. BEP 3: "rotated every 30 seconds"."""
NEW_PEER_WEIGHT: Final = 3
"""BEP 3: "new connections are three times as likely to start as the current optimistic unchoke"."""
NEW_PEER_TIME: Final = 30.0
"""Seconds a connection is new; a trial's length."""
REST: Final = 10.0
"""Seconds a choked peer stays choked, so that late requests can be told from illegal ones (legality S-11)."""
TERM: Final = 60.0
"""Seconds a seed serves a peer before those who wait take precedence. libtorrent's round robin: a minute, too."""

PeerT = TypeVar("PeerT", bound=Hashable)


@frozen(kw_only=True)
class Candidate(Generic[PeerT]):
    """What the choice needs to know of one peer."""

    peer: PeerT
    interested: bool
    """Whether it wants something from us."""
    rate: float
    """Bytes per second it gives us; while we only serve, bytes per second it takes."""
    unchoked_since: float | None = None
    """When we unchoked it, None while we choke it."""
    choked_since: float | None = None
    """When we last choked it, None when we never took an unchoke back."""
    connected_since: float = 0.0
    snubbing: bool = False
    """Whether it owes us blocks and has sent none for a minute."""


def choose_unchoked(
    candidates: Sequence[Candidate[PeerT]], *, slots: int, optimistic: PeerT | None, seeding: bool, now: float
) -> frozenset[PeerT]:
    """The peers to have unchoked from now until the next round; there is always at least one slot.

    The peer on trial takes one slot if it is interested, the interested peers with the best rates the others. At equal
    rates whoever is unchoked stays so, the longest served giving way first; then the order of `candidates` decides,
    which the caller may shuffle. A peer that snubs us is only served on trial. Peers that are better than the worst
    chosen but not interested are unchoked besides (BEP 3), so that interest finds them so. Nobody is choked for a slot
    that nobody wants: who is content for a moment need not rest before it is served again.

    While `seeding` nobody gives us anything, so peers are served in turns of a `TERM`, the longest waiting first; rates
    decide only who keeps a slot within its term, or after it when nobody waits.
    """
    slots = max(1, slots)
    chosen = [c for c in candidates if c.peer == optimistic and c.interested and _rested(c, now)]
    eligible = [c for c in candidates if c.peer != optimistic and _rested(c, now) and (seeding or not c.snubbing)]
    eligible.sort(key=(lambda c: _turn_of(c, now)) if seeding else _merit, reverse=True)
    interested = [c for c in eligible if c.interested]
    regular = interested[: slots - len(chosen)]
    content = [c for c in eligible if not c.interested and c.unchoked_since is not None]
    unchoked = {c.peer for c in (*chosen, *regular, *content[: slots - len(chosen) - len(regular)])}
    if regular and not seeding:
        worst = regular[-1].rate
        unchoked.update(c.peer for c in eligible if not c.interested and c.rate > worst)
    return frozenset(unchoked)


def choose_optimistic(candidates: Iterable[Candidate[PeerT]], *, dice: "Random", now: float) -> PeerT | None:
    """The peer to have on trial for the next `OPTIMISTIC_ROUNDS`: an interested one we choke; new ones likelier."""
    choked = [c for c in candidates if c.interested and c.unchoked_since is None and _rested(c, now)]
    if not choked:
        return None
    weights = [NEW_PEER_WEIGHT if now - c.connected_since < NEW_PEER_TIME else 1 for c in choked]
    return dice.choices(choked, weights)[0].peer


def may_unchoke_now(candidate: Candidate[PeerT], *, unchoked: int, slots: int, now: float) -> bool:
    """Whether a peer that became interested can be unchoked between rounds: a slot is free and nobody must be choked.

    `unchoked` counts the interested peers we have unchoked.
    """
    return (
        candidate.interested
        and candidate.unchoked_since is None
        and not candidate.snubbing
        and unchoked < max(1, slots)
        and _rested(candidate, now)
    )


def fill_slots(candidates: Iterable[Candidate[PeerT]], *, unchoked: int, slots: int, now: float) -> list[PeerT]:
    """Those of `candidates` to unchoke between rounds because slots have become free.

    Who gives most comes first, then who waits longest; for `unchoked` see `may_unchoke_now`.
    """
    waiting = [c for c in candidates if may_unchoke_now(c, unchoked=unchoked, slots=slots, now=now)]
    waiting.sort(key=lambda c: (-c.rate, _waiting_since(c)))
    return [c.peer for c in waiting[: max(1, slots) - unchoked]]


class Rounds(Generic[PeerT]):
    """The choices of one torrent, one a `ROUND`: remembers who is on trial, and for how long."""

    def __init__(self, *, slots: int, dice: "Random") -> None:
        self.optimistic: PeerT | None = None
        """Who is on trial; perhaps gone since."""
        self._slots = slots
        self._dice = dice
        self._turn = 0

    def turn(
        self, candidates: Sequence[Candidate[PeerT]], *, seeding: bool, now: float, slots: int | None = None
    ) -> frozenset[PeerT]:
        """The peers to have unchoked until the next turn; see `choose_unchoked`. `slots`: fewer than usual."""
        if self._turn % OPTIMISTIC_ROUNDS == 0:
            self.optimistic = choose_optimistic(candidates, dice=self._dice, now=now)
        self._turn += 1
        slots = self._slots if slots is None else min(slots, self._slots)
        return choose_unchoked(candidates, slots=slots, optimistic=self.optimistic, seeding=seeding, now=now)


def _merit(candidate: Candidate[PeerT]) -> tuple[float, bool, float]:
    since = candidate.unchoked_since
    return candidate.rate, since is not None, since or 0.0


def _turn_of(candidate: Candidate[PeerT], now: float) -> tuple[int, float, float]:
    """While seeding: who is in its term, the fastest first; then who waits longest; then who has had its term."""
    since = candidate.unchoked_since
    if since is None:
        return 1, -_waiting_since(candidate), candidate.rate
    return (2 if now - since < TERM else 0), candidate.rate, since


def _waiting_since(candidate: Candidate[PeerT]) -> float:
    return candidate.connected_since if candidate.choked_since is None else candidate.choked_since


def _rested(candidate: Candidate[PeerT], now: float) -> bool:
    """Whether unchoking it, or leaving it so, is allowed."""
    return (
        candidate.unchoked_since is not None or candidate.choked_since is None or now - candidate.choked_since >= REST
    )
