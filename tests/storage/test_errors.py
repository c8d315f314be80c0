import errno
from pathlib import Path

import pytest

from torrent_peer.storage.errors import Kind, StorageError


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (
            errno.ENOSPC,
            Kind.FULL,
            "cannot write /d/f: No space left on device; make room and run the same command again, "
            "what is verified is kept",
        ),
        (
            errno.EDQUOT,
            Kind.FULL,
            "cannot write /d/f: Disk quota exceeded; make room and run the same command again, "
            "what is verified is kept",
        ),
        (
            errno.EFBIG,
            Kind.FULL,
            "cannot write /d/f: File too large; the file system or a limit (ulimit -f) allows no larger file, "
            "choose another directory",
        ),
        (
            errno.EACCES,
            Kind.PERMISSION,
            "cannot write /d/f: Permission denied; change its permissions or choose another directory",
        ),
        (errno.EROFS, Kind.READ_ONLY, "cannot write /d/f: Read-only file system; choose another directory"),
        (
            errno.ENOENT,
            Kind.MISSING,
            "cannot write /d/f: No such file or directory; run the same command again to check what is left",
        ),
        (
            errno.EISDIR,
            Kind.CONFLICT,
            "cannot write /d/f: Is a directory; move what is there out of the way or choose another directory",
        ),
        (
            errno.EIO,
            Kind.IO,
            "cannot write /d/f: Input/output error; check the disk and run the same command again, "
            "what is verified is kept",
        ),
        (errno.EMFILE, Kind.IO, "cannot write /d/f: Too many open files; raise the limit (ulimit -n)"),
        (
            errno.ENAMETOOLONG,
            Kind.IO,
            "cannot write /d/f: File name too long; the file system allows no name this long, choose another directory",
        ),
    ],
)
def test_what_the_system_says_becomes_one_line_of_advice(number: int, kind: Kind, message: str) -> None:
    error = StorageError.from_os(OSError(number, "x"), Path("/d/f"), "write")
    assert (error.kind, str(error), error.path, error.errno) == (kind, message, Path("/d/f"), number)


def test_an_error_without_a_number_says_what_it_has() -> None:
    error = StorageError.from_os(OSError("odd"), Path("/f"), "read")
    assert error.kind is Kind.IO
    assert str(error).startswith("cannot read /f: odd; ")


def test_a_name_cannot_break_the_line_or_drive_the_terminal() -> None:
    error = StorageError(Kind.IO, Path("x"), "a\nb\x1b[2J\udce9")
    assert str(error) == "a\\nb\\x1b[2J\\udce9"
