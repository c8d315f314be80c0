"""`LastDirectory`: the directory worked in last, kept open, because the next file is often in it, too."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torrent_peer.core.values import define
from torrent_peer.storage.names import Parts


@define(eq=False)
class _Directory:
    parts: Parts
    fd: int
    users: int = 1


class LastDirectory:
    """At most one open directory; any thread may use it. It is never closed under a user.

    Whoever moves directories about while it is kept will see files appear where the old one is now; `forget` makes the
    next user look again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: _Directory | None = None

    @contextmanager
    def lent(self, parts: Parts, open_directory: Callable[[], int], *, keep: bool) -> Iterator[int]:
        """A descriptor of the directory at `parts`: the one kept, or else what `open_directory` opens.

        `keep`: for the next user, in the place of what was kept before.
        """
        with self._lock:
            found = self._last
            if found is not None and found.parts == parts:
                found.users += 1
            else:
                found = None
        if found is None:
            found = _Directory(parts, open_directory())
            if keep:
                self._replace(found)
        try:
            yield found.fd
        finally:
            self._leave(found)

    def forget(self) -> None:
        """Keep nothing; what was kept is closed when its users are done."""
        self._replace(None)

    def _replace(self, new: _Directory | None) -> None:
        with self._lock:
            old, self._last = self._last, new
            unused = old is not None and not old.users
        if old is not None and unused:
            os.close(old.fd)

    def _leave(self, directory: _Directory) -> None:
        with self._lock:
            directory.users -= 1
            last = not directory.users and directory is not self._last
        if last:
            os.close(directory.fd)
