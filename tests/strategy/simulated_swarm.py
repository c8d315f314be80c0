"""Swarms on virtual time: peers with given capacities, pieces and real chokers; no sockets, no clock, no threads.

Every peer divides what it can upload among those it has unchoked and who want something; what would be more than a
downloader can take is lost to it. Pieces are chosen roughly rarest first. The opinions are the product's own: `Rounds`,
`may_unchoke_now` and `Rate`; this file only moves bytes.
"""

from collections.abc import Sequence
from math import inf
from random import Random

from attrs import define, field

from torrent_peer.strategy.choker import ROUND, Candidate, Rounds, may_unchoke_now
from torrent_peer.strategy.rates import Rate

KIB = 1024
PIECE = 128 * KIB
"""Bytes."""
STEP = 2.0
"""Seconds."""
REUNION = 30.0
"""Seconds between two looks for peers that need more neighbours."""


@define(eq=False)
class Line:
    """What one peer keeps of one neighbour."""

    since: float
    """When they met."""
    interested: bool = False
    """Whether the neighbour wants something from us."""
    unchoked_since: float | None = None
    choked_since: float | None = None
    received: Rate = field(factory=Rate)
    sent: Rate = field(factory=Rate)
    piece: int | None = None
    """What we are sending it a piece of."""
    flips: int = 0
    """How often we took an unchoke back."""


@define(eq=False)
class SimulatedPeer:
    """One peer; `kind` names it in tests."""

    kind: str
    upload: float
    """Bytes per second; 0: a free rider, which unchokes nobody."""
    download: float
    slots: int
    dice: Random
    have: int = 0
    """Pieces as bits."""
    joins_at: float = 0.0
    stays: bool = True
    """Whether it goes on as a seed once it is complete."""
    lines: "dict[SimulatedPeer, Line]" = field(factory=dict)
    rounds: "Rounds[SimulatedPeer]" = field(init=False)
    partly: dict[int, float] = field(factory=dict)
    """Bytes here of unfinished pieces."""
    downloaded: float = 0.0
    uploaded: float = 0.0
    finished_at: float | None = None
    first_piece_at: float | None = None
    last_bytes_at: float = 0.0
    longest_wait: float = 0.0
    """Seconds without a byte while it wanted some, at most."""
    shortest_rest: float = inf
    """Seconds from choking somebody to unchoking it again, at least."""

    def __attrs_post_init__(self) -> None:
        self.rounds = Rounds(slots=self.slots, dice=self.dice)
        self.last_bytes_at = self.joins_at

    def receivers(self) -> "list[SimulatedPeer]":
        """Who is unchoked and wants something."""
        return [peer for peer, line in self.lines.items() if line.interested and line.unchoked_since is not None]

    def unchoke(self, line: Line, *, now: float) -> None:
        """Serve that neighbour from now on."""
        if line.choked_since is not None:
            self.shortest_rest = min(self.shortest_rest, now - line.choked_since)
        line.unchoked_since = now

    def candidate(self, other: "SimulatedPeer", *, seeding: bool, now: float) -> "Candidate[SimulatedPeer]":
        line = self.lines[other]
        return Candidate(
            peer=other,
            interested=line.interested,
            rate=(line.sent if seeding else line.received).rate(now=now),
            unchoked_since=line.unchoked_since,
            choked_since=line.choked_since,
            connected_since=line.since,
        )


class SimulatedSwarm:
    """Peers that know `neighbours` others or more, chosen at random; rates vary at random by a share of `noise`."""

    def __init__(
        self, peers: Sequence[SimulatedPeer], *, pieces: int, neighbours: int, dice: Random, noise: float = 0.0
    ) -> None:
        self.peers = peers
        self.everything = (1 << pieces) - 1
        self.now = 0.0
        self._dice = dice
        self._noise = noise
        self._here: list[SimulatedPeer] = []
        self._neighbours = neighbours
        self._counts = [0] * pieces
        self._arrivals = sorted(peers, key=lambda peer: peer.joins_at, reverse=True)

    def run(self, *, until: float) -> None:
        """Go on until everybody is complete, or until then."""
        while self.now < until and (self._arrivals or any(peer.finished_at is None for peer in self._here)):
            self.step()

    def step(self) -> None:
        """A little time."""
        self.now += STEP
        while self._arrivals and self._arrivals[-1].joins_at < self.now:
            self._join(self._arrivals.pop())
        if self.now % REUNION == 0:
            self._introduce()
        for number, peer in enumerate(self._here):
            if peer.upload and (self.now + STEP * number) % ROUND == 0:
                self._rechoke(peer)
        self._move()

    def _join(self, peer: SimulatedPeer) -> None:
        for other in self._dice.sample(self._here, min(self._neighbours, len(self._here))):
            self._connect(peer, other)
        self._here.append(peer)
        for piece, count in enumerate(self._counts):
            self._counts[piece] = count + (peer.have >> piece & 1)
        if peer.have == self.everything:
            peer.finished_at = peer.joins_at
        for other in peer.lines:
            self._look(peer, other)
            self._look(other, peer)

    def _connect(self, one: SimulatedPeer, other: SimulatedPeer) -> None:
        one.lines[other], other.lines[one] = Line(self.now), Line(self.now)

    def _introduce(self) -> None:
        """What trackers are for: whoever has lost neighbours is told of others."""
        for peer in self._here:
            missing = min(self._neighbours, len(self._here) - 1) - len(peer.lines)
            if missing > 0 and peer.finished_at is None:
                strangers = [other for other in self._here if other is not peer and other not in peer.lines]
                for other in self._dice.sample(strangers, min(missing, len(strangers))):
                    self._connect(peer, other)
                    self._look(peer, other)
                    self._look(other, peer)

    def _look(self, giver: SimulatedPeer, taker: SimulatedPeer) -> None:
        """Interest is kept true; a free slot is given at once."""
        line = giver.lines[taker]
        wants = giver.have & ~taker.have != 0
        if wants == line.interested:
            return
        line.interested = wants
        if wants and giver.upload:
            candidate = giver.candidate(taker, seeding=False, now=self.now)
            unchoked = len(giver.receivers())
            if may_unchoke_now(candidate, unchoked=unchoked, slots=giver.slots, now=self.now):
                giver.unchoke(line, now=self.now)

    def _rechoke(self, peer: SimulatedPeer) -> None:
        seeding = peer.have == self.everything
        candidates = [peer.candidate(other, seeding=seeding, now=self.now) for other in peer.lines]
        chosen = peer.rounds.turn(candidates, seeding=seeding, now=self.now)
        for other, line in peer.lines.items():
            if other in chosen and line.unchoked_since is None:
                peer.unchoke(line, now=self.now)
            elif other not in chosen and line.unchoked_since is not None:
                line.unchoked_since, line.choked_since, line.piece = None, self.now, None
                line.flips += 1

    def _move(self) -> None:
        flows: list[tuple[SimulatedPeer, SimulatedPeer, float]] = []
        wanted: dict[SimulatedPeer, float] = {}
        for giver in self._here:
            if giver.upload and (receivers := giver.receivers()):
                share = STEP * giver.upload / len(receivers)
                for taker in receivers:
                    amount = share * (1 + self._noise * (2 * self._dice.random() - 1))
                    flows.append((giver, taker, amount))
                    wanted[taker] = wanted.get(taker, 0.0) + amount
        for giver, taker, amount in flows:
            self._give(giver, taker, amount * min(1.0, STEP * taker.download / wanted[taker]))
        for peer in self._here:
            if peer.finished_at is None:
                peer.longest_wait = max(peer.longest_wait, self.now - peer.last_bytes_at)

    def _give(self, giver: SimulatedPeer, taker: SimulatedPeer, amount: float) -> None:
        line = giver.lines.get(taker)
        if line is None:  # one of them has just left
            return
        left = amount
        while left > 0:
            if line.piece is None or taker.have >> line.piece & 1:
                line.piece = self._choose(giver, taker)
                if line.piece is None:
                    break
            missing = PIECE - taker.partly.get(line.piece, 0.0)
            if left < missing:
                taker.partly[line.piece] = PIECE - missing + left
                left = 0.0
            else:
                left -= missing
                self._complete(taker, line.piece)
                line.piece = None
        moved = amount - left
        if moved:
            giver.uploaded += moved
            taker.downloaded += moved
            taker.last_bytes_at = self.now
            line.sent.add(int(moved), now=self.now)
            if giver in taker.lines:
                taker.lines[giver].received.add(int(moved), now=self.now)

    def _choose(self, giver: SimulatedPeer, taker: SimulatedPeer) -> int | None:
        """A rare piece nobody sends it yet, or else one that somebody does."""
        wanted = giver.have & ~taker.have
        if not wanted:
            return None
        pieces = [piece for piece in range(wanted.bit_length()) if wanted >> piece & 1]
        fresh = [piece for piece in pieces if piece not in taker.partly] or pieces
        piece = min(self._dice.sample(fresh, min(6, len(fresh))), key=self._counts.__getitem__)
        taker.partly.setdefault(piece, 0.0)
        return piece

    def _complete(self, peer: SimulatedPeer, piece: int) -> None:
        peer.have |= 1 << piece
        self._counts[piece] += 1
        peer.partly.pop(piece, None)
        peer.first_piece_at = peer.first_piece_at or self.now
        if peer.have == self.everything:
            peer.finished_at = self.now
            if not peer.stays:
                self._leave(peer)
                return
        for other, line in peer.lines.items():
            if not line.interested and not other.have >> piece & 1:
                self._look(peer, other)
            self._look(other, peer)

    def _leave(self, peer: SimulatedPeer) -> None:
        self._here.remove(peer)
        for other in peer.lines:
            del other.lines[peer]
        peer.lines = {}
