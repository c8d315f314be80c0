"""A session whose torrents do what a test says: no sockets, no disk."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from attrs import define, field
from click.testing import Result

from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.events import Event
from torrent_peer.session.farewell import Cause, EndedBy, Farewell
from torrent_peer.session.options import Ending, SessionOptions, TorrentOptions
from torrent_peer.session.status import PeerStatus, State, TorrentStatus, TrackerStatus
from torrent_peer.storage.errors import StorageError
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Request
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

PEER = Address("192.0.2.7", 6881)
Invoke = Callable[..., Result]
"""Run `torrent-peer` in this process; the fixture `invoke`."""
HOSTILE = "evil\x1b[2J\u202eclient"


def finding(severity: Severity = Severity.DEVIATION, rule: str = "REQ-07") -> Finding:
    """A finding whose evidence is hostile."""
    return Finding(rule, severity, "BEP 3, request", "must not", f"asked by {HOSTILE}", Side.LISTENER,
                   Request(Block(1, 0, 16384)), 68)  # fmt: skip


def farewell(cause: Cause = Cause.CLOSED, detail: str = "closed in order", **more: Any) -> Farewell:
    """How a conversation with PEER ended."""
    return Farewell(address=PEER, dialed=True, ended_by=EndedBy.THEM, cause=cause, detail=detail, **more)


def peer(**changes: Any) -> PeerStatus:
    """A connected peer."""
    known: dict[str, Any] = {
        "address": PEER, "client": HOSTILE, "flags": "dE", "progress": 0.5, "download_rate": 2048.0,
        "upload_rate": 0.0, "outstanding": 3, "last_word": "",
    }  # fmt: skip
    return PeerStatus(**(known | changes))


def tracker(**changes: Any) -> TrackerStatus:
    """A tracker that failed."""
    known: dict[str, Any] = {
        "url": "http://t.example/announce", "seeders": None, "leechers": None, "last_error": "timed out",
        "next_announce": 60.0,
    }  # fmt: skip
    return TrackerStatus(**(known | changes))


def status(torrent: Torrent, **changes: Any) -> TorrentStatus:
    """A torrent half done."""
    total = torrent.geometry.total_length
    known: dict[str, Any] = {
        "info_hash": torrent.info_hash, "name": torrent.name, "state": State.DOWNLOADING, "wanted": total,
        "verified": total // 2, "pieces": torrent.geometry.piece_count, "pieces_verified": 2, "downloaded": total // 2,
        "uploaded": 0, "wasted": 0, "download_rate": 1024.0, "upload_rate": 0.0, "eta": 45.0, "known_peers": 3,
        "peers": (), "trackers": (), "hash_failures": 0, "violations": 0, "deviations": 0, "why_slow": "",
    }  # fmt: skip
    known["connected"] = len(changes.get("peers", ()))
    return TorrentStatus(**(known | changes))


@define(eq=False)
class FakeRun:
    """A torrent that tells its events and then ends, or waits to be stopped."""

    torrent: Torrent
    ending: Ending | None
    events: Sequence[Event]
    on_event: Callable[[Event], None]
    deaf: bool = False
    storage_error: StorageError | None = None
    ending_detail: str = ""
    stopped: trio.Event = field(factory=trio.Event)

    async def finished(self) -> Ending:
        for event in self.events:
            self.on_event(event)
        if self.ending is None:
            await self.stopped.wait()
            return Ending.STOPPED
        self.ending_detail = f"it is {self.ending.value}"
        return self.ending

    def stop(self) -> None:
        if not self.deaf:
            self.stopped.set()

    def status(self, *, with_peers: bool = True) -> TorrentStatus:
        done = self.ending is Ending.COMPLETE
        return status(self.torrent, **({"verified": self.torrent.geometry.total_length} if done else {}))


@define(eq=False)
class FakeSession:
    """Hands out the runs it was made for."""

    ending: Ending | None = Ending.COMPLETE
    events: Sequence[Event] = ()
    storage_error: StorageError | None = None
    deaf: bool = False
    port: int | None = 6881
    added: list[tuple[Torrent, Path, TorrentOptions]] = field(factory=list)

    def add(self, torrent: Torrent, root: Path, options: TorrentOptions, on_event: Callable[[Event], None]) -> FakeRun:
        self.added.append((torrent, root, options))
        return FakeRun(torrent, self.ending, self.events, on_event, self.deaf, self.storage_error)

    def open(self, options: SessionOptions) -> AbstractAsyncContextManager["FakeSession"]:
        """In place of `open_session`."""
        self.options = options

        @asynccontextmanager
        async def session() -> AsyncIterator[FakeSession]:
            yield self

        return session()

    options: SessionOptions = field(factory=SessionOptions)
