"""One torrent's content on disk, as the session uses it: everything that blocks happens on a thread."""

from collections.abc import Callable
from pathlib import Path

import trio

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.disk import Run, on_a_thread
from torrent_peer.session.events import CheckProgress, Event
from torrent_peer.session.options import TorrentOptions
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.resume import recall
from torrent_peer.storage.store import Store


class Content:
    """The store of one torrent, and what of it is verified; made with `open`."""

    def __init__(self, store: Store, run: Run = on_a_thread) -> None:
        self.store = store
        self._run = run
        self.have = PieceSet(store.torrent.geometry.piece_count)
        """Verified pieces; added to as they come."""
        self.wanted = store.wanted_pieces()
        """Pieces that hold bytes of wanted files."""
        geometry = store.torrent.geometry
        self.wanted_bytes = sum(geometry.piece_size(piece) for piece in self.wanted)
        self.uploaded_before = 0
        """Payload bytes sent in earlier runs."""
        self.downloaded_before = 0
        """Payload bytes received in earlier runs."""
        self._known = False

    @classmethod
    async def open(
        cls, torrent: Torrent, root: Path, options: TorrentOptions, pool: FilePool, run: Run = on_a_thread
    ) -> "Content":
        """Look at the disk; nothing is written. Raises StorageError."""
        store = await run(
            lambda: Store.open(
                torrent,
                root,
                pool=pool,
                wanted=options.wanted_files,
                overwrite=options.overwrite,
                read_only=options.read_only,
            )
        )
        return cls(store, run)

    async def take_stock(
        self, report: Callable[[Event], None], *, recheck: bool, cancelled: Callable[[], bool]
    ) -> str | None:
        """Find out what is there already, by the record or by hashing; returns where the knowledge is from.

        None once `cancelled` says so, from whatever thread; then nothing is known. Raises StorageError, also when files
        that are no part of this download would be written over.
        """
        token = trio.lowlevel.current_trio_token()
        shown = 0.0

        def progress(done: int, total: int) -> None:
            nonlocal shown
            if done == total or done - shown >= total / 200:
                shown = done
                token.run_sync_soon(report, CheckProgress(done, total))

        found = await self._run(lambda: recall(self.store, recheck=recheck, progress=progress, cancelled=cancelled))
        if found is None:
            return None
        if not self.store.read_only:
            self.store.refuse_foreign(found.pieces)
        for piece in found.pieces:
            self.have.add(piece)
        if (record := self.store.record) is not None:
            self.uploaded_before, self.downloaded_before = record.uploaded, record.downloaded
        self._known = True
        return found.reason

    @property
    def missing(self) -> PieceSet:
        """Wanted pieces that are not verified."""
        return self.wanted - self.have

    async def finish(self) -> None:
        """Everything wanted is verified: make the empty files, flush, drop what is no longer needed."""
        if not self.store.read_only:
            await self._run(self.store.finish)

    async def save(self, *, uploaded: int, downloaded: int, clean: bool) -> None:
        """Flush and write the resume record; totals are this run's. Before `take_stock` there is nothing to save."""
        if not self._known or self.store.read_only:
            return
        verified = self.have.copy()
        await self._run(
            lambda: self.store.save(
                verified,
                clean=clean,
                uploaded=self.uploaded_before + uploaded,
                downloaded=self.downloaded_before + downloaded,
            )
        )

    async def close(self) -> None:
        """Give descriptors and the lock back."""
        await self._run(self.store.close)
