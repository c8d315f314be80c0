"""The file a resume record lives in: locked while its torrent is open, replaced as a whole or not at all."""

import errno
import fcntl
import os
from contextlib import suppress
from typing import Final

from torrent_peer.core.bencoding import RESUME
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.names import HiddenNames
from torrent_peer.storage.tree import Tree

_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
"""What file systems say that cannot lock (some network and FUSE ones); we go on without."""


class RecordFile:
    """The record of one torrent in one directory, held under an exclusive lock; no other process can open it so.

    The lock is on the record itself, so there is no third file to leave behind. As the record is replaced by renaming
    a new file over it, the new one is locked first, and whoever gets the lock of a file looks whether that file still
    is the record.
    """

    def __init__(self, tree: Tree, names: HiddenNames) -> None:
        """Takes the lock; an empty record is made if there is none. Raises StorageError(LOCKED), OSError."""
        self._tree = tree
        self._name = (names.record,)
        self._new = (names.new,)
        self._fd = -1
        while self._fd < 0:
            self._fd = tree.open_file(self._name, write=True, create=True)
            try:
                if not _lock(self._fd):
                    path = tree.path(self._name)
                    what = f"another process has this torrent open (it locked {path})"
                    raise StorageError(Kind.LOCKED, path, f"{what}; wait for it or end it first")
                current = self._is_current()
            except BaseException:
                os.close(self._fd)
                raise
            if not current:
                os.close(self._fd)
                self._fd = -1

    def read(self) -> bytes:
        """What the record says; empty when there is none or it is too large to be one."""
        return _read_all(self._fd)

    def replace(self, data: bytes) -> None:
        """Put `data` in the record's place; it is on disk when this returns. After OSError the old one is unharmed."""
        self._tree.unlink(self._new)
        fd = self._tree.open_file(self._new, write=True, create=True)
        try:
            _lock(fd)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(fd, rest) :]
            os.fsync(fd)
            self._tree.rename(self._new, self._name)
        except BaseException:
            os.close(fd)
            with suppress(OSError):
                self._tree.unlink(self._new)
            raise
        os.close(self._fd)
        self._fd = fd

    def remove(self) -> None:
        """Leave no record behind; the lock is held until `close`."""
        if self._is_current():
            self._tree.unlink(self._name)

    def close(self) -> None:
        """Give up the lock; an empty record, which says nothing, is removed. The second time does nothing."""
        if self._fd < 0:
            return
        with suppress(OSError):
            if not os.fstat(self._fd).st_size:
                self.remove()
        os.close(self._fd)
        self._fd = -1

    def _is_current(self) -> bool:
        now = self._tree.stat(self._name)
        return now is not None and os.path.samestat(now, os.fstat(self._fd))


def read_record(tree: Tree, names: HiddenNames) -> bytes:
    """What the record says, without a lock; empty when there is none. Raises OSError, StorageError(CONFLICT)."""
    try:
        fd = tree.open_file((names.record,), write=False)
    except FileNotFoundError:
        return b""
    try:
        return _read_all(fd)
    finally:
        os.close(fd)


def _read_all(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    if size > RESUME.size:
        return b""
    data = bytearray()
    while chunk := os.pread(fd, size + 1 - len(data), len(data)):
        data += chunk
    return bytes(data)


def _lock(fd: int) -> bool:
    """Lock the open file; whether nobody else has it. Where files cannot be locked, nobody has."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
