"""However the bytes are cut: the one helper that feeds a stream in every way it may arrive."""

import itertools
from collections.abc import Callable, Iterator

import pytest

Ways = Iterator[list[bytes]]

EVERY_CUT_UP_TO = 200
"""Bytes; longer streams are cut near both ends and at a hundred places between."""


def _ways_to_cut(data: bytes) -> Ways:
    """Lists of fragments that join to `data`: whole, byte by byte, in two at every cut, short ones in three."""
    yield [data]
    if len(data) <= 4096:
        yield [data[i : i + 1] for i in range(len(data))]
    places = set(range(1, len(data)))
    if len(data) > EVERY_CUT_UP_TO:
        step = max(1, len(data) // 100)
        places = {*range(1, 20), *range(20, len(data) - 20, step), *range(len(data) - 20, len(data))}
    yield from ([data[:cut], data[cut:]] for cut in sorted(places))
    if len(data) <= 20:
        yield from ([data[:a], data[a:b], data[b:]] for a, b in itertools.combinations(range(1, len(data)), 2))


@pytest.fixture(scope="session")
def ways_to_cut() -> Callable[[bytes], Ways]:
    """Gives the fragmentations of a stream, each a list of fragments."""
    return _ways_to_cut
