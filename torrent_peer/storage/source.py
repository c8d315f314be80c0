"""What a torrent is to be made of: the files at or below a path, in the order the torrent will have them."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from attrs import field

from torrent_peer.core.values import define, frozen
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.names import Parts
from torrent_peer.storage.record import Fingerprint
from torrent_peer.storage.tree import sort_of

SHOWN: Final = 3
"""Names of files in the way that one message lists."""


@frozen
class SourceFile:
    """One file as it was found."""

    parts: Parts
    """Its path below the source's root, the torrent's own name first."""
    fingerprint: Fingerprint
    """By which it is known again."""

    @property
    def length(self) -> int:
        """Bytes."""
        return self.fingerprint.size


@frozen
class Source:
    """The content of a torrent to be."""

    root: Path
    """The directory that holds it."""
    name: str
    """The file's or folder's own name."""
    is_file: bool
    """Whether it is one file, not a folder."""
    files: tuple[SourceFile, ...]
    """In the order of the torrent: by the bytes of the whole path, as `mktorrent` has it."""
    hidden: int = 0
    """Files and folders left out because their names begin with a dot."""
    excluded: int = 0
    """Files and folders left out because they were to be excluded."""

    @property
    def length(self) -> int:
        """Bytes of all files."""
        return sum(file.length for file in self.files)


def look_at(path: Path, *, hidden: bool = False, excluded: Callable[[str], bool] | None = None) -> Source:
    """The content `path` names: a file, or a folder with all below it. Nothing is read but directories.

    `path` itself may be a symbolic link: the torrent is called like what it leads to. One below it would not be
    followed when the torrent is seeded, so it is an error here, as are pipes, sockets and devices. Names that begin
    with a dot are left out unless `hidden`; so is what `excluded` is true for, told its path below the folder
    ("sub/a.txt"), and all below it if it is a folder. Raises StorageError (MISSING, PERMISSION, CONFLICT).
    """
    try:
        top = path.resolve(strict=True)
        found = top.lstat()
    except OSError as error:
        raise _refused(error, path) from error
    except RuntimeError:  # how `resolve` calls a circle of links before Python 3.13
        raise StorageError(Kind.CONFLICT, path, f"cannot use {path}: its links lead in a circle") from None
    if not top.name:
        raise StorageError(Kind.CONFLICT, path, f"cannot use {path}: it has no name a torrent could have")
    if stat.S_ISDIR(found.st_mode):
        walk = _Walk(top, hidden, excluded or (lambda _: False))
        walk.run()
        return Source(top.parent, top.name, False, tuple(walk.files), walk.hidden, walk.excluded)
    if not stat.S_ISREG(found.st_mode):
        what = sort_of(found.st_mode)
        raise StorageError(Kind.CONFLICT, path, f"cannot use {path}: it is {what}; name a file or a folder")
    return Source(top.parent, top.name, True, (SourceFile((top.name,), Fingerprint.of(found)),))


@define
class _Walk:
    """One walk through a folder."""

    top: Path
    take_hidden: bool
    is_excluded: Callable[[str], bool]
    files: list[SourceFile] = field(factory=list)
    hidden: int = 0
    excluded: int = 0
    in_the_way: list[str] = field(factory=list)
    """What is neither file nor folder, and what it is."""

    def run(self) -> None:
        """Find everything; raises StorageError."""
        folders: list[Parts] = [()]
        while folders:
            folders += self._look_into(folders.pop())
        if self.in_the_way:
            shown = ", ".join(sorted(self.in_the_way)[:SHOWN])
            more = f" and {len(self.in_the_way) - SHOWN} more" if len(self.in_the_way) > SHOWN else ""
            raise StorageError(
                Kind.CONFLICT,
                self.top,
                f"cannot make a torrent of {self.top}: {shown}{more}; only files and folders can be seeded: "
                "leave out what is neither with --exclude, or put a copy in its place",
            )
        self.files.sort(key=lambda file: os.fsencode("/".join(file.parts)))

    def _look_into(self, folder: Parts) -> list[Parts]:
        """Take the files in `folder`; the folders in it."""
        path = self.top.joinpath(*folder)
        folders = []
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    parts = (*folder, entry.name)
                    if self._takes(parts) and self._take(parts, entry.stat(follow_symlinks=False)):
                        folders.append(parts)
        except OSError as error:
            raise _refused(error, Path(error.filename or path)) from error
        return folders

    def _takes(self, parts: Parts) -> bool:
        if self.is_excluded("/".join(parts)):
            self.excluded += 1
            return False
        if parts[-1].startswith(".") and not self.take_hidden:
            self.hidden += 1
            return False
        return True

    def _take(self, parts: Parts, found: os.stat_result) -> bool:
        """Keep it if it is a file; whether it is a folder."""
        if stat.S_ISDIR(found.st_mode):
            return True
        if stat.S_ISREG(found.st_mode):
            self.files.append(SourceFile((self.top.name, *parts), Fingerprint.of(found)))
        else:
            self.in_the_way.append(f"{'/'.join(parts)} is {sort_of(found.st_mode)}")
        return False


def _refused(error: OSError, path: Path) -> StorageError:
    refused = StorageError.from_os(error, path, "read")
    if refused.kind is Kind.MISSING:
        return StorageError(Kind.MISSING, path, f"{path}: no such file or folder", errno=error.errno)
    return refused
