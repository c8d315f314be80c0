"""The data files of one torrent as they are on disk: opened, made, recognised again, flushed.

It does not know pieces.
"""

import errno
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final, TypeVar

from torrent_peer.storage.around import Around, Ways
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.flushers import flush_each
from torrent_peer.storage.names import Parts
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.record import Fingerprint
from torrent_peer.storage.reserve import reserve
from torrent_peer.storage.scatter import MOST_BUFFERS, read_all, take, write_all
from torrent_peer.storage.tree import Tree

NOT_WAITING: Final[int | None] = getattr(os, "RWF_NOWAIT", None)
"""The flag with which `preadv` gives what is in the page cache and fetches nothing; Linux alone has it."""

MANY: Final = 256
"""Files from which on their file system is flushed as a whole. That writes what others left there, too; but for 10,000
files of 64 KiB on ext4 it takes 0.3 s and no CPU time of ours instead of 1.1 s of both."""
NOWHERE: Final = (-1, -1)

T = TypeVar("T")


class DataFiles:
    """Numbered files below a tree. A file is made when it is first written, with its full length, which reads as zeros.

    Once seen, a file must stay the same one: when it is deleted, replaced or cut behind our back, using it raises
    StorageError(MISSING) instead of quietly starting a new one among pieces already counted as verified.
    All methods may be called from any thread.
    """

    def __init__(
        self, tree: Tree, pool: FilePool, parts: Mapping[int, Parts], lengths: Mapping[int, int], *, overwrite: bool
    ) -> None:
        """`lengths`: the bytes of each file; a file without an entry has no fixed length."""
        self._tree = tree
        self._pool = pool
        self._parts = parts
        self._lengths = lengths
        self._overwrite = overwrite
        self._lock = threading.Lock()
        self._around = Around()
        self._ways = Ways()
        self._known: dict[int, Fingerprint] = {}
        self._identities: dict[int, tuple[int, int]] = {}
        """Device and inode of those that were seen."""
        self._whole: set[int] = set()
        """Files that had their full length when we last looked."""
        self._touched: set[int] = set()
        """Files written since the last `sync`."""
        self._unflushed: set[int] = set()
        """Files that may be only in memory though we did not write them: a killed process may have."""
        self._doubtful: set[int] = set()
        """Files of which a flush failed, or that are not the ones we wrote; nothing about them is claimed any more."""
        self._new: set[Parts] = set()
        """Directories with names that a power cut could take."""

    @property
    def known(self) -> Mapping[int, Fingerprint]:
        """The files there are, as they were when last looked at or, if we wrote them, at the last `sync`."""
        return dict(self._known)

    def extents(self, files: Iterable[int]) -> Mapping[int, tuple[int, int]]:
        """Bytes and allocated bytes of those of `files` that exist at this moment. Raises StorageError."""
        with self._looking():
            found = [(file, self._stat(file)) for file in files]
        return {file: (stat.st_size, stat.st_blocks * 512) for file, stat in found if stat is not None}

    def look(self, files: Iterable[int]) -> None:
        """Note which of `files` exist and what they look like. Raises StorageError."""
        with self._looking():
            for file in files:
                found = self._stat(file)
                if found is not None:
                    self._remember(file, found)

    def expect_flush(self, files: Iterable[int]) -> None:
        """Let the next `sync` flush these, too: their content was only read, and may be in memory alone."""
        with self._lock:
            self._unflushed.update(files)

    def write(self, file: int, offset: int, *data: memoryview, around: bool = False) -> None:
        """Write all of `data`, one after the other; raises StorageError, some of it may be written then.

        `around`: not by way of the page cache, if that is possible; each begins at an address as a `PieceBuffer` does.
        """
        rest = list(data)
        if around and file in self._whole and self._around.suits(offset, rest):
            written = self._write_around(file, offset, rest)
            take(rest, written)
            if not rest:
                return
            offset += written
        try:
            with self._ways.taken(file, around=False), self._lease(file, write=True) as fd:
                try:
                    write_all(fd, rest, offset)
                finally:
                    with self._lock:
                        self._touched.add(file)
        except OSError as error:
            raise self._error(error, file, "write") from error

    def read(self, file: int, offset: int, length: int) -> bytes:
        """Exactly `length` bytes; raises StorageError, MISSING if the file ends before."""
        try:
            with self._lease(file, write=False) as fd:
                data = os.pread(fd, length, offset)
        except OSError as error:
            raise self._error(error, file, "read") from error
        if len(data) < length:
            rest = bytearray(length - len(data))
            self.read_into(file, offset + len(data), [memoryview(rest)])
            data += rest
        return data

    def read_into(self, file: int, offset: int, buffers: Sequence[memoryview]) -> None:
        """Fill the buffers one after the other; raises StorageError, MISSING if the file ends before."""
        try:
            with self._lease(file, write=False) as fd:
                if not read_all(fd, buffers, offset):
                    raise self._missing(file, "is shorter than it should be")
        except OSError as error:
            raise self._error(error, file, "read") from error

    def read_cached(self, file: int, offset: int, buffers: Sequence[memoryview]) -> bool:
        """Fill the buffers if that needs no disk: the file is open, and its bytes are in the page cache.

        If not, False, whatever the buffers hold then; `read_into` gets the bytes, or says why not.
        """
        if len(buffers) > MOST_BUFFERS or NOT_WAITING is None:
            return False
        flags = NOT_WAITING
        try:
            count = self._pool.peek((id(self), file), lambda fd: os.preadv(fd, buffers, offset, flags))
        except OSError:  # not in memory, or a file system that cannot tell
            return False
        return count == sum(map(len, buffers))

    def make(self, file: int) -> None:
        """Create the file if it is absent; give it its length. Raises StorageError."""
        try:
            with self._lease(file, write=True):
                pass
        except OSError as error:
            raise self._error(error, file, "create") from error
        with self._lock:
            self._touched.add(file)

    def data_ranges(self, file: int) -> list[tuple[int, int]]:
        """Where data is: (start, end) in order, the rest reads as zeros. Raises StorageError.

        A file system that knows no holes says that all is data.
        """
        try:
            with self._lease(file, write=False) as fd:
                return _data_ranges(fd)
        except OSError as error:
            raise self._error(error, file, "read") from error

    def sync(self, *, aside: bool = False) -> None:
        """Flush what was written since the last time, new names included, and look at these files again.

        `aside`: without haste, while others write.
        A file that is gone or another is no longer `known`. Raises StorageError; what could not be flushed is tried
        again next time, but is not `known` again either: the kernel forgets such pages after saying so once.
        """
        with self._lock:
            touched, self._touched = self._touched, set()
            todo = touched | self._unflushed
            self._unflushed = set()
            directories, self._new = self._new, set()
        done: set[int] = set()

        def flush(file: int) -> None:
            self._flush(file)
            done.add(file)

        try:
            done |= self._flush_together(todo)
            with self._looking():
                flush_each(flush, sorted(todo - done), aside=aside)
            for parts in sorted(directories):
                self._call(partial(self._tree.sync_directory, parts), parts)
        except BaseException:
            with self._lock:
                self._touched |= touched
                self._unflushed |= todo - touched - done
                self._new |= directories
            raise
        with self._looking():
            for file in sorted(touched - self._doubtful):
                found = self._stat_if_ours(file)
                if found is None:
                    self._doubt(file)
                else:
                    self._known[file] = Fingerprint.of(found)

    def confirm(self, files: Iterable[int]) -> None:
        """Raise StorageError(MISSING) unless these are there, ours and of their length; cut them if that is allowed."""
        with self._looking():
            for file in files:
                found = self._stat_if_ours(file)
                if found is not None and found.st_size > self._lengths[file] and self._overwrite:
                    self.make(file)
                    found = self._stat(file)
                if found is None or found.st_size != self._lengths[file]:
                    raise self._missing(file, "is gone or not what was written")

    def remove(self, file: int) -> None:
        """Delete the file. Raises StorageError."""
        self._pool.drop((id(self), file))
        self._pool.drop((id(self), (file, "around")))
        self._call(partial(self._tree.unlink, self._parts[file]), self._parts[file])
        with self._lock:
            for memory in (self._known, self._identities):
                memory.pop(file, None)
            for group in (self._touched, self._unflushed, self._whole, self._doubtful):
                group.discard(file)

    def close(self) -> None:
        """Give the descriptors back."""
        self._pool.discard(id(self))

    def _write_around(self, file: int, offset: int, data: Sequence[memoryview]) -> int:
        """How much of `data` went around the page cache; what hindered the rest, `write` will find out."""
        key = (id(self), (file, "around"))
        open_file = partial(self._around.open, partial(self._open, file, write=True, stay=True))
        try:
            with self._ways.taken(file, around=True), self._pool.lease(key, open_file, writable=True) as fd:
                try:
                    return self._around.write(fd, offset, data)
                finally:
                    with self._lock:
                        self._touched.add(file)
        except OSError:
            self._around.given_up = True
            return 0

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Many files are about to be looked at, as they are now: directories are found anew."""
        self._tree.forget()
        try:
            yield
        finally:
            self._tree.forget()

    def _lease(self, file: int, *, write: bool, stay: bool = False) -> AbstractContextManager[int]:
        open_file = partial(self._open, file, write=write, stay=stay or write)
        return self._pool.lease((id(self), file), open_file, writable=write)

    def _open(self, file: int, *, write: bool, stay: bool) -> int:
        """Called by the pool, for one file by one thread at a time, so that none is made twice."""
        parts = self._parts[file]
        seen = file in self._identities
        try:
            fd = self._tree.open_file(parts, write=write, create=write and not seen, stay=stay)
        except FileNotFoundError as error:
            if seen:
                self._doubt(file)
            raise self._missing(file, "has disappeared" if seen else "is not there") from error
        try:
            found = os.fstat(fd)
            if not self._is_same(file, found):
                self._doubt(file)
                raise self._missing(file, "was replaced or cut by another program")
            self._identities[file] = _identity(found)
            if write:
                if not seen:
                    with self._lock:
                        self._new.update(parts[:depth] for depth in range(len(parts)))
                self._give_length(fd, file, found.st_size)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _give_length(self, fd: int, file: int, size: int) -> None:
        length = self._lengths.get(file)
        if length is None:
            return
        if size > length and not self._overwrite:
            raise too_long(self._tree, self._parts[file], size, length)
        if size > length or (size < length and not reserve(fd, length)):
            os.ftruncate(fd, length)
        self._whole.add(file)

    def _flush(self, file: int) -> None:
        try:
            with self._lease(file, write=False, stay=True) as fd:
                os.fdatasync(fd)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                self._doubt(file)
            raise self._error(error, file, "flush") from error
        except StorageError:  # it is gone, or another: the others can be claimed all the same
            self._doubt(file)

    def _flush_together(self, files: Collection[int]) -> set[int]:
        """Flush many files with all their file system; which of them that was."""
        here = self._tree.device
        found = {file for file in files if self._identities.get(file, NOWHERE)[0] == here}
        if len(found) < MANY:
            return set()
        try:
            return found if self._tree.flush_file_system() else set()
        except OSError:  # of some file there; of which of ours, if any, each will say
            return set()

    def _doubt(self, file: int) -> None:
        with self._lock:
            self._doubtful.add(file)
            self._known.pop(file, None)

    def _stat(self, file: int) -> os.stat_result | None:
        return self._call(partial(self._tree.stat, self._parts[file], stay=True), self._parts[file])

    def _stat_if_ours(self, file: int) -> os.stat_result | None:
        """What the file looks like if it is still the one we know."""
        try:
            found = self._stat(file)
        except StorageError:
            return None
        return found if found is not None and self._is_same(file, found) else None

    def _remember(self, file: int, found: os.stat_result) -> None:
        self._known[file] = Fingerprint.of(found)
        self._identities[file] = _identity(found)
        if found.st_size == self._lengths.get(file):
            self._whole.add(file)

    def _is_same(self, file: int, found: os.stat_result) -> bool:
        if self._identities.get(file, _identity(found)) != _identity(found):
            return False
        return file not in self._whole or found.st_size >= self._lengths[file]

    def _call(self, call: Callable[[], T], parts: Parts) -> T:
        try:
            return self._pool.with_room(call)
        except OSError as error:
            raise StorageError.from_os(error, self._tree.path(parts), "use") from error

    def _error(self, error: OSError, file: int, doing: str) -> StorageError:
        return StorageError.from_os(error, self._tree.path(self._parts[file]), doing)

    def _missing(self, file: int, what: str) -> StorageError:
        path = self._tree.path(self._parts[file])
        return StorageError(Kind.MISSING, path, f"{path} {what}; run the same command again to check what is left")


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def too_long(tree: Tree, parts: Parts, size: int, length: int) -> StorageError:
    """The error for a file that has more bytes than the torrent's."""
    path = tree.path(parts)
    what = f"{path} already exists and has {size} bytes, {size - length} more than in the torrent"
    return StorageError(Kind.EXISTS, path, f"{what}; move it away, or overwrite it with --overwrite")


def _data_ranges(fd: int) -> list[tuple[int, int]]:
    found = []
    end = 0
    try:
        while True:
            start = os.lseek(fd, end, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
            found.append((start, end))
    except OSError as error:
        if error.errno == errno.ENXIO:  # no data behind `end`
            return found
        if error.errno == errno.EINVAL:  # knows no holes
            return [(0, os.fstat(fd).st_size)]
        raise
