"""transmission-daemon told what to do by its RPC, for what its command line cannot do."""

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench.network import HOSTS
from bench.processes import BenchError, start, stop

PORT: Final = 9091
POLL: Final = 0.01
"""Seconds between two questions."""
STOPPED: Final = 0


class Daemon:
    """A daemon that answers."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._session = ""

    def ask(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # as its protocol has it
        """The arguments of its answer; raises OSError while it does not answer, BenchError when it refuses."""
        request = urllib.request.Request(
            f"http://{HOSTS[0]}:{PORT}/transmission/rpc",
            json.dumps({"method": method, "arguments": arguments}).encode(),
            {"X-Transmission-Session-Id": self._session},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            self._session = error.headers["X-Transmission-Session-Id"]
            return self.ask(method, **arguments)
        if answer["result"] != "success":
            raise BenchError(f"transmission refuses {method}: {answer['result']}")
        found: dict[str, Any] = answer["arguments"]
        return found

    def verify(self, torrent: Path, folder: Path) -> float:
        """Seconds it takes to hash everything, as it tells when it is asked."""
        added = self.ask("torrent-add", **{"filename": str(torrent), "download-dir": str(folder), "paused": True})
        number = added["torrent-added"]["id"]
        self._until_stopped(number)
        begun = time.monotonic()
        self.ask("torrent-verify", ids=[number])
        self._until_stopped(number)
        seconds = time.monotonic() - begun
        (known,) = self.ask("torrent-get", ids=[number], fields=["leftUntilDone"])["torrents"]
        self.ask("torrent-remove", ids=[number])
        if known["leftUntilDone"]:
            raise BenchError("transmission finds it incomplete")
        return seconds

    def _until_stopped(self, number: int) -> None:
        while True:
            (known,) = self.ask("torrent-get", ids=[number], fields=["status"])["torrents"]
            if known["status"] == STOPPED:
                return
            time.sleep(POLL)


@contextlib.contextmanager
def open_daemon(directory: Path) -> Iterator[Daemon]:
    """A daemon for as long as the block runs, in the bench's namespace."""
    config = directory / "transmission"
    config.mkdir(exist_ok=True)
    settings = {
        "dht-enabled": False,
        "lpd-enabled": False,
        "port-forwarding-enabled": False,
        "rpc-bind-address": HOSTS[0],
        "rpc-host-whitelist-enabled": False,
        "rpc-port": PORT,
        "rpc-whitelist-enabled": False,
        "utp-enabled": False,
    }
    (config / "settings.json").write_text(json.dumps(settings))
    argv = ["transmission-daemon", "--foreground", "--log-error", "--config-dir", str(config)]
    process = start(argv, directory=directory, environment={})
    daemon = Daemon(process.pid)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                daemon.ask("session-get")
                break
            except OSError:
                if time.monotonic() > until:
                    raise BenchError("transmission-daemon does not answer") from None
                time.sleep(0.05)
        yield daemon
    finally:
        stop(process)
