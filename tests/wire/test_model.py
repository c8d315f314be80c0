"""Every interleaving of two honest ends, over two FIFO queues: nobody is accused, and nobody waits for ever.

A small scope in full, not a sample; `scripts/model_check` explores wider ones.
"""

from collections.abc import Callable

import pytest

from tests.wire.model import Explorer
from tests.wire.model_end import forgotten
from tests.wire.model_scope import SEED, Scope
from tests.wire.model_scopes import SMALL

EVERY_FLOOR = 3_000
ALL_FLOOR = 800_000
"""Worlds that the scopes have at least, each and together. They are counted, so that no scope dries up unnoticed."""
_counted: dict[str, int] = {}


@pytest.mark.parametrize("scope", SMALL, ids=str)
def test_no_interleaving_of_honest_ends_is_a_finding_or_leaves_anybody_waiting(
    scope: Scope, record_property: Callable[[str, object], None]
) -> None:
    explorer = Explorer(scope)
    explorer.run()
    record_property("worlds", explorer.worlds)
    _counted[str(scope)] = explorer.worlds
    assert str(explorer.fault or "") == ""
    assert explorer.worlds > EVERY_FLOOR
    assert explorer.longest >= 4
    assert explorer.finished


def test_the_scopes_are_as_wide_as_they_seem() -> None:
    if set(_counted) != {str(scope) for scope in SMALL}:
        pytest.skip("not all scopes were explored in this run")
    assert sum(_counted.values()) > ALL_FLOOR


def test_every_attribute_is_known_to_be_state_or_none() -> None:
    """What is not written down is not put back: two worlds would be taken for one."""
    assert forgotten(SMALL[0].connection(SEED)) == set()
