"""Hashing what is on disk: on all cores at once, holes and missing files at no cost."""

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.record import PART
from torrent_peer.storage.reserve import RESERVED_FROM
from torrent_peer.storage.store import Store

MOST_THREADS: Final = 16
"""Each has a megabyte of buffer, and waits for the interpreter's lock between two of them."""
BUFFER_LENGTH: Final = 1024 * 1024
"""Bytes read at a time and thread; from 256 KiB to 4 MiB the speed is the same."""

Progress = Callable[[int, int], None]
"""Told how many pieces are checked, and of how many; from any of the threads, but never from two at once."""


def usable_cores() -> int:
    """Cores this process may use, so the threads that hash at once; the lock is free while they do."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_THREADS)


def check_pieces(
    store: Store,
    pieces: PieceSet,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> PieceSet:
    """Those of `pieces` that are right on disk; when `cancelled` says so, those found until then.

    `threads`: as many as there are cores.
    A piece that cannot be read because a file is absent or short, or a sector bad, is not right. Raises StorageError
    for what would fail for every piece: permission, something else in a file's place, no descriptors.
    """
    check = _Check(store, pieces, progress, cancelled)
    check.run(usable_cores() if threads is None else threads)
    if not store.read_only:
        # it may be in memory only: who wrote it may have been killed before it was flushed
        store.files.expect_flush(_files_with(store, check.good))
    return check.good


class _Check:
    """One check on its way, shared by its threads."""

    def __init__(
        self, store: Store, pieces: PieceSet, progress: Progress | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self.good = PieceSet(pieces.size)
        self._store = store
        self._progress = progress
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._total = len(pieces)
        there, holes = _sort(store, pieces)
        for piece in holes:
            if _zero_digest(store.torrent.geometry.piece_size(piece)) == store.torrent.piece_hash(piece):
                self.good.add(piece)
        self._checked = self._total - len(there)
        self._todo: Iterator[int] = iter(there)
        self._ahead = next(self._todo, None)
        """The first piece not given to a thread."""
        self._run_length = max(1, BUFFER_LENGTH // store.torrent.geometry.piece_length)
        """Pieces read at once."""
        self._error: BaseException | None = None

    def run(self, threads: int) -> None:
        if self._progress is not None:
            self._progress(self._checked, self._total)
        helpers = [threading.Thread(target=self._work, name=f"torrent_peer check {n}") for n in range(1, threads)]
        for helper in helpers:
            helper.start()
        self._work()
        for helper in helpers:
            helper.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            length = min(BUFFER_LENGTH, self._run_length * self._store.torrent.geometry.piece_length)
            with memoryview(bytearray(length)) as view:
                while (run := self._next()) is not None:
                    self._report(run, self._good_of(run, view))
        except BaseException as error:  # whatever it is belongs to the caller, not to a thread
            with self._lock:
                self._error = self._error or error

    def _next(self) -> range | None:
        """The next few consecutive pieces to hash."""
        with self._lock:
            if self._error is not None or (self._cancelled is not None and self._cancelled()):
                return None
            if self._ahead is None:
                return None
            first = self._ahead
            end = first + 1
            while (piece := next(self._todo, None)) == end and end - first < self._run_length:
                end += 1
            self._ahead = piece
            return range(first, end)

    def _good_of(self, run: range, buffer: memoryview) -> list[int]:
        if len(run) == 1:
            return [piece for piece in run if self._is_good(piece, buffer)]
        geometry, expected = self._store.torrent.geometry, self._store.torrent.piece_hash
        length = (len(run) - 1) * geometry.piece_length + geometry.piece_size(run[-1])
        try:
            self._store.read_pieces(run, buffer[:length])
        except StorageError:  # which of them is it?
            return [piece for piece in run if self._is_good(piece, buffer)]
        good = []
        for at, piece in zip(range(0, length, geometry.piece_length), run, strict=True):
            end = min(at + geometry.piece_length, length)
            if hashlib.sha1(buffer[at:end]).digest() == expected(piece):
                good.append(piece)
        return good

    def _is_good(self, piece: int, buffer: memoryview) -> bool:
        try:
            return self._store.piece_digest(piece, buffer) == self._store.torrent.piece_hash(piece)
        except StorageError as error:
            if error.kind is Kind.MISSING or error.errno == errno.EIO:
                return False
            raise

    def _report(self, run: range, good: list[int]) -> None:
        with self._lock:
            for piece in good:
                self.good.add(piece)
            self._checked += len(run)
            if self._progress is not None:
                self._progress(self._checked, self._total)


def _sort(store: Store, pieces: PieceSet) -> tuple[PieceSet, PieceSet]:
    """Those of `pieces` that have data on disk, and those that are all zeros there; the rest is not there."""
    layout, places = store.layout, store.places
    extents = store.files.extents([*places.in_place(), PART])
    whole = pieces & places.stored()
    whole -= places.of_missing(extents)
    with_data = places.parted()
    for file, (size, allocated) in extents.items():
        if file == PART:
            continue
        for piece in layout.pieces_of(file, size):
            whole.discard(piece)
        has_holes = allocated < min(size, layout.files[file].length) or size >= RESERVED_FROM
        for start, end in _data_ranges(store, file, size) if has_holes else [(0, size)]:
            for piece in layout.pieces_of(file, start, end):
                with_data.add(piece)
    return whole & with_data, whole - with_data


def _data_ranges(store: Store, file: int, size: int) -> list[tuple[int, int]]:
    """Where data is; everywhere, if the file has gone away: whoever reads it will say so."""
    try:
        return store.files.data_ranges(file)
    except StorageError:
        return [(0, size)]


def _files_with(store: Store, good: PieceSet) -> Iterator[int]:
    """The files that have bytes in any of the pieces."""
    for file in store.places.in_place():
        if any(piece in good for piece in store.layout.pieces_of(file)):
            yield file
    if good.has_any_of(store.places.parted()):
        yield PART


@cache
def _zero_digest(length: int) -> bytes:
    """SHA-1 of so many zeros, made without holding them."""
    zeros = bytes(min(length, BUFFER_LENGTH))
    digest = hashlib.sha1()
    for at in range(0, length, BUFFER_LENGTH):
        digest.update(zeros[: length - at])
    return digest.digest()
