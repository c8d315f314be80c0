"""Fixtures of the interop tests: the network, the sample, the trackers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.network import Network, open_network
from tests.interop.samples import Sample, make_sample
from tests.interop.trackers import Trackers


@pytest.fixture(scope="session")
def network() -> Iterator[Network]:
    """One network for the whole run; programs of different tests have different ports."""
    with open_network() as opened:
        yield opened


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The torrent and its content; never written to, clients get a copy."""
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def trackers(network: Network, sample: Sample, tmp_path: Path) -> Iterator[Trackers]:
    """Trackers of this test alone."""
    started = Trackers(network, tmp_path, sample)
    try:
        yield started
    finally:
        started.stop()
