"""The C programs of the bench, compiled when there is a compiler; without one the rows that need them say so."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bench.processes import BenchError, running
from bench.units import BENCH, GIB, MIB

FLAGS: Final = ("-O2", "-march=native", "-pthread")
LEFT_FREE: Final = GIB
"""Bytes of free memory that are not touched."""


@cache
def compiler() -> str | None:
    """The C compiler there is."""
    return next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name)) is not None), None)


@cache
def program(name: str) -> Path:
    """The program made of `native/NAME.c`; raises BenchError."""
    source = BENCH / "native" / f"{name}.c"
    if (cc := compiler()) is None:
        raise BenchError("there is no C compiler (on Debian: apt-get install gcc libc6-dev)")
    made = _directory() / name
    done = subprocess.run([cc, *FLAGS, "-o", made, source, "-ldl"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{source.name} does not compile: {done.stderr.strip()}")
    return made


@contextlib.contextmanager
def holding_memory(length: int | None) -> Iterator[None]:
    """Keep the machine's free memory from being handed back to its host while the block runs; see hold_memory.c.

    `length`: bytes; 0: nearly all that is free; None: leave memory alone.
    """
    if length is None:
        yield
        return
    free = length or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES") - LEFT_FREE
    argv = [str(program("hold_memory")), str(max(free // MIB, 1))]
    with running(argv, directory=_directory(), ready="held\n", seconds=300):
        yield


@cache
def _directory() -> Path:
    return Path(mkdtemp(prefix="torrent_peer-bench-native-"))
