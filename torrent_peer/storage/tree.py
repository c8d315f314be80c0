"""Opening what lies below one directory, component by component, without ever following a symbolic link."""

import errno
import os
import stat
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Final

from torrent_peer.storage.directories import Directories
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.file_system import flush_file_system
from torrent_peer.storage.names import Parts

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Not blocking: a FIFO planted where a file should be must not hang us before we see what it is."""


class Tree:
    """The output directory, held open. The directory itself may be a link the user chose; nothing below may be.

    Paths are tuples of components that `safe_parts` has passed. Operations raise OSError as the system gives it, and
    StorageError(CONFLICT) when something is in the way. A descriptor is used, never the path again: a directory that
    is renamed while we work stays ours.
    """

    def __init__(self, root: Path, *, create: bool) -> None:
        """Raises StorageError when the directory cannot be opened (or made, if `create`)."""
        self.root = root
        self._directories = Directories()
        try:
            if create:
                root.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageError.from_os(error, root, "use the directory") from error
        self.device = os.fstat(self._fd).st_dev
        """What the directory itself is on; a file system may be mounted below."""

    def path(self, parts: Parts) -> Path:
        """For people to read."""
        return self.root.joinpath(*parts)

    def open_file(self, parts: Parts, *, write: bool, create: bool = False, stay: bool = False) -> int:
        """A descriptor of the regular file at `parts`; with `create` it and its directories are made if absent.

        `stay`: keep its directory open for the next file, until `forget`.
        """
        try:
            return self._open_file(parts, write=write, create=create, stay=stay)
        except FileNotFoundError:
            self.forget()  # a directory that was kept may be gone
        return self._open_file(parts, write=write, create=create, stay=stay)

    def stat(self, parts: Parts, *, stay: bool = False) -> os.stat_result | None:
        """What lies at `parts`; `None` when there is nothing. Raises StorageError(CONFLICT) unless a regular file.

        `stay`: as for `open_file`; a directory that was missed is not looked for again either.
        """
        if stay and self._directories.is_absent(parts):
            return None
        try:
            with self._parent(parts, create=False, stay=stay) as parent:
                return self._stat_in(parent, parts)
        except FileNotFoundError:
            return None

    def rename(self, old: Parts, new: Parts) -> None:
        """Put the file at `old` in the place of `new`, both directly in the root; on disk when this returns."""
        os.rename(old[-1], new[-1], src_dir_fd=self._fd, dst_dir_fd=self._fd)
        os.fsync(self._fd)

    def unlink(self, parts: Parts) -> None:
        """Remove the file at `parts`; nothing happens when there is none."""
        with suppress(FileNotFoundError), self._parent(parts, create=False) as parent:
            os.unlink(parts[-1], dir_fd=parent)

    def sync_directory(self, parts: Parts) -> None:
        """Make the names in the directory at `parts` survive a power cut; `()` is the root."""
        with self._parent((*parts, ""), create=False) as directory:
            os.fsync(directory)

    def flush_file_system(self) -> bool:
        """Flush all that was ever written where the directory is, see there."""
        return flush_file_system(self._fd)

    def forget(self) -> None:
        """Find every directory anew from here on."""
        self._directories.forget()

    def close(self) -> None:
        """Give the descriptors back; the second time does nothing."""
        self.forget()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def conflict(self, parts: Parts, what: str) -> StorageError:
        """The error for something in the way of `parts`."""
        path = self.path(parts)
        advice = "move it out of the way or choose another directory"
        return StorageError(Kind.CONFLICT, path, f"cannot use {path}: {what}; {advice}")

    def _stat_in(self, parent: int, parts: Parts) -> os.stat_result | None:
        try:
            found = os.stat(parts[-1], dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise self.conflict(parts, f"it is {sort_of(found.st_mode)}")
        return found

    def _open_file(self, parts: Parts, *, write: bool, create: bool, stay: bool) -> int:
        flags = _FILE | (os.O_RDWR if write else os.O_RDONLY)
        with self._parent(parts, create=create, stay=stay) as parent:
            if create:
                with suppress(FileExistsError):
                    return os.open(parts[-1], flags | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=parent)
            self._stat_in(parent, parts)  # says what is wrong with it before it is opened
            fd = os.open(parts[-1], flags, dir_fd=parent)
        if not stat.S_ISREG(os.fstat(fd).st_mode):  # swapped since we looked
            os.close(fd)
            raise self.conflict(parts, "it is not a regular file")
        return fd

    def _parent(self, parts: Parts, *, create: bool, stay: bool = False) -> AbstractContextManager[int]:
        """The directory that holds the last of `parts`, open for the length of the block."""
        if self._fd < 0:
            raise ValueError("the tree is closed")
        above = parts[:-1]
        if not above:
            return nullcontext(self._fd)
        return self._directories.lent(above, partial(self._walk, above, create), keep=stay)

    def _walk(self, parts: Parts, create: bool) -> int:
        """Open the directory at `parts`, which are not none."""
        fd = self._fd
        try:
            for depth, name in enumerate(parts, start=1):
                deeper = self._step(fd, parts[:depth], name, create=create)
                if fd != self._fd:
                    os.close(fd)
                fd = deeper
        except BaseException:
            if fd != self._fd:
                os.close(fd)
            raise
        return fd

    def _step(self, fd: int, parts: Parts, name: str, *, create: bool) -> int:
        made = self._directories.made
        try:
            try:
                return os.open(name, _DIRECTORY, dir_fd=fd)
            except FileNotFoundError:
                if not create:
                    self._directories.missed(parts, made=made)
                    raise
            with suppress(FileExistsError):  # made just now by somebody else
                os.mkdir(name, dir_fd=fd)
            self._directories.has_made()
            return os.open(name, _DIRECTORY, dir_fd=fd)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENOTDIR):
                raise
            mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
            what = sort_of(mode) if stat.S_ISLNK(mode) else f"{sort_of(mode)} instead of a directory"
            raise self.conflict(parts, f"it is {what}") from error


def sort_of(mode: int) -> str:
    """What `st_mode` says a thing is, in words: "a directory"."""
    for is_one, words in _SORTS:
        if is_one(mode):
            return words
    return "a device"


_SORTS: Final = (
    (stat.S_ISLNK, "a symbolic link, which is never followed"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISREG, "a file"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)
