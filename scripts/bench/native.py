"""The C programs of the bench, compiled when there is a compiler; without one the rows that need them say so."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from bench.processes import BenchError
from bench.units import BENCH

FLAGS = ("-O2", "-march=native", "-pthread")


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


def remove_programs() -> None:
    """Leave nothing behind."""
    if _directory.cache_info().currsize:
        shutil.rmtree(_directory(), ignore_errors=True)


@cache
def _directory() -> Path:
    return Path(mkdtemp(prefix="torrent_peer-bench-native-"))
