"""Having a file system set room aside for a file that is about to be written, in whatever order."""

import errno
import os
from functools import cache
from typing import Final, Protocol

RESERVED_FROM: Final = 4 * 1024 * 1024
"""Bytes: for smaller files it is not worth the call."""
CANNOT: Final = frozenset({errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV})


class Fallocate(Protocol):
    """`fallocate(2)`; raises OSError."""

    def __call__(self, fd: int, length: int) -> None: ...


def reserve(fd: int, length: int) -> bool:
    """Give the file this length and its blocks at once; False, and nothing done, where that cannot be had cheaply.

    Pieces then lie in few large extents however they come, a full disk is known at the start, and writing costs a
    third less. What is not written yet reads as zeros, and is a hole to `SEEK_DATA`. Raises OSError, ENOSPC when there
    is no room; the file is what it was then.
    """
    if length < RESERVED_FROM or (fallocate := native()) is None:
        return False
    before = os.fstat(fd)
    try:
        fallocate(fd, 1)  # whether it can; else whether there is room would not matter
        room = os.fstatvfs(fd)
        # To find out by filling the disk would be felt by everybody who writes to it.
        if length - before.st_blocks * 512 > room.f_bavail * room.f_frsize:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fallocate(fd, length)
    except OSError as error:
        os.ftruncate(fd, before.st_size)
        if error.errno in CANNOT:
            return False
        raise
    return True


@cache
def native() -> Fallocate | None:
    """Linux's own, if there is one; `os.posix_fallocate` writes all the zeros where the file system cannot do it."""
    import ctypes

    try:
        call = ctypes.CDLL(None, use_errno=True).fallocate64
    except (AttributeError, OSError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

    def fallocate(fd: int, length: int) -> None:
        while call(fd, 0, 0, length):
            error = ctypes.get_errno()
            if error != errno.EINTR:
                raise OSError(error, os.strerror(error))

    return fallocate
