"""Other people's programs: started in the test's network, watched, and stopped for sure."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from attrs import define

from tests.interop.network import Network

POLL_INTERVAL = 0.05  # seconds
LOG_TAIL = 6000  # characters of a program's log that a failure shows


def require(program: str) -> None:
    """Skip the test when `program` is not installed, or fail it where CI says that nothing may be missing."""
    if shutil.which(program, path=search_path()) is None:
        missing = f"{program} is not installed; scripts/install_clients installs it"
        if os.environ.get("TORRENT_PEER_REQUIRE_CLIENTS"):
            pytest.fail(missing)
        pytest.skip(missing)


class ProgramFailed(AssertionError):
    """A program ended, or did not get as far as it should in time; carries the tail of its log."""


@define
class Program:
    """One running program and its process group; everything it prints goes to `log`."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @classmethod
    def start(
        cls,
        network: Network,
        name: str,
        argv: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str] | None = None,
    ) -> "Program":
        """Start `argv` in `network`; `directory` becomes its working directory and its HOME."""
        log = directory / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                network.command(argv),
                cwd=directory,
                env={**clean_environment(directory), **(environment or {})},
                stdin=subprocess.PIPE,  # open and silent: some clients take an end of input as "quit"
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(name=name, process=process, log=log)

    def wait_until(self, condition: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Poll `condition`; raise ProgramFailed when the program ends first or `seconds` have passed."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise self.failure(f"ended with status {self.process.returncode} before it {what}")
            if time.monotonic() > deadline:
                raise self.failure(f"had not {what} after {seconds:g} s")
            time.sleep(POLL_INTERVAL)

    def wait(self, *, seconds: float) -> int:
        """Wait for its end and return its exit status; raise ProgramFailed after `seconds`."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise self.failure(f"had not ended after {seconds:g} s") from None

    def interrupt(self) -> None:
        """Send it what Ctrl-C sends; to itself, not to what put it into the network."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(children[0]) if children else self.process.pid, signal.SIGINT)

    def output(self) -> str:
        """All that it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def failure(self, what: str) -> ProgramFailed:
        """An error that says `what`, with the end of the log below it."""
        return ProgramFailed(f"{self.name} {what}\n--- end of its log ---\n{self.output()[-LOG_TAIL:]}")

    def stop(self) -> None:
        """Kill the whole process group; it has nothing to save. Harmless when it has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.wait()


def clean_environment(home: Path) -> dict[str, str]:
    """The environment without proxies and without the user's own configuration."""
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, "PATH": search_path(), "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "TERM": "dumb"}


def search_path() -> str:
    """PATH, and where Debian keeps `ip` and opentracker from plain users."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
