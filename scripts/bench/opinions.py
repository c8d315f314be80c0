"""The picker and the choker by themselves, with as many pieces and peers as told: CPU nanoseconds of each event."""

from collections.abc import Callable
from random import Random
from time import thread_time_ns
from typing import Final

from attrs import define

from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.strategy.choker import Candidate, Rounds
from torrent_peer.strategy.picker import Picker

BLOCKS_OF_A_PIECE: Final = 16
"""Pieces of 256 KiB."""
OPEN_LIMIT: Final = 32
ASKED_AT_ONCE: Final = 16
"""Blocks asked of a peer in one go."""
HAVES: Final = 2_000
BLOCKS: Final = 16_000
"""Events that are timed, at most, in one swarm."""
ROUNDS: Final = 200


@define
class Clock:
    """Time and events added up."""

    nanoseconds: int = 0
    events: int = 0

    def time(self, work: Callable[[], int]) -> None:
        """Do it; it tells how many events it was."""
        begun = thread_time_ns()
        events = work()
        self.nanoseconds += thread_time_ns() - begun
        self.events += events

    @property
    def each(self) -> float:
        """Nanoseconds an event."""
        return self.nanoseconds / max(self.events, 1)


def picker_costs(*, pieces: int, peers: int) -> dict[str, float]:
    """Nanoseconds of a join with the first requests after it, a `have`, a block asked and received, a verified piece.

    A join may be O(pieces/64), and its cost falls due with the first request; the others are to be flat.
    """
    join, have, block, verified = Clock(), Clock(), Clock(), Clock()
    dice = Random(7)
    while have.events < HAVES or block.events < BLOCKS:
        length = pieces * BLOCKS_OF_A_PIECE * BLOCK_LENGTH
        picker: Picker[int] = Picker(
            Geometry(length, BLOCKS_OF_A_PIECE * BLOCK_LENGTH),
            have=PieceSet(pieces),
            wanted=PieceSet.full(pieces),
            dice=dice,
            open_limit=OPEN_LIMIT,
        )
        names = range(peers)
        sets = [PieceSet(pieces, dice.sample(range(pieces), pieces // 2)) for _ in names]
        join.time(lambda: _join(picker, sets))  # noqa: B023  # it is called at once
        announced = [
            (peer, piece) for peer in names for piece in dice.sample(range(pieces), min(pieces, HAVES // peers + 1))
        ]
        dice.shuffle(announced)
        have.time(lambda: _tell(picker, announced))  # noqa: B023
        left = min(BLOCKS, pieces * BLOCKS_OF_A_PIECE)
        while left > 0:
            for peer in names:
                done: list[int] = []
                before = block.events
                block.time(lambda: _fetch(picker, peer, done))  # noqa: B023
                left -= block.events - before
                verified.time(lambda: _verify(picker, done))  # noqa: B023
                if left <= 0 or picker.is_complete:
                    break
            if picker.is_complete:
                break
    return {"have": have.each, "block": block.each, "verified piece": verified.each, "join": join.each}


def choker_cost(*, peers: int) -> float:
    """Nanoseconds a round, for each peer that is looked at."""
    dice = Random(7)
    rounds: Rounds[int] = Rounds(slots=8, dice=dice)
    clock = Clock()
    for number in range(max(ROUNDS, 4 * ROUNDS // peers)):
        now = number * 10.0
        candidates = [
            Candidate(peer=peer, interested=dice.random() < 0.7, rate=dice.random() * 1e6, connected_since=now - 60)
            for peer in range(peers)
        ]
        clock.time(lambda: _choose(rounds, candidates, now))  # noqa: B023
    return clock.each


def _join(picker: Picker[int], sets: list[PieceSet]) -> int:
    for peer, pieces in enumerate(sets):
        picker.peer_joined(peer, pieces)
        picker.released(peer, picker.pick(peer, 1))
    return len(sets)


def _tell(picker: Picker[int], announced: list[tuple[int, int]]) -> int:
    for peer, piece in announced:
        picker.peer_has(peer, piece)
    return len(announced)


def _fetch(picker: Picker[int], peer: int, done: list[int]) -> int:
    blocks: list[Block] = picker.pick(peer, ASKED_AT_ONCE)
    received = picker.received
    done += [block.piece for block in blocks if received(peer, block).piece_complete]
    return len(blocks)


def _verify(picker: Picker[int], done: list[int]) -> int:
    for piece in done:
        picker.verified(piece)
    return len(done)


def _choose(rounds: Rounds[int], candidates: list[Candidate[int]], now: float) -> int:
    rounds.turn(candidates, seeding=False, now=now)
    return len(candidates)
