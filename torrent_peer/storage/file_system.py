"""Flushing all of a file system in one call (`syncfs`), where there is such a call and it can be relied on."""

import errno
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

LEAST_LINUX: Final = (5, 17)
"""From 5.8 on the call says whether anything could not be written since the descriptor was opened, from here on also
whether the file system's journal could not."""
TRUSTED: Final = frozenset({"ext4", "xfs", "btrfs", "f2fs"})
"""Types that are on a disk when they say so. A file system in user space is not even asked (FUSE)."""
MOUNTS: Final = Path("/proc/self/mountinfo")


def flush_file_system(fd: int) -> bool:
    """Put on disk all that was written to the file system `fd` is on, names included.

    False, and nothing done, where that cannot be had or not be relied on. Raises OSError if something could not be
    written since `fd` was opened, be it of any file there.
    """
    if type_of(os.fstat(fd).st_dev) not in TRUSTED or (sync := native()) is None:
        return False
    sync(fd)
    return True


def type_of(device: int) -> str | None:
    """The type of the file system with this `st_dev`, if it is mounted where we can see it."""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in mounts.splitlines():
        before, _, behind = line.partition(" - ")  # a number of optional fields stands before the hyphen
        if before.split()[2:3] == [number]:
            return behind.split()[0]
    return None


@cache
def native() -> Callable[[int], None] | None:
    """`syncfs(2)`; raises OSError."""
    if not _is_recent():
        return None
    import ctypes

    try:
        call = ctypes.CDLL(None, use_errno=True).syncfs
    except (AttributeError, OSError):
        return None
    call.argtypes = (ctypes.c_int,)

    def sync(fd: int) -> None:
        while call(fd):
            error = ctypes.get_errno()
            if error != errno.EINTR:
                raise OSError(error, os.strerror(error))

    return sync


def _is_recent() -> bool:
    system = os.uname()
    numbers = system.release.split("-")[0].split(".")[:2]
    return system.sysname == "Linux" and all(map(str.isdigit, numbers)) and tuple(map(int, numbers)) >= LEAST_LINUX
