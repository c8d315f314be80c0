"""Who serves what is downloaded: one seed in C that costs next to nothing, our own, or some of libtorrent's."""

import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from bench.content import NAME, Content
from bench.native import compiler, program
from bench.network import HOSTS
from bench.processes import BenchError, Helper, cpu_of, running
from bench.tracker import Address
from bench.units import BENCH, KIB

NATIVE: Final = "C seed"
OURS: Final = "torrent_peer"
LIBTORRENT: Final = "libtorrent"
POLL: Final = 0.002
"""Seconds between two looks for our seed's first byte."""


class Seeder(Protocol):
    """One or more seeds in one process."""

    addresses: Sequence[Address]

    def mark(self) -> None:
        """The next transfer is about to begin."""

    def first(self) -> float:
        """When its first request came, or its first payload byte left; monotonic seconds."""

    def cpu(self) -> float:
        """Seconds of user and system time so far."""


def cheapest() -> str:
    """The seed that takes least from the downloaders: the C one, where there is a compiler."""
    return LIBTORRENT if compiler() is None else NATIVE


@contextlib.contextmanager
def open_seeder(kind: str, content: Content, directory: Path, *, count: int = 1) -> Iterator[Seeder]:
    """`count` seeds of one kind for as long as the block runs; only libtorrent's may be many."""
    if kind == LIBTORRENT:
        hosts = HOSTS[:count]
        argv = [sys.executable, str(BENCH / "libtorrent_role.py"), "seed", str(content.torrent), str(content.root)]
        with running([*argv, *hosts], directory=directory, ready=r"ports ([\d ]+)\n") as helper:
            ports = map(int, helper.found[1].split())
            yield _Telling(helper, list(zip(hosts, ports, strict=True)))
    elif kind == OURS:
        with open_our_seed(content, directory) as seed:
            yield seed
    else:
        if content.files > 1:
            raise BenchError("the C seed serves torrents of one file")
        argv = [str(program("seeder")), HOSTS[0], str(content.root / NAME), str(content.piece_length)]
        with running([*argv, content.info_hash.hex()], directory=directory, ready=r"port (\d+)\n") as helper:
            yield _Telling(helper, [(HOSTS[0], int(helper.found[1]))], marks=False)


@contextlib.contextmanager
def open_our_seed(content: Content, directory: Path, *more: str) -> Iterator["OurSeed"]:
    """`torrent-peer seed`, which hashes everything before it serves."""
    argv = [sys.executable, "-m", "torrent_peer", "seed", str(content.torrent), str(content.root), "-v"]
    argv += ["--listen", f"{HOSTS[0]}:0", "--bind", HOSTS[0], "--no-trackers", "--progress", "none", *more]
    with running(argv, directory=directory, ready=r"accepting peers on port (\d+)") as helper:
        port = int(helper.found[1])
        helper.expect("complete after")
        yield OurSeed(helper, [(HOSTS[0], port)])


class _Telling:
    """A seeder that says when it was first asked."""

    def __init__(self, helper: Helper, addresses: Sequence[Address], *, marks: bool = True) -> None:
        self.addresses = addresses
        self._helper = helper
        self._marks = marks

    def mark(self) -> None:
        self._helper.drain()
        if self._marks:
            self._helper.say("mark")
            self._helper.expect("marked\n")

    def first(self) -> float:
        return float(self._helper.expect(r"first ([\d.]+)\n", seconds=5)[1])

    def cpu(self) -> float:
        return cpu_of(self._helper.pid)


class OurSeed:
    """Ours says nothing of single requests; the kernel counts what it has read, which is its content alone."""

    def __init__(self, helper: Helper, addresses: Sequence[Address]) -> None:
        self.addresses = addresses
        self.pid = helper.pid
        self._first: float | None = None
        self._watch: threading.Thread | None = None

    def mark(self) -> None:
        base = self._read()
        self._first = None
        self._watch = threading.Thread(target=self._look, args=(base, time.monotonic() + 60), daemon=True)
        self._watch.start()

    def first(self) -> float:
        assert self._watch is not None
        self._watch.join()
        if self._first is None:
            raise BenchError("our seed was asked for nothing")
        return self._first

    def cpu(self) -> float:
        return cpu_of(self.pid)

    def _look(self, base: int, until: float) -> None:
        with contextlib.suppress(OSError):
            while (now := time.monotonic()) < until:
                if self._read() - base >= 16 * KIB:
                    self._first = now
                    return
                time.sleep(POLL)

    def _read(self) -> int:
        found = re.search(r"rchar: (\d+)", Path(f"/proc/{self.pid}/io").read_text())
        assert found is not None
        return int(found[1])
