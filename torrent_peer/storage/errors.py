"""`StorageError`: what a disk refused, as a kind a program can act on and a line a person can act on."""

import errno
import os
from enum import Enum
from pathlib import Path
from typing import Final


class Kind(Enum):
    """What sort of trouble it is."""

    FULL = "full"
    """No space, quota used up, or a file larger than the file system or a limit allows."""
    PERMISSION = "permission"
    """We may not do this here."""
    READ_ONLY = "read-only"
    """The file system is mounted read-only."""
    MISSING = "missing"
    """A file is gone, shorter than it was, or another one took its place."""
    CONFLICT = "conflict"
    """Something else is where a file or a directory should be, or the name may not be used at all."""
    EXISTS = "exists"
    """A file that is no part of this download would be written over."""
    LOCKED = "locked"
    """Another process has this torrent open."""
    IO = "io"
    """Anything else, a failing disk above all."""


class StorageError(Exception):
    """A storage operation failed; `str()` is one line: what, where, what to do. State on disk is kept."""

    def __init__(self, kind: Kind, path: Path, message: str, *, errno: int | None = None) -> None:
        super().__init__(printable(message))
        self.kind = kind
        """What sort of trouble it is."""
        self.path = path
        """Where."""
        self.errno = errno
        """The operating system's number for it, if it was the one that refused."""

    @classmethod
    def from_os(cls, error: OSError, path: Path, doing: str) -> "StorageError":
        """What `error` means when it came up while `doing` something ("write", "open", …) to `path`."""
        kind = _KINDS.get(error.errno or 0, Kind.IO)
        said = os.strerror(error.errno) if error.errno else str(error)
        advice = _ADVICE_BY_ERRNO.get(error.errno or 0, _ADVICE[kind])
        return cls(kind, path, f"cannot {doing} {path}: {said}; {advice}", errno=error.errno)


def printable(text: str) -> str:
    """`text` on one line: what cannot be printed is shown as Python would escape it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


_KINDS: Final = {
    errno.ENOSPC: Kind.FULL,
    errno.EDQUOT: Kind.FULL,
    errno.EFBIG: Kind.FULL,
    errno.EACCES: Kind.PERMISSION,
    errno.EPERM: Kind.PERMISSION,
    errno.EROFS: Kind.READ_ONLY,
    errno.ENOENT: Kind.MISSING,
    errno.ESTALE: Kind.MISSING,
    errno.ELOOP: Kind.CONFLICT,
    errno.ENOTDIR: Kind.CONFLICT,
    errno.EISDIR: Kind.CONFLICT,
    errno.EEXIST: Kind.CONFLICT,
    errno.ENXIO: Kind.CONFLICT,
}
_ADVICE: Final = {
    Kind.FULL: "make room and run the same command again, what is verified is kept",
    Kind.PERMISSION: "change its permissions or choose another directory",
    Kind.READ_ONLY: "choose another directory",
    Kind.MISSING: "run the same command again to check what is left",
    Kind.CONFLICT: "move what is there out of the way or choose another directory",
    Kind.IO: "check the disk and run the same command again, what is verified is kept",
}
_ADVICE_BY_ERRNO: Final = {
    errno.EFBIG: "the file system or a limit (ulimit -f) allows no larger file, choose another directory",
    errno.EMFILE: "raise the limit (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.ENAMETOOLONG: "the file system allows no name this long, choose another directory",
}
