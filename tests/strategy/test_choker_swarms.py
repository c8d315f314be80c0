"""Whole swarms of chokers on virtual time: who gives is given, nobody starves, nobody flutters, all finish."""

from collections.abc import Sequence
from random import Random
from statistics import mean

import pytest
from attrs import frozen

from tests.strategy.simulated_swarm import KIB, SimulatedPeer, SimulatedSwarm
from torrent_peer.strategy.choker import OPTIMISTIC_ROUNDS, REST, ROUND, TERM

PIECES = 192
SLOTS = 8


def crowd(
    dice: Random, kind: str, number: int, *, up: int, down: int = 2000, joins_at: float = 0.0
) -> list[SimulatedPeer]:
    """Peers of one kind that leave once they are complete; capacities in KiB/s. Seeds have everything, and stay."""
    return [
        SimulatedPeer(
            kind=kind,
            upload=up * KIB,
            download=down * KIB,
            slots=SLOTS,
            dice=Random(dice.random()),
            have=(1 << PIECES) - 1 if kind == "seed" else 0,
            joins_at=joins_at,
            stays=kind == "seed",
        )
        for _ in range(number)
    ]


@frozen
class Outcome:
    """A swarm that has run, and what it looked like in the middle."""

    peers: Sequence[SimulatedPeer]
    halfway: dict[str, float]
    """Mean bytes downloaded by kind, while everybody was busy."""
    given: dict[tuple[str, str], float]
    """Bytes from kind to kind until then."""
    flips: dict[str, float]
    """Unchokes taken back per peer and round until then, by kind."""
    spell: float
    """Seconds an unchoke lasted until then, on average."""

    def finish(self, kind: str) -> list[float]:
        """When the peers of a kind were complete; all must be."""
        times = [peer.finished_at for peer in self.peers if peer.kind == kind]
        assert None not in times
        return [time for time in times if time is not None]


def play(peers: Sequence[SimulatedPeer], *, middle: float, until: float, neighbours: int = 20) -> Outcome:
    swarm = SimulatedSwarm(peers, pieces=PIECES, neighbours=neighbours, dice=Random(7), noise=0.3)
    swarm.run(until=middle)
    kinds = {peer.kind for peer in peers}
    given = {(one, other): 0.0 for one in kinds for other in kinds}
    for peer in peers:
        for other, line in peer.lines.items():
            given[peer.kind, other.kind] += line.sent.total
    flips = {peer: sum(line.flips for line in peer.lines.values()) for peer in peers}
    outcome = Outcome(
        peers,
        halfway={kind: mean(peer.downloaded for peer in peers if peer.kind == kind) for kind in kinds},
        given=given,
        flips={kind: mean(n for peer, n in flips.items() if peer.kind == kind) / (middle / ROUND) for kind in kinds},
        spell=middle * SLOTS * sum(peer.upload > 0 for peer in peers) / sum(flips.values()),
    )
    swarm.run(until=until)
    return outcome


@pytest.fixture(scope="module")
def mixed() -> Outcome:
    """Two hundred peers, all but the seeds selfish: they leave as soon as they are complete.

    A trial takes half a minute and everybody has twenty neighbours, so the fast have not found all the fast by halfway.
    """
    dice = Random(1)
    peers = [
        *crowd(dice, "seed", 2, up=400),
        *crowd(dice, "fast", 48, up=200),
        *crowd(dice, "medium", 70, up=100),
        *crowd(dice, "slow", 55, up=50),
        *crowd(dice, "free", 20, up=0),
        *crowd(dice, "late", 5, up=100, joins_at=100.0),
    ]
    return play(peers, middle=140.0, until=2000.0)


def test_everybody_finishes_free_riders_included(mixed: Outcome) -> None:
    assert all(peer.finished_at is not None for peer in mixed.peers)


def test_who_gives_more_gets_more_and_is_done_earlier(mixed: Outcome) -> None:
    got, done = mixed.halfway, {kind: mean(mixed.finish(kind)) for kind in mixed.halfway}
    assert min(got["fast"], got["medium"]) > 1.3 * got["slow"] > 1.3 * 1.5 * got["free"]
    assert done["fast"] < done["medium"] < done["slow"] < done["free"]
    assert done["free"] > 2 * done["fast"]
    assert got["free"] < got["fast"] / 2.5


def test_givers_find_each_other(mixed: Outcome) -> None:
    """Reciprocity: the fast give the fast more than their share of the crowd, and free riders hardly anything."""
    from_fast = sum(amount for (giver, _), amount in mixed.given.items() if giver == "fast")
    shares = {taker: amount / from_fast for (giver, taker), amount in mixed.given.items() if giver == "fast"}
    assert shares["fast"] > 1.25 * 48 / 200
    assert shares["free"] < 0.5 * 20 / 200


def test_nobody_starves(mixed: Outcome) -> None:
    """Nobody, free riders included, waits longer for a byte than a few trials take. With other dice: 40 to 120 s."""
    assert max(peer.longest_wait for peer in mixed.peers) < 5 * ROUND * OPTIMISTIC_ROUNDS


def test_newcomers_are_let_in(mixed: Outcome) -> None:
    late = [peer for peer in mixed.peers if peer.kind == "late"]
    assert max((peer.first_piece_at or 1e9) - peer.joins_at for peer in late) < 5 * ROUND * OPTIMISTIC_ROUNDS


def test_nobody_flutters(mixed: Outcome) -> None:
    """One trial ends every third round; rates that vary by a third must not make many more unchokes change hands."""
    assert max(mixed.flips.values()) < 3.0
    assert mixed.spell > 3 * ROUND
    assert min(peer.shortest_rest for peer in mixed.peers) >= REST


def test_equals_are_served_equally() -> None:
    dice = Random(2)
    outcome = play([*crowd(dice, "seed", 1, up=400), *crowd(dice, "same", 60, up=100)], middle=140.0, until=1000.0)
    times = outcome.finish("same")
    assert max(times) < 1.3 * mean(times)


def test_a_seed_alone_lets_nobody_wait_for_all_the_others() -> None:
    """Sixty free riders and one seed: it goes round in terms, rather than serving eight of them to the end."""
    dice = Random(3)
    peers = [*crowd(dice, "seed", 1, up=1000), *crowd(dice, "free", 60, up=0)]
    outcome = play(peers, middle=140.0, until=3000.0, neighbours=100)
    round_trip = 60 / (SLOTS - 1) * TERM
    assert max(peer.longest_wait for peer in peers if peer.kind == "free") < round_trip
    assert max(outcome.finish("free")) < 1.05 * 60 * PIECES * 128 / 1000
    assert outcome.flips["seed"] < 2.0
