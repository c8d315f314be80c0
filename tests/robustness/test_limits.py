"""Rate limits of whole sessions, in memory and on a virtual clock: they hold, are shared fairly, and blame nobody."""

from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from tests.session.stage import PLAIN, Audience
from torrent_peer.core.addresses import Address
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.session.events import PeerClosed
from torrent_peer.session.options import SessionOptions
from torrent_peer.session.session import Session, open_session
from torrent_peer.testing.memory import InlineDisk, MemoryNetwork

SIZE = 16 * 1024 * 1024
DOOR = SessionOptions(listen_ports=(6881,), max_peers=1000)
SEEDING = evolve(PLAIN, seed_time=1e9, max_peers=500)


class Place:
    """A network in memory, two torrents, and a directory for each host."""

    def __init__(self, root: Path) -> None:
        self.network = MemoryNetwork(latency=0.01)
        self.stack = AsyncExitStack()
        self._root = root
        self._contents = {name: Random(name).randbytes(SIZE) for name in ("one.bin", "two.bin")}
        self.torrents = [
            parse_torrent(create_torrent(name, content, piece_length=256 * 1024))
            for name, content in self._contents.items()
        ]
        self.full = root / "full"
        self.full.mkdir()
        for name, content in self._contents.items():
            (self.full / name).write_bytes(content)

    async def host(self, options: SessionOptions = DOOR) -> tuple[Session, Address]:
        """A session on a host of its own."""
        host = self.network.join()
        session = await self.stack.enter_async_context(open_session(options, network=host, disk=InlineDisk()))
        return session, Address(host.name, 6881)

    async def seed(self, *torrents: Torrent, options: SessionOptions = DOOR) -> tuple[Session, Address]:
        """One that has these, and serves them."""
        session, address = await self.host(options)
        for torrent in torrents:
            await session.add(torrent, self.full, evolve(SEEDING, read_only=True)).checked()
        return session, address

    def empty(self, name: str) -> Path:
        """A directory to download into."""
        return self._root / name


@pytest.mark.parametrize("rate", [200_000, 1_000_000])
async def test_an_upload_limit_holds_and_two_torrents_get_the_same(
    rate: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    place = Place(tmp_path)
    async with place.stack:
        one, two = place.torrents
        _, address = await place.seed(one, two, options=evolve(DOOR, upload_limit=rate))
        runs = []
        for number, torrent in enumerate([one, one, one, two]):
            session, _ = await place.host()
            options = evolve(PLAIN, peers=(address,), max_peers=1)
            runs.append(session.add(torrent, place.empty(str(number)), options))
        await trio.sleep(5)
        before = [run.status().downloaded for run in runs]
        await trio.sleep(10)
        *ones, twos = [run.status().downloaded - start for run, start in zip(runs, before, strict=True)]
        assert sum(ones) + twos == pytest.approx(10 * rate, rel=0.05)
        assert sum(ones) == pytest.approx(twos, rel=0.1)


@pytest.mark.parametrize("rate", [200_000, 1_000_000])
async def test_a_download_limit_holds_and_two_torrents_get_the_same(
    rate: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    place = Place(tmp_path)
    async with place.stack:
        one, two = place.torrents
        seeds = [(await place.seed(torrent))[1] for torrent in (one, one, one, two)]
        session, _ = await place.host(evolve(DOOR, download_limit=rate))
        runs = [
            session.add(one, place.empty("leech"), evolve(PLAIN, peers=tuple(seeds[:3]))),
            session.add(two, place.empty("leech"), evolve(PLAIN, peers=tuple(seeds[3:]))),
        ]
        await trio.sleep(5)
        before = [run.status().downloaded for run in runs]
        await trio.sleep(10)
        ones, twos = [run.status().downloaded - start for run, start in zip(runs, before, strict=True)]
        assert ones + twos == pytest.approx(10 * rate, rel=0.05)
        assert ones == pytest.approx(twos, rel=0.1)


@pytest.mark.slow
async def test_more_than_a_hundred_seeds_under_a_download_limit_are_blamed_for_nothing(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    place, rate = Place(tmp_path), 20_000
    async with place.stack:
        one, _ = place.torrents
        seeds = [(await place.seed(one))[1] for _ in range(105)]
        session, _ = await place.host(evolve(DOOR, download_limit=rate))
        audience = Audience()
        run = session.add(one, place.empty("leech"), evolve(PLAIN, peers=tuple(seeds), max_peers=200), audience)
        await trio.sleep(100)
        assert run.connections == 105
        assert audience.all(PeerClosed) == []
        assert run.status().wasted == 0
        assert run.status().downloaded > 0  # most of what was read is of blocks that are not whole yet
