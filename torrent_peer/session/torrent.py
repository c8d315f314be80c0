"""One torrent from the first look at the disk to the last word to its trackers."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.transport import Transport
from torrent_peer.session.address_book import Source
from torrent_peer.session.content import Content
from torrent_peer.session.downloading import Written
from torrent_peer.session.events import (
    Completed,
    DiskTrouble,
    Event,
    PeerClosed,
    Resumed,
)
from torrent_peer.session.figures import torrent_status
from torrent_peer.session.options import Ending, TorrentOptions
from torrent_peer.session.parts import Parts, Shared
from torrent_peer.session.status import State, TorrentStatus
from torrent_peer.session.swarm import Swarm
from torrent_peer.session.upkeep import Upkeep, keep_up
from torrent_peer.storage.store import StorageError
from torrent_peer.wire.connection import PeerConnection

RECORD_INTERVAL: Final = 30.0
"""Seconds between two resume records: what a crash can cost."""
RECORD_BYTES: Final = 256 * 1024 * 1024
"""Or as much as this: a power cut costs no more, and the flush at the end has little left to wait for."""
LAST_WORDS: Final = 1.0
"""Seconds for conversations to end in order."""
NOBODY_PATIENCE: Final = 30.0
"""Seconds before a torrent whose trackers and peers all failed is given up."""


class TorrentRun:
    """One torrent running in a session; made by `Session.add`."""

    def __init__(
        self, shared: Shared, torrent: Torrent, root: Path, options: TorrentOptions, report: Callable[[Event], None]
    ) -> None:
        self.torrent = torrent
        self.root = root
        self.state = State.CHECKING
        self.ending: Ending | None = None
        """How it ended; None while it runs."""
        self.ending_detail = ""
        """One line that explains the ending."""
        self.storage_error: StorageError | None = None
        """What the disk refused; None unless it ended with `Ending.DISK`."""
        self.verified = PieceSet(torrent.geometry.piece_count)
        """The pieces that are right on disk, as far as is known; to be looked at only."""
        self._shared = shared
        self._options = options
        self._report = report
        self._ended = trio.Event()
        self._over = trio.Event()
        self._checked = trio.Event()
        self._parting = False
        """Whether the trackers are being told, or have been."""
        self._settled: deque[Written] = deque()
        self._news = trio.Event()
        self._much_is_new = trio.Event()
        self._recorded = 0
        """Bytes that were verified when a record was last asked for because of them."""
        self._parts: Parts | None = None
        self._began = trio.current_time()
        self._last_progress = self._began
        self._completed_at: float | None = None

    @property
    def connections(self) -> int:
        """Peers connected."""
        return len(self._parts.swarm) if self._parts else 0

    async def checked(self) -> None:
        """Wait until it is known what the disk holds, and peers are let in; or until it ended before."""
        await self._checked.wait()

    async def finished(self) -> Ending:
        """Wait for the end; the reason is in `ending_detail`."""
        await self._ended.wait()
        assert self.ending is not None
        return self.ending

    def stop(self) -> None:
        """Ask it to end: save, say `stopped` to the trackers, close. `finished` returns once that is done."""
        self._end(Ending.STOPPED, "stopped")

    def admit(self, address: Address, connection: PeerConnection, transport: Transport) -> bool:
        """Take over an inbound connection that has asked for this torrent; False when it cannot be taken."""
        parts = self._parts
        if parts is None or self._over.is_set():
            return False
        connection.adopt(self.torrent.info_hash, self.torrent.geometry)
        return parts.swarm.admit(address, connection, transport)

    def tell(self, event: Event) -> None:
        """Pass on what the session has to say to everybody."""
        self._report(event)

    def status(self, *, with_peers: bool = True) -> TorrentStatus:
        """What it looks like right now; without `with_peers` they are only counted."""
        return torrent_status(self.torrent, self.state, self._parts, with_peers=with_peers)

    async def run(self) -> None:
        """The whole life of the torrent; ends by itself, and never raises but for bugs and cancellation."""
        content = None
        try:
            content = await Content.open(
                self.torrent, self.root, self._options, self._shared.pool, self._shared.disk.run
            )
            reason = await content.take_stock(self._report, recheck=self._options.recheck, cancelled=self._over.is_set)
            if reason is not None:
                self.verified = content.have
                self._report(Resumed(content.have.count, reason))
                if self._may_live(content):
                    await self._live(content)
        except StorageError as error:
            self._disk_trouble(error)
        finally:
            self.state = State.STOPPING
            with trio.CancelScope(shield=True):
                if content is not None:
                    await self._wind_up(content)
            self._end(Ending.STOPPED, "cancelled")
            self.state = State.ENDED
            self._checked.set()
            self._ended.set()

    async def _live(self, content: Content) -> None:
        parts = self._parts = Parts(
            self._shared,
            self.torrent,
            content,
            self._options,
            report=self._report,
            disk_reports=self._disk_reports,
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(parts.swarm.run)
            nursery.start_soon(parts.announcer.run)
            nursery.start_soon(keep_up, Upkeep(parts.exchange))
            nursery.start_soon(self._settle, parts)
            nursery.start_soon(self._save_now_and_then, content)
            nursery.start_soon(self._watch, parts)
            nursery.start_soon(self._learn_named_peers, parts.swarm)
            self._checked.set()
            await self._progressed(parts)
            await self._over.wait()
            self.state = State.STOPPING
            parts.swarm.close_all("the torrent ended")
            self._parting = True
            await parts.announcer.stop()
            with trio.move_on_after(LAST_WORDS):
                await parts.swarm.emptied()
            nursery.cancel_scope.cancel()

    def _may_live(self, content: Content) -> bool:
        """Whether there is something to do: not when data is missing that may not be fetched."""
        missing = content.missing.count
        if self._options.read_only and missing and not (self._options.partial and content.have):
            self._end(Ending.INCOMPLETE, f"{missing} of {len(content.wanted)} pieces are missing or wrong")
            return False
        return True

    # ── tasks of the nursery ─────────────────────────────────────────────────────────────────────────────────────

    async def _settle(self, parts: Parts) -> None:
        """Take the disk threads' verdicts as they come."""
        while True:
            await self._news.wait()
            self._news = trio.Event()
            batch = list(self._settled)
            self._settled.clear()
            parts.exchange.settle(batch)
            trouble = next((written.error for written in batch if written.error is not None), None)
            if trouble is not None:
                self._disk_trouble(trouble)
            elif any(written.good for written in batch):
                if parts.exchange.verified_bytes - self._recorded >= RECORD_BYTES:
                    self._recorded = parts.exchange.verified_bytes
                    self._much_is_new.set()
                await self._progressed(parts)

    async def _save_now_and_then(self, content: Content) -> None:
        while True:
            with trio.move_on_after(RECORD_INTERVAL):
                await self._much_is_new.wait()
            self._much_is_new = trio.Event()
            await self._save(content)

    async def _watch(self, parts: Parts) -> None:
        """End the run when there is nothing left to do or nothing left to hope for."""
        while True:
            await trio.sleep(1.0)
            now = trio.current_time()
            if parts.picker.is_complete:
                if self._completed_at is not None and self._seeded_enough(now):
                    self._end(Ending.COMPLETE, "complete")
                continue
            if not len(parts.swarm):
                parts.announcer.more_peers()
            if self._nobody_there(parts, now):
                self._end(Ending.NOBODY, "no tracker and no peer answered")
            elif self._options.stall_timeout is not None and now - self._last_progress > self._options.stall_timeout:
                self._end(Ending.STALLED, f"no new data for {self._options.stall_timeout:.0f} s")

    async def _learn_named_peers(self, swarm: Swarm) -> None:
        """Peers given by the user may be names."""
        for address in self._options.peers:
            try:
                swarm.learn(await self._shared.network.resolve(address.host, address.port), Source.USER)
            except OSError as error:
                self._report(PeerClosed(swarm.unresolved(address, error)))

    # ── what the parts report ────────────────────────────────────────────────────────────────────────────────────

    def _disk_reports(self, batch: list[Written]) -> None:
        self._settled.extend(batch)
        self._news.set()

    async def _progressed(self, parts: Parts) -> None:
        """There is more of it than before: perhaps everything."""
        self._last_progress = trio.current_time()
        if self._completed_at is not None:
            return
        if not parts.picker.is_complete:
            self.state = State.DOWNLOADING
            return
        self.state = State.SEEDING
        parts.downloading.drop_buffers()
        # Nobody is told that it is complete before the disk says so too.
        try:
            await parts.content.finish()
        except StorageError as error:
            self._disk_trouble(error)
            return
        if not await self._save(parts.content, clean=True):
            return
        now = self._completed_at = trio.current_time()
        if not parts.left:
            self._report(
                Completed(
                    seconds=now - self._began,
                    downloaded=parts.downloading.downloaded,
                    wasted=parts.downloading.wasted,
                )
            )
        if parts.downloading.downloaded:
            parts.announcer.completed()
        if self._seeded_enough(now):
            self._end(Ending.COMPLETE, "complete")
        else:
            parts.exchange.part_from_seeds()

    async def _wind_up(self, content: Content) -> None:
        """Nothing more will come: wait for what the disk threads have in hand, save, close, say goodbye."""
        if (parts := self._parts) is not None:
            parts.serving.slots.leave()
            while parts.downloading.at_disk:
                await self._news.wait()
                self._news = trio.Event()
                batch = list(self._settled)
                self._settled.clear()
                parts.exchange.settle(batch)
        await self._save(content, clean=True)
        await content.close()
        if parts is not None and not self._parting:  # it was cancelled
            await parts.announcer.stop()

    # ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, ending: Ending, detail: str) -> None:
        if self.ending is None:
            self.ending = ending
            self.ending_detail = detail
            self._over.set()

    def _disk_trouble(self, error: StorageError) -> None:
        self.storage_error = error
        self._report(DiskTrouble(str(error)))
        self._end(Ending.DISK, str(error))

    def _seeded_enough(self, now: float) -> bool:
        """Whether the seeding that was asked for is done; the first of ratio and time that is met ends it."""
        ratio, seconds = self._options.seed_ratio, self._options.seed_time
        if ratio is None and seconds is None:
            return True
        assert self._parts is not None
        assert self._completed_at is not None
        uploaded, size = self._parts.serving.uploaded, self._parts.content.wanted_bytes
        return (ratio is not None and uploaded >= ratio * size) or (
            seconds is not None and now - self._completed_at >= seconds
        )

    def _nobody_there(self, parts: Parts, now: float) -> bool:
        if parts.swarm.ever_greeted or parts.swarm.busy or parts.announcer.has_answered:
            return False
        if not parts.announcer.all_failed or not parts.swarm.book.hopeless:
            return False
        return len(parts.swarm.book) == 0 or now - self._began > NOBODY_PATIENCE

    async def _save(self, content: Content, *, clean: bool = False) -> bool:
        """Write the resume record; False when the disk refused, which ends the run."""
        parts = self._parts
        try:
            await content.save(
                uploaded=parts.serving.uploaded if parts else 0,
                downloaded=parts.downloading.downloaded if parts else 0,
                clean=clean,
            )
        except StorageError as error:
            self._disk_trouble(error)
            return False
        return True
