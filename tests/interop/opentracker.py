"""opentracker, a tracker nobody here wrote, on a loopback port of its own.

Debian builds it closed: it tracks only what its whitelist names (`-w`), and there is no switch to open it. As root it
changes its root to the `-d` directory and then becomes `nobody`, so the whitelist has to be inside, named relative to
it, and readable by all; as a plain user it does neither. HTTP and UDP have the same port. It gives a peer itself back.
It listens before a thread of its own has read the whitelist, and refuses everything until then.
"""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from tests.interop.programs import require, search_path
from torrent_peer.core.ids import InfoHash

START_SECONDS = 10.0


def start_opentracker(
    directory: Path, info_hashes: Sequence[InfoHash], *, host: str = "127.0.0.1"
) -> tuple[str, str, "subprocess.Popen[bytes]"]:
    """Its HTTP and UDP announce URLs and the process, for the caller to kill and wait for; it answers already.

    `directory` becomes its home. Skips the test when it is not installed.
    """
    require("opentracker")
    home = directory / "opentracker"
    home.mkdir()
    home.chmod(0o755)
    allowed = home / "allowed"
    allowed.write_text("".join(f"{info_hash.hex()}\n" for info_hash in info_hashes))
    allowed.chmod(0o644)
    port = _free_port(host)
    argv = ["opentracker", "-i", host, "-p", str(port), "-P", str(port), "-d", ".", "-w", "allowed"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            argv, cwd=home, env={**os.environ, "PATH": search_path()}, stdout=log, stderr=subprocess.STDOUT
        )
    _wait_for(process, f"http://{host}:{port}/announce", info_hashes[0], home / "log")
    return f"http://{host}:{port}/announce", f"udp://{host}:{port}/announce", process


def _free_port(host: str) -> int:
    """Free for TCP and UDP when looked at; opentracker cannot be asked to choose."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((host, 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind((host, port))
            except OSError:
                continue
            return port


def _wait_for(process: "subprocess.Popen[bytes]", url: str, info_hash: InfoHash, log: Path) -> None:
    """Returns once it admits the torrent, which it does not ask itself about a `stopped`; leaves no peer behind."""
    query = f"info_hash={quote(info_hash, safe='')}&peer_id={'x' * 20}&port=1&left=1&event="
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    answer = b"nothing"
    while b"interval" not in answer:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise AssertionError(f"opentracker did not start; it answers {answer!r} and says {log.read_text()!r}")
        try:
            with opener.open(f"{url}?{query}started", timeout=1) as page:
                answer = page.read()
        except OSError:
            time.sleep(0.01)
    with opener.open(f"{url}?{query}stopped", timeout=1) as page:
        page.read()
