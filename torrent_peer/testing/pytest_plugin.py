"""pytest fixtures for tests on Trio (pytest-trio): `bt_tracker`, `bt_seeder`, `scripted_peer`, `local_swarm`.

pytest loads this module in every run where torrent_peer is installed, so it imports pytest and nothing else; the rest
is imported by the first test that asks for a fixture.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from torrent_peer.testing.fixtures import LocalSwarms, ScriptedPeers, Seeders
    from torrent_peer.testing.tracker import LocalTracker


@pytest.fixture
async def bt_tracker() -> "AsyncIterator[LocalTracker]":
    """A tracker on loopback, HTTP and UDP: `.http_url`, `.udp_url`, `.announces`, faults on request."""
    from torrent_peer.testing.tracker import open_local_tracker

    async with open_local_tracker() as tracker:
        yield tracker


@pytest.fixture
async def bt_seeder(bt_tracker: "LocalTracker") -> "AsyncIterator[Seeders]":
    """`await bt_seeder(torrent, content)`: a seeder at `.address`, announced to `bt_tracker`."""
    from torrent_peer.testing.fixtures import Seeders, open_keeper

    async with open_keeper() as keeper:
        yield Seeders(keeper, bt_tracker)


@pytest.fixture
async def scripted_peer() -> "AsyncIterator[ScriptedPeers]":
    """`await scripted_peer(script, torrent.info_hash)`: a peer at `.address` that says exactly what it is told."""
    from torrent_peer.testing.fixtures import ScriptedPeers, open_keeper

    async with open_keeper() as keeper:
        yield ScriptedPeers(keeper)


@pytest.fixture
async def local_swarm(bt_tracker: "LocalTracker") -> "AsyncIterator[LocalSwarms]":
    """`await local_swarm(torrent, content, seeds=1, leeches=3)`: a swarm of our own peers, known to `bt_tracker`."""
    from torrent_peer.testing.fixtures import LocalSwarms, open_keeper

    async with open_keeper() as keeper:
        yield LocalSwarms(keeper, bt_tracker)
