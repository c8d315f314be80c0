"""Every interleaving of two honest ends, over two FIFO queues: nobody is accused, and nobody waits for ever.

A small scope in full, not a sample; `scripts/model_check` explores wider ones.
"""

from collections.abc import Callable

import pytest
from attrs import evolve

from tests.wire.model import Explorer
from tests.wire.model_end import End
from tests.wire.model_scope import BLOCKS, LEECH, SEED, Scope
from tests.wire.model_scopes import SMALL, both_ways, requests
from torrent_peer.wire.messages import Request

AT_LEAST = (
    *(90_000, 70_000),  # requests, fast and not
    *(95_000, 85_000),  # cancels
    *(20_000, 40_000),  # withdrawals
    *(50_000, 55_000),  # both ways
    *(50_000, 20_000),  # interests
    20_000,  # spared, with fast only
    *(120_000, 80_000),  # extensions
    *(15_000, 8_000),  # small talk
    *(25_000, 90_000),  # first words
    *(40_000, 12_000),  # magnet
)
"""Worlds in each scope, or a few more: counted, so that none dries up unnoticed."""


@pytest.mark.parametrize(("scope", "at_least"), list(zip(SMALL, AT_LEAST, strict=True)), ids=map(str, SMALL))
def test_no_interleaving_of_honest_ends_is_a_finding_or_leaves_anybody_waiting(
    scope: Scope, at_least: int, record_property: Callable[[str, object], None]
) -> None:
    explorer = Explorer(scope)
    explorer.run()
    record_property("worlds", explorer.worlds)
    assert str(explorer.fault or "") == ""
    assert explorer.worlds >= at_least
    assert explorer.whole
    assert explorer.longest >= 4
    assert explorer.finished


@pytest.mark.parametrize("scope", SMALL[4:6], ids=str)
def test_the_long_way_of_blocks_accuses_nobody_either(scope: Scope) -> None:
    explorer = Explorer(evolve(scope, short=False))
    explorer.run()
    assert str(explorer.fault or "") == ""
    assert explorer.whole


def test_hundreds_of_thousands_of_worlds_are_explored_in_every_run() -> None:
    assert sum(AT_LEAST) > 900_000


def test_a_kind_of_state_that_the_model_cannot_write_down_stops_it() -> None:
    connection = SMALL[0].connection(SEED)
    connection.ours.client = ["no", "name"]  # type: ignore[assignment]
    with pytest.raises(TypeError, match="the model does not know how to write down client, a list"):
        End(connection).key()


def test_what_is_put_back_is_what_was_written_down() -> None:
    end = End(SMALL[0].connection(LEECH))
    before = end.key()
    end.keep()
    end.connection.initiate()
    end.connection.ours.announced[1] = "something"
    assert end.key() != before
    end.put_back(before)
    assert end.connection.ours.announced == {}
    assert end.key() == before


def test_without_fast_blocks_do_arrive_that_nobody_waits_for_any_more() -> None:
    """BEP 3: "It's possible for an unexpected piece to arrive if choke and unchoke messages are sent in quick..."."""
    explorer = Explorer(requests(False, requests=1, cancels=0, chokes=3))
    explorer.run()
    assert explorer.leech.seen["block the long way"] > 0


def test_sight_does_close_windows_that_counting_leaves_open() -> None:
    explorer = Explorer(
        both_ways(True, **{"requests": 1, "requests back": 1, "chokes": 2, "chokes back": 0, "cancels": 0})
    )
    explorer.run()
    end, found = explorer.seed.end, set()
    for view in explorer.seed.known:
        end.put_back(view)
        if end.connection.theirs.requests.budget:
            late = end.connection._legality.check(LEECH, Request(BLOCKS[0]), crossed=True)
            found |= {finding.rule for finding in late}
    assert "REQ-07" in found


def test_exploring_stops_where_it_is_told_to() -> None:
    told: list[tuple[int, int]] = []
    explorer = Explorer(SMALL[0])
    explorer.run(most=1_000, progress=lambda worlds, waiting: told.append((worlds, waiting)))
    assert not explorer.whole
    assert told[-2][0] < 1_000 <= told[-1][0] == explorer.worlds
