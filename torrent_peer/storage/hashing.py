"""Hashing files that are to become a torrent: read once, on all cores, a megabyte at a time."""

import hashlib
import os
import threading
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from torrent_peer.storage.check import BUFFER_LENGTH, Progress, usable_cores
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.record import Fingerprint
from torrent_peer.storage.source import Source, SourceFile
from torrent_peer.storage.tree import Tree

DIGEST_LENGTH: Final = 20
"""Bytes of a SHA-1."""


def hash_pieces(
    source: Source, piece_length: int, *, threads: int | None = None, progress: Progress | None = None
) -> bytes:
    """The SHA-1 of each piece of `source`'s files laid end to end; `threads`: as many as there are cores.

    Raises StorageError, MISSING for a file that is not what it was when `source` was looked at, at any moment until
    the last piece is hashed: hashes of bytes that were never there together are of use to nobody.
    """
    tree = Tree(source.root, create=False)
    try:
        hashing = _Hashing(source, piece_length, tree, progress)
        hashing.run(usable_cores() if threads is None else threads)
        for file in source.files:
            found = _looked_at(tree, file)
            if found is None or Fingerprint.of(found) != file.fingerprint:
                raise _changed(tree, file)
        return bytes(hashing.digests)
    finally:
        tree.close()


class _Hashing:
    """One run, shared by its threads."""

    def __init__(self, source: Source, piece_length: int, tree: Tree, progress: Progress | None) -> None:
        self._source = source
        self._piece_length = piece_length
        self._tree = tree
        self._progress = progress
        self._pieces = -(-source.length // piece_length)
        self._run_length = max(1, BUFFER_LENGTH // piece_length)
        """Pieces read at once."""
        self._ends = list(accumulate(file.length for file in source.files))
        self._lock = threading.Lock()
        self._next_piece = 0
        self._done = 0
        self._error: BaseException | None = None
        self.digests = bytearray(self._pieces * DIGEST_LENGTH)
        """One after the other, as far as they are known."""

    def run(self, threads: int) -> None:
        """Hash everything; raises what went wrong first."""
        crew = [threading.Thread(target=self._work, name=f"torrent_peer hash {n}") for n in range(1, threads)]
        for thread in crew:
            thread.start()
        try:
            self._work()
            for thread in crew:
                thread.join()
        except BaseException as error:  # Ctrl-C while the others finish
            self._fail(error)
            for thread in crew:
                thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        reader = _Reader(self._tree, self._source.files, self._ends)
        try:
            with memoryview(bytearray(min(BUFFER_LENGTH, self._run_length * self._piece_length))) as buffer:
                while (run := self._take()) is not None:
                    self._hash(run, reader, buffer)
                    self._report(len(run))
        except BaseException as error:  # whatever it is belongs to the caller, not to a thread
            self._fail(error)
        finally:
            reader.close()

    def _take(self) -> range | None:
        """The next few pieces to hash."""
        with self._lock:
            if self._error is not None or self._next_piece == self._pieces:
                return None
            first = self._next_piece
            self._next_piece = min(first + self._run_length, self._pieces)
            return range(first, self._next_piece)

    def _hash(self, run: range, reader: "_Reader", buffer: memoryview) -> None:
        begin = run.start * self._piece_length
        end = min(run.stop * self._piece_length, self._ends[-1])
        if len(run) > 1:
            view = buffer[: end - begin]
            reader.fill(view, begin)
            for piece, at in zip(run, range(0, len(view), self._piece_length), strict=True):
                self._keep(piece, hashlib.sha1(view[at : at + self._piece_length]).digest())
            return
        digest = hashlib.sha1()
        for at in range(begin, end, len(buffer)):
            view = buffer[: end - at]
            reader.fill(view, at)
            digest.update(view)
        self._keep(run.start, digest.digest())

    def _keep(self, piece: int, digest: bytes) -> None:
        self.digests[piece * DIGEST_LENGTH : (piece + 1) * DIGEST_LENGTH] = digest

    def _report(self, pieces: int) -> None:
        with self._lock:
            self._done += pieces
            if self._progress is not None:
                self._progress(self._done, self._pieces)

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._error = self._error or error


class _Reader:
    """One thread's way to the bytes: it holds the file it read last, and reads on."""

    def __init__(self, tree: Tree, files: Sequence[SourceFile], ends: Sequence[int]) -> None:
        self._tree = tree
        self._files = files
        self._ends = ends
        self._number = -1
        self._fd = -1

    def fill(self, view: memoryview, at: int) -> None:
        """Fill `view` with what begins at `at` in the content; raises StorageError."""
        number = bisect_right(self._ends, at)
        while view:
            file = self._files[number]
            begin = self._ends[number] - file.length
            with view[: self._ends[number] - at] as part:
                self._read(number, file, part, at - begin)
                at += len(part)
                view = view[len(part) :]
            number += 1

    def close(self) -> None:
        """Give the descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = self._number = -1

    def _read(self, number: int, file: SourceFile, view: memoryview, offset: int) -> None:
        try:
            if number != self._number:
                self._open(number, file)
            while view:
                count = os.preadv(self._fd, [view], offset)
                if not count:
                    raise _changed(self._tree, file)
                view, offset = view[count:], offset + count
        except FileNotFoundError:
            raise _changed(self._tree, file) from None
        except OSError as error:
            raise StorageError.from_os(error, self._tree.path(file.parts), "read") from error

    def _open(self, number: int, file: SourceFile) -> None:
        self.close()
        self._fd = self._tree.open_file(file.parts, write=False)
        self._number = number
        if Fingerprint.of(os.fstat(self._fd)) != file.fingerprint:
            raise _changed(self._tree, file)


def _looked_at(tree: Tree, file: SourceFile) -> os.stat_result | None:
    try:
        return tree.stat(file.parts)
    except OSError as error:
        raise StorageError.from_os(error, tree.path(file.parts), "look at") from error


def _changed(tree: Tree, file: SourceFile) -> StorageError:
    path = tree.path(file.parts)
    return StorageError(
        Kind.MISSING, path, f"{path} changed while it was hashed; run the command again when nothing writes to it"
    )
