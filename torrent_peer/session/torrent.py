"""One torrent from the first look at the disk to the last word to its trackers."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final, Protocol

import trio
from attrs import define

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import PeerId
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.announcer import Announcer, TrackerState, TransferStats
from torrent_peer.net.dial import resolve
from torrent_peer.net.disk import DiskThreads
from torrent_peer.net.transport import ReceiveBuffer, Transport
from torrent_peer.session.address_book import Source
from torrent_peer.session.content import Content
from torrent_peer.session.downloading import Downloading, Written, open_piece_limit
from torrent_peer.session.events import (
    Completed,
    DiskTrouble,
    Event,
    MessageSeen,
    PeerClosed,
    Resumed,
    TrackerAnswered,
    TrackerFailed,
)
from torrent_peer.session.exchange import Exchange
from torrent_peer.session.farewell import Farewell
from torrent_peer.session.figures import peer_status, tracker_status, why_slow
from torrent_peer.session.options import Ending, SessionOptions, TorrentOptions
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.serving import Serving
from torrent_peer.session.status import State, TorrentStatus
from torrent_peer.session.swarm import Swarm
from torrent_peer.session.upkeep import Upkeep, keep_up
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.store import StorageError
from torrent_peer.strategy.picker import Picker
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.errors import Severity
from torrent_peer.wire.messages import Piece
from torrent_peer.wire.side import Side

REQUEST_QUEUE: Final = 500
"""Requests we take without dropping any, told as `reqq`. Transmission: 500."""
RECORD_INTERVAL: Final = 30.0
"""Seconds between two resume records: what a crash can cost."""
NOBODY_PATIENCE: Final = 30.0
"""Seconds before a torrent whose trackers and peers all failed is given up."""


class Shared(Protocol):
    """What the torrents of one session have in common."""

    options: SessionOptions
    peer_id: PeerId
    dice: Random
    buffer: ReceiveBuffer
    disk: DiskThreads
    pool: FilePool
    download_limit: RateLimit
    upload_limit: RateLimit
    port: int | None
    began: float


@define
class _Parts:
    """The working parts of a torrent, there from the moment the disk has been looked at."""

    content: Content
    picker: Picker[Peer]
    downloading: Downloading
    exchange: Exchange
    serving: Serving
    swarm: Swarm
    announcer: Announcer


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
        self._shared = shared
        self._options = options
        self._report = report
        self._ended = trio.Event()
        self._over = trio.Event()
        self._checked = trio.Event()
        self._settled: deque[Written] = deque()
        self._news = trio.Event()
        self._parts: _Parts | None = None
        self._began = trio.current_time()
        self._last_progress = self._began
        self._completed_at: float | None = None

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

    def status(self) -> TorrentStatus:
        """What it looks like right now."""
        parts = self._parts
        now = trio.current_time()
        peers = list(parts.swarm) if parts else []
        down = sum(peer.download_rate.rate(now=now) for peer in peers)
        up = sum(peer.upload_rate.rate(now=now) for peer in peers)
        wanted = parts.content.wanted_bytes if parts else self.torrent.geometry.total_length
        verified = parts.exchange.verified_bytes if parts else 0
        trackers = parts.announcer.states if parts else ()
        return TorrentStatus(
            info_hash=self.torrent.info_hash,
            name=self.torrent.name,
            state=self.state,
            wanted=wanted,
            verified=verified,
            pieces=self.torrent.geometry.piece_count,
            pieces_verified=parts.content.have.count if parts else 0,
            downloaded=parts.downloading.downloaded if parts else 0,
            uploaded=parts.serving.uploaded if parts else 0,
            wasted=parts.downloading.wasted if parts else 0,
            download_rate=down,
            upload_rate=up,
            eta=(wanted - verified) / down if down > 0 else None,
            known_peers=len(parts.swarm.book) if parts else 0,
            peers=tuple(peer_status(peer) for peer in peers),
            trackers=tuple(tracker_status(state) for state in trackers),
            hash_failures=parts.exchange.hash_failures if parts else 0,
            violations=parts.exchange.findings[Severity.VIOLATION] if parts else 0,
            deviations=parts.exchange.findings[Severity.DEVIATION] if parts else 0,
            why_slow=why_slow(
                rate=down,
                known=len(parts.swarm.book),
                dialing=parts.swarm.dialing,
                peers=peers,
                unobtainable=parts.picker.unobtainable,
                trackers=trackers,
            )
            if parts and self.state is State.DOWNLOADING
            else "",
        )

    async def run(self) -> None:
        """The whole life of the torrent; ends by itself, and never raises but for bugs and cancellation."""
        content = None
        try:
            content = await Content.open(self.torrent, self.root, self._options, self._shared.pool)
            reason = await content.take_stock(self._report, recheck=self._options.recheck)
            self._report(Resumed(content.have.count, reason))
            await self._live(content)
        except StorageError as error:
            self._disk_trouble(error)
        finally:
            self.state = State.STOPPING
            with trio.CancelScope(shield=True):
                if content is not None:
                    await self._wind_up(content)
            self.state = State.ENDED
            self._checked.set()
            self._ended.set()

    async def _live(self, content: Content) -> None:
        parts = self._parts = self._assemble(content)
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
            await parts.announcer.stop()
            nursery.cancel_scope.cancel()

    def _assemble(self, content: Content) -> _Parts:
        shared, torrent = self._shared, self.torrent
        picker: Picker[Peer] = Picker(
            torrent.geometry,
            have=content.have,
            wanted=content.wanted,
            dice=shared.dice,
            sequential=self._options.sequential,
            open_limit=open_piece_limit(torrent.geometry.piece_length),
        )
        downloading = Downloading(torrent, picker, content.store, shared.disk, self._disk_reports)
        serving = Serving(content.store, slots=shared.options.upload_slots, limit=shared.upload_limit, dice=shared.dice)
        exchange = Exchange(
            have=content.have,
            picker=picker,
            downloading=downloading,
            serving=serving,
            download_limit=shared.download_limit,
            listen_port=shared.port,
            report=self._report,
        )
        exchange.verified_bytes = sum(torrent.geometry.piece_size(piece) for piece in content.have & content.wanted)
        swarm = exchange.swarm = Swarm(
            exchange,
            connection=self._new_connection,
            buffer=shared.buffer,
            bind=shared.options.bind,
            max_peers=self._options.max_peers,
            on_conversation=self._greet,
            on_farewell=self._farewell,
        )
        announcer = Announcer(
            self.torrent.trackers if self._options.trackers is None else self._options.trackers,
            info_hash=torrent.info_hash,
            peer_id=shared.peer_id,
            port=shared.port or 0,
            stats=self._transfer_stats,
            on_peers=self._tracker_peers,
            on_change=self._tracker_changed,
            dice=shared.dice,
            private=self.torrent.private,
        )
        return _Parts(content, picker, downloading, exchange, serving, swarm, announcer)

    # ── tasks of the nursery ─────────────────────────────────────────────────────────────────────────────────────

    async def _settle(self, parts: _Parts) -> None:
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
                await self._progressed(parts)

    async def _save_now_and_then(self, content: Content) -> None:
        while True:
            await trio.sleep(RECORD_INTERVAL)
            await self._save(content)

    async def _watch(self, parts: _Parts) -> None:
        """End the run when there is nothing left to do or nothing left to hope for."""
        while True:
            await trio.sleep(1.0)
            now = trio.current_time()
            if self._completed_at is not None:
                if self._seeded_enough(now):
                    self._end(Ending.COMPLETE, "complete")
            elif self._nobody_there(parts, now):
                self._end(Ending.NOBODY, "no tracker and no peer answered")
            elif self._options.stall_timeout is not None and now - self._last_progress > self._options.stall_timeout:
                self._end(Ending.STALLED, f"no new data for {self._options.stall_timeout:.0f} s")

    async def _learn_named_peers(self, swarm: Swarm) -> None:
        """Peers given by the user may be names."""
        for address in self._options.peers:
            try:
                swarm.learn(await resolve(address.host, address.port), Source.USER)
            except OSError as error:
                self._report(PeerClosed(swarm.unresolved(address, error)))

    # ── what the parts report ────────────────────────────────────────────────────────────────────────────────────

    def _disk_reports(self, batch: list[Written]) -> None:
        self._settled.extend(batch)
        self._news.set()

    def _farewell(self, farewell: Farewell) -> None:
        self._report(PeerClosed(farewell))

    def _tracker_peers(self, addresses: Sequence[Address], url: str) -> None:
        if self._parts is not None:
            self._parts.swarm.learn(addresses, Source.TRACKER)

    def _tracker_changed(self, state: TrackerState) -> None:
        if state.error is not None:
            self._report(TrackerFailed(state.url, state.error))
        elif state.answered:
            self._report(TrackerAnswered(state.url, state.peers, state.seeders, state.leechers, state.warning))

    def _transfer_stats(self) -> TransferStats:
        parts = self._parts
        assert parts is not None
        return TransferStats(
            uploaded=parts.serving.uploaded,
            downloaded=parts.downloading.downloaded,
            left=max(0, parts.content.wanted_bytes - parts.exchange.verified_bytes),
        )

    async def _progressed(self, parts: _Parts) -> None:
        """There is more of it than before: perhaps everything."""
        now = self._last_progress = trio.current_time()
        if self._completed_at is not None:
            return
        if not parts.picker.is_complete:
            self.state = State.DOWNLOADING
            return
        self._completed_at = now
        self.state = State.SEEDING
        parts.downloading.drop_buffers()
        # Nobody is told that it is complete before the disk says so too.
        try:
            await parts.content.finish()
        except StorageError as error:
            self._disk_trouble(error)
            return
        await self._save(parts.content, clean=True)
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
        """Nothing more will come: wait for what the disk threads have in hand, save, close."""
        if (parts := self._parts) is not None:
            while parts.downloading.at_disk:
                await self._news.wait()
                self._news = trio.Event()
                batch = list(self._settled)
                self._settled.clear()
                parts.exchange.settle(batch)
        await self._save(content, clean=True)
        await content.close()

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

    def _new_connection(self) -> PeerConnection:
        shared = self._shared
        return PeerConnection(
            side=Side.DIALER,
            peer_id=shared.peer_id,
            info_hash=self.torrent.info_hash,
            geometry=self.torrent.geometry,
            profile=shared.options.profile,
            request_queue=REQUEST_QUEUE,
        )

    def _greet(self, peer: Peer) -> None:
        """A conversation begins."""
        if self._shared.options.transcript:
            peer.connection.on_message = lambda sender, offset, message, findings: self._report(
                MessageSeen(
                    address=peer.address,
                    at=trio.current_time() - self._shared.began,
                    sender=sender,
                    ours=sender is peer.connection.side,
                    offset=offset,
                    message=Piece(message.block, bytes(0)) if type(message) is Piece else message,
                    findings=tuple(findings),
                )
            )

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

    def _nobody_there(self, parts: _Parts, now: float) -> bool:
        if parts.swarm.ever_greeted or parts.swarm.busy or parts.announcer.has_answered:
            return False
        if not parts.announcer.all_failed or not parts.swarm.book.hopeless:
            return False
        return len(parts.swarm.book) == 0 or now - self._began > NOBODY_PATIENCE

    async def _save(self, content: Content, *, clean: bool = False) -> None:
        parts = self._parts
        try:
            await content.save(
                uploaded=parts.serving.uploaded if parts else 0,
                downloaded=parts.downloading.downloaded if parts else 0,
                clean=clean,
            )
        except StorageError as error:
            self._disk_trouble(error)
