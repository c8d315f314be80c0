"""The garbage collector, kept from stopping everything for as long as a large crowd of peers would take it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

THRESHOLDS: Final = (2_000, 10, 1_000)
"""Allocations, young and middle collections before the next older one.

With CPython's own a full collection comes with every quarter more objects: eight of them while 10,000 idle peers
arrive, the longest half a second of processor time. Now it takes 20 million objects; the others take milliseconds.
Nothing is lost by that: a peer that leaves is freed without the collector.
"""


@contextmanager
def calm_collector() -> Iterator[None]:
    """While this lasts full collections are rare, and what is there now, all the imported code, is not looked at."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
