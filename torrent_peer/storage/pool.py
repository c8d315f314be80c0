"""`FilePool`: a bounded number of open files, shared by all torrents of a process."""

import errno
import resource
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from os import close
from typing import Final, Self, TypeVar

from torrent_peer.core.values import define

MOST_OPEN: Final = 128
"""Descriptors held at most by default. libtorrent's file_pool_size is 40; more only helps torrents of tiny files."""
LEAST_OPEN: Final = 4
SHARE_OF_LIMIT: Final = 4
"""One descriptor in this many may be a data file; the others are left to peers, trackers and the rest."""
PATIENCE: Final = 5.0
"""Seconds to wait for a descriptor in use when the system gives no more and nothing idle is left to close; a lease
lasts as long as one read, write or flush."""

OPENING: Final = -1
"""In place of a descriptor while the file is being opened."""

T = TypeVar("T")
Key = tuple[object, Hashable]
"""Whose file (compared by equality, so best an identity) and which one."""


def default_limit() -> int:
    """How many files to hold open under this process's limit on descriptors (`ulimit -n`)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_OPEN
    return max(LEAST_OPEN, min(MOST_OPEN, soft // SHARE_OF_LIMIT))


@define(eq=False)
class _Open:
    """A descriptor and who is using it."""

    writable: bool
    fd: int = OPENING
    users: int = 0
    retired: bool = False
    """No longer found by its key; closed as soon as nobody uses it."""


class FilePool:
    """Open descriptors, the least recently used closed first; any thread may use it.

    A descriptor is never closed under a user. Files are opened and closed side by side, for in a torrent of small ones
    that is most of the work; only who wants a file that another thread is opening waits for it. A thread holds one
    lease at a time, or two threads could wait for each other when the system has no descriptor left.
    """

    def __init__(self, limit: int | None = None) -> None:
        """`limit`: descriptors held open; passed only while more than that many are in use at one moment."""
        self.limit = default_limit() if limit is None else limit
        self.patience = PATIENCE
        """Seconds to wait for a descriptor in use."""
        self._open: OrderedDict[Key, _Open] = OrderedDict()
        self._in_use = 0
        """Leases there are, those among them whose file is being opened."""
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def lease(self, key: Key, open_file: Callable[[], int], *, writable: bool) -> Iterator[int]:
        """A descriptor for `key`, opened with `open_file` if there is none (or none that can be written)."""
        entry = self._take(key, open_file, writable)
        try:
            yield entry.fd
        finally:
            with self._changed:
                entry.users -= 1
                self._in_use -= 1
                last = entry.retired and not entry.users
                self._changed.notify_all()
            if last:
                close(entry.fd)

    def peek(self, key: Key, use: Callable[[int], T]) -> T | None:
        """What `use` makes of the descriptor for `key` if it is open and nobody has to be waited for; else `None`.

        `use` must be quick: others wait meanwhile.
        """
        if not self._changed.acquire(blocking=False):
            return None
        try:
            entry = self._open.get(key)
            if entry is None or entry.fd == OPENING:
                return None
            self._open.move_to_end(key)
            return use(entry.fd)
        finally:
            self._changed.release()

    def with_room(self, call: Callable[[], T]) -> T:
        """What `call` returns; when it fails for want of descriptors, idle ones are closed and it is tried again."""
        return self._with_room(call, own_leases=0)

    def drop(self, key: Key) -> None:
        """Close one file, when its users are done if it has any."""
        with self._changed:
            if key in self._open:
                self._close(key)

    def discard(self, owner: object) -> None:
        """Close the files of `owner`, those in use when their users are done."""
        with self._changed:
            for key in [key for key in self._open if key[0] == owner]:
                self._close(key)

    def close(self) -> None:
        """Close every file, those in use when their users are done."""
        with self._changed:
            for key in list(self._open):
                self._close(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _take(self, key: Key, open_file: Callable[[], int], writable: bool) -> _Open:
        surplus: list[int] = []
        with self._changed:
            while (entry := self._open.get(key)) is not None and entry.fd == OPENING:
                self._changed.wait()
            if entry is not None and writable and not entry.writable:
                surplus += self._retire(key)
                entry = None
            if known := entry is not None:
                self._open.move_to_end(key)
            else:
                while len(self._open) >= self.limit and (idle := self._find_idle()) is not None:
                    surplus += self._retire(idle)
                entry = self._open[key] = _Open(writable)
            assert entry is not None
            entry.users += 1
            self._in_use += 1
        for fd in surplus:
            close(fd)
        if not known:
            self._fill(key, entry, open_file)
        return entry

    def _fill(self, key: Key, entry: _Open, open_file: Callable[[], int]) -> None:
        """Open the file of an entry that others may be waiting for."""
        try:
            fd = self._with_room(open_file, own_leases=1)
        except BaseException:
            with self._changed:
                if not entry.retired:
                    del self._open[key]
                self._in_use -= 1
                self._changed.notify_all()
            raise
        with self._changed:
            entry.fd = fd
            self._changed.notify_all()

    def _with_room(self, call: Callable[[], T], *, own_leases: int) -> T:
        while True:
            try:
                return call()
            except OSError as error:
                with self._changed:
                    if not self._made_room(error, own_leases):
                        raise

    def _made_room(self, error: OSError, own_leases: int) -> bool:
        """Whether it is worth trying again what failed with `error`."""
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            return False
        idle = self._find_idle()
        if idle is None:
            return self._in_use > own_leases and self._changed.wait(self.patience)
        self._close(idle)
        return True

    def _find_idle(self) -> Key | None:
        """The file that has been idle longest."""
        return next((key for key, entry in self._open.items() if not entry.users), None)

    def _close(self, key: Key) -> None:
        for fd in self._retire(key):
            close(fd)

    def _retire(self, key: Key) -> list[int]:
        """Forget the file; returns the descriptor to close, if nobody uses it."""
        entry = self._open.pop(key)
        entry.retired = True
        return [] if entry.users else [entry.fd]
