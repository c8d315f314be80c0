"""What is remembered of directories while many files are worked on: some kept open, and the last that was missed."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from torrent_peer.core.values import define
from torrent_peer.storage.names import Parts

MOST_KEPT: Final = 8
"""One for each disk thread, and some: what a thread writes in one go is mostly in one directory."""


@define(eq=False)
class _Directory:
    parts: Parts
    fd: int
    users: int = 1
    kept: bool = False


class Directories:
    """The directories worked in last, open for the next file; any thread may use them, none is closed under a user.

    Whoever moves directories about while they are kept will see files appear where the old ones are now; `forget` makes
    the next user look again.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Parts, _Directory] = OrderedDict()
        self._absent: Parts | None = None
        self.made = 0
        """How many directories we have made."""

    @contextmanager
    def lent(self, parts: Parts, open_directory: Callable[[], int], *, keep: bool) -> Iterator[int]:
        """A descriptor of the directory at `parts`: the one kept, or else what `open_directory` opens.

        `keep`: for the next users; the one that was not used for longest makes room.
        """
        with self._lock:
            found = self._kept.get(parts)
            if found is not None:
                found.users += 1
                self._kept.move_to_end(parts)
        if found is None:
            found = _Directory(parts, open_directory())
            if keep:
                self._keep(found)
        try:
            yield found.fd
        finally:
            with self._lock:
                found.users -= 1
                last = not (found.users or found.kept)
            if last:
                os.close(found.fd)

    def is_absent(self, parts: Parts) -> bool:
        """Whether something at `parts` cannot be there, because a directory above it was missed since `forget`."""
        absent = self._absent
        return absent is not None and parts[: len(absent)] == absent

    def missed(self, parts: Parts, *, made: int) -> None:
        """There is no directory at `parts`, or was none when `made` was this."""
        with self._lock:
            if made == self.made:
                self._absent = parts

    def has_made(self) -> None:
        """We have made a directory."""
        with self._lock:
            self.made += 1
            self._absent = None

    def forget(self) -> None:
        """Keep nothing and believe nothing; what was kept is closed when its users are done."""
        with self._lock:
            self._absent = None
            unused = [found for each in list(self._kept) for found in self._drop(each)]
        _close(unused)

    def _keep(self, new: _Directory) -> None:
        with self._lock:
            unused = self._drop(new.parts)  # another thread has opened it meanwhile
            while len(self._kept) >= self._most:
                unused += self._drop(next(iter(self._kept)))
            self._kept[new.parts] = new
            new.kept = True
        _close(unused)

    def _drop(self, parts: Parts) -> list[_Directory]:
        """Keep this one no longer; it is returned if it is to be closed."""
        found = self._kept.pop(parts, None)
        if found is None:
            return []
        found.kept = False
        return [] if found.users else [found]


def _close(directories: list[_Directory]) -> None:
    for directory in directories:
        os.close(directory.fd)
