"""Programs while they are measured: when they were done, what they cost, and that they are gone afterwards."""

import contextlib
import os
import re
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from bench.units import ROOT

LOG_TAIL: Final = 3000
"""Bytes of a program's output that a failure shows."""
MOST_KEPT: Final = 256 * 1024
"""Bytes of what a program beside the measured one has said and nobody has asked for."""
POLL: Final = 0.05
"""Seconds between two looks at its memory."""
QUICK_POLL: Final = 0.005
"""Seconds between two looks for a file, or for what was written."""


class BenchError(Exception):
    """A measurement that cannot be had, or must not count; its text says why."""


@frozen(kw_only=True)
class Command:
    """A program to be measured."""

    argv: Sequence[str]
    done: str | None = None
    """A regular expression for the line it prints when all is verified; None: it says so by ending."""
    done_file: Path | None = None
    """Or a file that is there from then on; for a program that prints late."""
    done_written: int | None = None
    """Or so many bytes that it has written to files (and to its log), as the kernel counts them."""
    ends: bool = True
    """Whether it then ends by itself; else it is stopped, and its time is the time until it was done."""
    environment: Mapping[str, str] = {}
    seconds: float = 600.0
    """It has failed after so long."""


@frozen(kw_only=True)
class Cost:
    """What one run took."""

    began: float
    """Monotonic seconds."""
    done: float
    """When all was verified; monotonic seconds."""
    wall: float
    """Seconds from its start to its end, or until it was done when it does not end."""
    cpu: float
    """Seconds, user and system, of the process and of the children it waited for."""
    rss: int
    """Peak, in bytes; of the process alone."""
    output: str
    samples: Sequence[tuple[float, float]]
    """Its CPU seconds as they grew: monotonic seconds, CPU seconds."""

    def cpu_since(self, moment: float) -> float:
        """CPU seconds from then, or a moment earlier, until it was done."""
        before = max((cpu for at, cpu in self.samples if at <= moment), default=0.0)
        until = min((cpu for at, cpu in self.samples if at >= self.done), default=self.cpu)
        return until - before


def measured(command: Command, *, directory: Path) -> Cost:
    """Run it in `directory`; raises BenchError when it fails or takes too long. Nothing of it is left running."""
    began = time.monotonic()
    process = start(command.argv, directory=directory, environment=command.environment)
    pidfd = os.pidfd_open(process.pid)
    assert process.stdout is not None
    output = bytearray()
    pattern = re.compile(command.done.encode()) if command.done is not None else None
    done: float | None = None
    rss, reading = 0, True
    pause = POLL if command.done_file is None and command.done_written is None else QUICK_POLL
    samples: list[tuple[float, float]] = []
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(pidfd, selectors.EVENT_READ, "end")
            selector.register(process.stdout, selectors.EVENT_READ, "output")
            os.set_blocking(process.stdout.fileno(), False)
            ended: float | None = None
            while ended is None:
                ready = {key.data for key, _ in selector.select(pause)}
                now = time.monotonic()
                rss = max(rss, _peak(process.pid))
                samples.append((now, cpu_of(process.pid)))
                if "output" in ready and reading:
                    if data := process.stdout.read():
                        output += data
                    elif data is not None:  # closed before the end
                        selector.unregister(process.stdout)
                        reading = False
                if done is None and (
                    (pattern is not None and pattern.search(output) is not None)
                    or (command.done_file is not None and command.done_file.exists())
                    or (command.done_written is not None and _written(process.pid) >= command.done_written)
                ):
                    done = now
                    if not command.ends:
                        ended = now
                        process.kill()
                if "end" in ready:
                    ended = now
                elif now - began > command.seconds:
                    raise BenchError(f"{command.argv[0]} was not done after {command.seconds:g} s{tail(output)}")
            if reading and command.ends:
                output += process.stdout.read() or b""
                if pattern is not None and done is None and pattern.search(output) is not None:
                    done = ended
        status, usage = _reaped(process.pid, until=time.monotonic() + 20)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        os.close(pidfd)
        stop(process)
    if command.ends and process.returncode != 0:
        raise BenchError(f"{command.argv[0]} ended with status {process.returncode}{tail(output)}")
    if done is None and (command.done, command.done_file, command.done_written) != (None, None, None):
        raise BenchError(f"{command.argv[0]} ended and was not done{tail(output)}")
    return Cost(
        began=began,
        done=ended if done is None else done,
        wall=ended - began,
        cpu=usage.ru_utime + usage.ru_stime,
        rss=rss,
        output=output.decode(errors="replace"),
        samples=samples,
    )


def start(
    argv: Sequence[str], *, directory: Path, environment: Mapping[str, str], talk: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a program in a process group of its own, its output in a pipe; `talk`: its input, too."""
    return subprocess.Popen(
        list(argv),
        cwd=directory,
        env={**plain_environment(directory), **environment},
        stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Kill its whole group. Harmless when it has ended."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


@contextlib.contextmanager
def running(argv: Sequence[str], *, directory: Path, ready: str, seconds: float = 60.0) -> Iterator["Helper"]:
    """A program that runs beside what is measured, once it has printed a line that matches `ready`."""
    process = start(argv, directory=directory, environment={}, talk=True)
    helper = Helper(process)
    try:
        helper.expect(ready, seconds=seconds)
        yield helper
    finally:
        stop(process)


class Helper:
    """A program that runs beside what is measured; a thread reads what it says, so that it never has to wait."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._output = bytearray()
        self._ended = False
        self._changed = threading.Condition()
        self.found: re.Match[bytes]
        """What the last expected line was."""
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def expect(self, pattern: str, *, seconds: float = 60.0) -> "re.Match[bytes]":
        """Wait for output that matches, after what was matched before; raises BenchError."""
        until = time.monotonic() + seconds
        with self._changed:
            while (found := re.search(pattern.encode(), bytes(self._output))) is None:
                if self._ended:
                    raise BenchError(f"{self._process.args!r} ended{tail(self._output)}")
                if not self._changed.wait(until - time.monotonic()):
                    raise BenchError(f"{self._process.args!r} never said {pattern!r}{tail(self._output)}")
            del self._output[: found.end()]
        self.found = found
        return found

    def drain(self) -> None:
        """Forget what it has said so far."""
        with self._changed:
            self._output.clear()

    def say(self, word: str) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):  # closed by `stop`
            while data := os.read(self._process.stdout.fileno(), 65536):
                with self._changed:
                    self._output += data
                    del self._output[:-MOST_KEPT]
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def cpu_of(pid: int) -> float:
    """Seconds of user and system time of a running process so far, its ended threads included."""
    return time.clock_gettime((~pid << 3) | 2)  # what clock_getcpuclockid(3) would answer


def plain_environment(home: Path) -> dict[str, str]:
    """The environment without proxies and the user's own configuration; torrent_peer is the one beside the bench.

    Nobody writes bytecode: it would count as written. The bench has compiled what there is.
    """
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    own["PYTHONDONTWRITEBYTECODE"] = "1"
    return {**kept, "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin", **own}


def tail(output: bytes | bytearray) -> str:
    """The end of what a program printed, for an error."""
    said = bytes(output[-LOG_TAIL:]).decode(errors="replace").strip()
    return f"\n--- it said ---\n{said}" if said else ""


def _peak(pid: int) -> int:
    """Bytes; not ru_maxrss, which begins with the memory of whoever forked it."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _written(pid: int) -> int:
    """Bytes a process has written to files, pipes and terminals; what it sends by sockets is not among them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/io").read_text().splitlines():
            if line.startswith("wchar:"):
                return int(line.split()[1])
    return 0


def _reaped(pid: int, *, until: float) -> tuple[int, Any]:
    """The exit status and the resource usage of exactly this process."""
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return status, usage
        if time.monotonic() > until:
            raise BenchError(f"process {pid} does not end")
        time.sleep(0.002)
