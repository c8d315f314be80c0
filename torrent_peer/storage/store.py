"""`Store`: the pieces of one torrent on disk. It does not know which of them are right, only where they belong."""

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import attrs

from torrent_peer.core.block import Block
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.files import TorrentFile
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.storage.around import ALIGNMENT
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.files import DataFiles, too_long
from torrent_peer.storage.layout import Layout
from torrent_peer.storage.names import HiddenNames, safe_parts
from torrent_peer.storage.places import Home, Place, Places
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.record import PART, ResumeRecord
from torrent_peer.storage.record_file import RecordFile, read_record
from torrent_peer.storage.scatter import clear, is_zero, take
from torrent_peer.storage.tree import Tree

__all__ = ["Kind", "StorageError", "Store"]

COPY_LENGTH: Final = 1024 * 1024
"""Bytes moved at a time when a file nobody wanted becomes wanted."""

Buffer = bytes | bytearray | memoryview


class Store:
    """Reads and writes the pieces of one torrent below one directory; made with `Store.open`.

    Blocking and positional. Any thread may read and write at any time, as long as no two write the same bytes.
    """

    def __init__(self, torrent: Torrent, tree: Tree, pool: FilePool, names: HiddenNames) -> None:
        """For `open` alone."""
        self.torrent = torrent
        self.layout = Layout(torrent.files, torrent.geometry)
        self.record: ResumeRecord | None = None
        """What the resume record said when the store was opened; `None`: there is none that can be used."""
        self.read_only = False
        self.files: DataFiles
        """The files themselves, by position in the torrent's list."""
        self.places: Places
        """Which of them holds what."""
        self._tree = tree
        self._pool = pool
        self._names = names
        self._overwrite = False
        self._wanted: frozenset[int] | None = None
        self._ours: set[int] = set()
        """Positions of the files the record gave us leave to write, whether they exist or not."""
        self._record_file: RecordFile | None = None
        self._record_lock = threading.RLock()
        self._claimed = False
        """Whether the record on disk says that all wanted files are ours."""

    @classmethod
    def open(
        cls,
        torrent: Torrent,
        root: Path,
        *,
        pool: FilePool,
        wanted: frozenset[int] | None = None,
        overwrite: bool = False,
        read_only: bool = False,
    ) -> Self:
        """The store of `torrent` in the directory `root`, which is made if it is absent.

        `wanted`: file numbers as `TorrentFile.index` counts them; `None`: all. No data file is made or changed here,
        except that parts kept of a file that has become wanted are moved into it. `read_only`: nothing is written at
        all, and no lock taken. Raises StorageError: LOCKED, EXISTS (a wanted file is longer than the torrent's and
        `overwrite` is not set), CONFLICT (a directory or a link where a file should be), PERMISSION and so on;
        ValueError for a number in `wanted` that no file has.
        """
        real = {file.index: file for file in torrent.files if not file.padding}
        if wanted is not None and not wanted <= real.keys():
            raise ValueError(f"the torrent has no file {min(wanted - real.keys())}")
        first = next((file.path.parts for file in real.values()), (torrent.name,))
        names = HiddenNames.of(safe_parts(first, root)[0], torrent.info_hash)
        store = cls(torrent, Tree(root, create=not read_only), pool, names)
        try:
            store._set_up(None if wanted == real.keys() else wanted, overwrite=overwrite, read_only=read_only)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Give descriptors and lock back; nothing is flushed or saved. The second time does nothing."""
        if hasattr(self, "files"):
            self.files.close()
        if self._record_file is not None:
            self._record_file.close()
        self._tree.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def root(self) -> Path:
        """The directory."""
        return self._tree.root

    def existing(self) -> Mapping[int, int]:
        """The files there were in their own place when the store was opened or last saved: number → bytes on disk."""
        known = self.files.known
        return {self.torrent.files[file].index: print_.size for file, print_ in known.items() if file != PART}

    def wanted_pieces(self) -> PieceSet:
        """The pieces needed for the wanted files."""
        if self._wanted is None:
            return PieceSet.full(self.torrent.geometry.piece_count)
        return self.layout.pieces_touching(self._positions(self._wanted))

    def stored_pieces(self) -> PieceSet:
        """The pieces there is room for on disk: the wanted ones and those of files wanted before."""
        return self.places.stored()

    def write_pieces(self, first: int, data: Sequence[Buffer], *, around: bool = False) -> None:
        """Write consecutive whole pieces whose hashes have matched, in as few writes as their files allow.

        `around`: around the page cache where that can be done; all `data` lies in `PieceBuffer`s. Raises as `write`
        does, ValueError unless each is as long as its piece.
        """
        pieces = range(first, first + len(data))
        if [len(piece) for piece in data] != [self.torrent.geometry.piece_size(piece) for piece in pieces]:
            raise ValueError(f"{len(data)} pieces from {first} on are not of these lengths")
        views = [memoryview(piece) for piece in data]
        self._write(first, self.places.place_run(pieces, sum(map(len, views))), views, around=around)

    def write_piece(self, piece: int, data: Buffer) -> None:
        """The same for one piece, by way of the page cache."""
        self.write_pieces(piece, [data])

    def write(self, piece: int, begin: int, data: Buffer) -> None:
        """Write `data` at `begin` in `piece`; raises StorageError, parts of it may be written then.

        StorageError(CONFLICT): padding that is not zero; no file could ever give these bytes back. IndexError: outside
        the piece. ValueError: of no wanted file.
        """
        view = memoryview(data)
        self._write(piece, self.places.place(piece, begin, len(view)), [view])

    def read(self, block: Block) -> bytes:
        """The bytes of `block`; raises StorageError (MISSING if a file is absent or short), IndexError outside."""
        found = [
            bytes(length) if file is None else self.files.read(file, offset, length)
            for file, offset, length in self.places.place(*block)
        ]
        return found[0] if len(found) == 1 else b"".join(found)

    def read_into(self, piece: int, begin: int, *buffers: memoryview) -> None:
        """Fill the buffers one after the other with what is at `begin` in `piece`; raises as `read` does."""
        self._fill(self.places.place(piece, begin, sum(map(len, buffers))), list(buffers))

    def read_cached_into(self, piece: int, begin: int, *buffers: memoryview) -> bool:
        """The same if no disk has to be waited for; else False, whatever the buffers hold then."""
        rest = list(buffers)
        for file, offset, length in self.places.place(piece, begin, sum(map(len, buffers))):
            taken = take(rest, length)
            if file is None:
                clear(taken)
            elif not self.files.read_cached(file, offset, taken):
                return False
        return True

    def read_pieces(self, pieces: range, buffer: memoryview) -> None:
        """Fill `buffer` with consecutive pieces, in as few reads as their files allow; raises as `read` does.

        `buffer` must be as long as they are.
        """
        self._fill(self.places.place_run(pieces, len(buffer)), [buffer])

    def piece_digest(self, piece: int, buffer: bytearray | memoryview) -> bytes:
        """SHA-1 of the piece as it is on disk, read through `buffer` (of any size); raises as `read` does."""
        size = self.torrent.geometry.piece_size(piece)
        digest = hashlib.sha1()
        with memoryview(buffer) as view:
            for begin in range(0, size, len(view)):
                with view[: size - begin] as stretch:
                    self.read_into(piece, begin, stretch)
                    digest.update(stretch)
        return digest.digest()

    def refuse_foreign(self, good: PieceSet) -> None:
        """Raise StorageError(EXISTS) if a file would be written over that is no part of this download.

        `good`: what a check of all files found. A file is foreign when no record says that it is ours and not one
        piece of it is right. To be called after the first check, before anything is written.
        """
        for file, found in self.files.known.items():
            if file == PART or file in self._ours or self._overwrite or not found.size:
                continue
            if not any(piece in good for piece in self.layout.pieces_of(file)):
                path = self.root / self.torrent.files[file].path
                what = f"{path} already exists and holds nothing of this torrent"
                advice = "move it away, choose another directory, or overwrite it with --overwrite"
                raise StorageError(Kind.EXISTS, path, f"{what}; {advice}")

    def sync(self) -> None:
        """Flush what was written since the last time; raises StorageError."""
        self.files.sync()

    def save(self, verified: PieceSet, *, clean: bool = False, uploaded: int = 0, downloaded: int = 0) -> None:
        """Flush, then replace the resume record by one that claims `verified`; raises StorageError, the old one stays.

        `verified` must be settled before the call: pieces whose `write_piece` has returned or that a check found good.
        `clean`: nothing is being written and nothing will be. Otherwise writers may go on meanwhile. Totals in bytes.
        """
        with self._record_lock:
            self.files.sync(aside=not clean)
            known = dict(self.files.known)
            self._save(
                ResumeRecord(
                    info_hash=self.torrent.info_hash,
                    verified=verified - self.places.of_missing(known),
                    files=known,
                    wanted=self._wanted,
                    clean=clean,
                    uploaded=uploaded,
                    downloaded=downloaded,
                )
            )

    def finish(self) -> None:
        """All that is wanted is verified: make the empty files, flush, drop the part file if nothing needs it.

        To be followed by `save`, so that the next run knows at once that all is there. Raises StorageError(MISSING)
        when a wanted file is no longer the one that was written.
        """
        if not self._claimed:
            self._claim()
        wanted = self._positions(self._wanted)
        for file in wanted:
            if not self.torrent.files[file].length:
                self.files.make(file)
        self.files.sync()
        self.files.confirm(wanted)
        if not self.places.uses_part:
            self.files.remove(PART)

    def forget(self) -> None:
        """Leave neither record nor part file behind; the next run has to check everything. Raises StorageError."""
        if self._record_file is None:
            raise ValueError("the store is open for reading only")
        try:
            self._record_file.remove()
        except OSError as error:
            raise StorageError.from_os(error, self._tree.path((self._names.record,)), "remove") from error
        self._claimed = False
        self.files.remove(PART)

    def _fill(self, stretches: Iterable[tuple[int | None, int, int]], buffers: list[memoryview]) -> None:
        for file, offset, length in stretches:
            taken = take(buffers, length)
            if file is None:
                clear(taken)
            else:
                self.files.read_into(file, offset, taken)

    def _set_up(self, wanted: frozenset[int] | None, *, overwrite: bool, read_only: bool) -> None:
        self._wanted, self._overwrite, self.read_only = wanted, overwrite, read_only
        parts = {n: safe_parts(file.path.parts, self.root) for n, file in self._real_files()}
        lengths = {n: file.length for n, file in self._real_files()}
        parts[PART] = (self._names.part,)
        self.files = DataFiles(self._tree, self._pool, parts, lengths, overwrite=overwrite)
        self._load()
        now = set(self._positions(wanted))
        self.files.look(sorted(now | self._ours | {PART}))
        known = self.files.known
        in_place = now | (self._ours & known.keys())
        if read_only:
            if self.record is not None and PART in known:
                in_place = {file for file in in_place if file in self._ours or file in known}
        elif not overwrite:
            for file in sorted(now & known.keys()):
                if known[file].size > lengths[file]:
                    raise too_long(self._tree, parts[file], known[file].size, lengths[file])
        self.places = Places(
            self.layout,
            [
                Home.NOWHERE if file.padding else Home.PLACE if n in in_place else Home.PART
                for n, file in enumerate(self.torrent.files)
            ],
        )
        self._claimed = self.record is not None and now <= self._ours
        if not (self._claimed or read_only) and self.record is not None and PART in known:
            self._move_in(sorted(now - self._ours - known.keys()))

    def _load(self) -> None:
        try:
            if self.read_only:
                data = self._pool.with_room(lambda: read_record(self._tree, self._names))
            else:
                self._record_file = self._pool.with_room(lambda: RecordFile(self._tree, self._names))
                data = self._record_file.read()
        except OSError as error:
            raise StorageError.from_os(error, self._tree.path((self._names.record,)), "open") from error
        self.record = ResumeRecord.from_bytes(data, self.torrent)
        if self.record is not None:
            self._ours = {file for file in self.record.files if file != PART}
            self._ours.update(self._positions(self.record.wanted))

    def _real_files(self) -> list[tuple[int, TorrentFile]]:
        return [(n, file) for n, file in enumerate(self.torrent.files) if not file.padding]

    def _positions(self, wanted: frozenset[int] | None) -> list[int]:
        return [n for n, file in self._real_files() if wanted is None or file.index in wanted]

    def _move_in(self, files: list[int]) -> None:
        """Copy what the part file has of `files`, which have become wanted; the record tells of it first.

        A crash on the way leaves a file that the record calls ours and that has changed: its pieces are hashed.
        """
        end = self.files.known[PART].size
        for file in files:
            for offset, span in self.places.parted_spans(file):
                for at in range(0, min(span.length, end - offset), COPY_LENGTH):
                    data = self.files.read(PART, offset + at, min(COPY_LENGTH, span.length - at, end - offset - at))
                    if not is_zero([data]):
                        if not self._claimed:
                            self._claim()
                        self.files.write(file, span.offset + at, memoryview(data))
        self.files.look(files)

    def _write(self, first: int, places: Iterable[Place], rest: list[memoryview], *, around: bool = False) -> None:
        """Write `rest` to these places; it begins in piece `first`."""
        if self.read_only:
            raise ValueError("the store is open for reading only")
        if not self._claimed:
            self._claim()
        size = self.torrent.geometry.piece_length
        at = 0
        for file, offset, length in places:
            stretch = take(rest, length)
            if file is not None:
                aligned = not (at % ALIGNMENT or size % ALIGNMENT)
                self.files.write(file, offset, *stretch, around=around and aligned)
            elif not is_zero(stretch):
                raise StorageError(
                    Kind.CONFLICT,
                    self.root,
                    f"cannot store piece {first + at // size} of {self.torrent.name}: its padding is not zero; "
                    "the torrent is faulty, download its other files with --select",
                )
            at += length

    def _claim(self) -> None:
        """Write down that the wanted files are ours before the first of them is touched; no claim is added."""
        with self._record_lock:
            if self._claimed:
                return
            self._save(
                attrs.evolve(self.record, wanted=self._wanted, clean=False)
                if self.record is not None
                else ResumeRecord(
                    info_hash=self.torrent.info_hash,
                    verified=PieceSet(self.torrent.geometry.piece_count),
                    files=dict(self.files.known),
                    wanted=self._wanted,
                )
            )

    def _save(self, record: ResumeRecord) -> None:
        file = self._record_file
        if file is None:
            raise ValueError("the store is open for reading only")
        data = record.to_bytes()
        try:
            self._pool.with_room(lambda: file.replace(data))
        except OSError as error:
            raise StorageError.from_os(error, self._tree.path((self._names.record,)), "save") from error
        self._claimed = True
