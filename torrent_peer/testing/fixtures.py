"""What the pytest fixtures hand out: calls that open something, which stays until the test is over.

They are used without pytest, too: `async with open_keeper() as keeper: seeder = await Seeders(keeper, tracker)(…)`.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import trio
from attrs import field

from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import frozen
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.testing.scripted_peer import Script, ScriptedPeer, Talk, dial_scripted_peer, open_scripted_peer
from torrent_peer.testing.swarm import LOOPBACK, STAYING, LocalSwarm, Member, open_local_swarm
from torrent_peer.testing.tiny import tiny_torrent
from torrent_peer.testing.tracker import LocalTracker

OpenedT = TypeVar("OpenedT")


@frozen(eq=False)
class Keeper:
    """Keeps things open, each in a task of its own, so that they need not be nested; made with `open_keeper`."""

    _nursery: trio.Nursery
    _over: trio.Event = field(factory=trio.Event, init=False)

    async def keep(self, opened: AbstractAsyncContextManager[OpenedT]) -> OpenedT:
        """Enter the context manager; it is left when the keeper is. What it raises while entering comes out here."""
        value: OpenedT = await self._nursery.start(self._hold, opened)
        return value

    async def _hold(self, opened: AbstractAsyncContextManager[OpenedT], task_status: trio.TaskStatus[OpenedT]) -> None:
        async with opened as value:
            task_status.started(value)
            await self._over.wait()


@asynccontextmanager
async def open_keeper() -> AsyncIterator[Keeper]:
    """Everything kept is left in order, and at the same time, when the block ends."""
    async with trio.open_nursery() as nursery:
        keeper = Keeper(nursery)
        yield keeper
        keeper._over.set()


@frozen(eq=False)
class Seeders:
    """The fixture `bt_seeder`."""

    _keeper: Keeper
    tracker: LocalTracker
    """Where its seeders announce themselves: `bt_tracker`."""

    async def __call__(
        self,
        torrent: Torrent,
        content: bytes,
        *,
        session: SessionOptions = LOOPBACK,
        options: TorrentOptions = STAYING,
    ) -> Member:
        """One of our own peers that has everything, at `.address` on loopback, and known to the tracker."""
        swarm = await self._keeper.keep(
            open_local_swarm(torrent, content, leeches=0, seed_session=session, options=options, tracker=self.tracker)
        )
        return swarm.seeds[0]


@frozen(eq=False)
class ScriptedPeers:
    """The fixture `scripted_peer`."""

    _keeper: Keeper

    async def __call__(self, script: Script, info_hash: InfoHash) -> ScriptedPeer:
        """A peer at `.address` that plays `script` with everybody who connects."""
        return await self._keeper.keep(open_scripted_peer(script, info_hash=info_hash))

    async def dial(self, host: str, port: int, info_hash: InfoHash, script: Script) -> Talk:
        """Connect and play `script`. Raises OSError when nobody is there."""
        return await self._keeper.keep(dial_scripted_peer(host, port, info_hash, script))


@frozen(eq=False)
class LocalSwarms:
    """The fixture `local_swarm`."""

    _keeper: Keeper
    tracker: LocalTracker
    """Where members announce themselves: `bt_tracker`."""

    async def __call__(
        self,
        torrent: Torrent | None = None,
        content: bytes | None = None,
        *,
        seeds: int = 1,
        leeches: int = 1,
        options: TorrentOptions = STAYING,
        in_memory: bool = False,
        latency: float = 0.0,
        rate: int | None = None,
    ) -> LocalSwarm:
        """A running swarm, of the default `tiny_torrent` when none is given; `open_local_swarm` explains the rest."""
        if torrent is None or content is None:
            torrent, content = tiny_torrent()
        return await self._keeper.keep(
            open_local_swarm(
                torrent,
                content,
                seeds=seeds,
                leeches=leeches,
                options=options,
                tracker=self.tracker,
                in_memory=in_memory,
                latency=latency,
                rate=rate,
            )
        )
