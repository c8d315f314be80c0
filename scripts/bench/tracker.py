"""The plainest tracker: whoever asks is told the same peers, at once. A thread of the bench, idle while bytes flow."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from bench.content import bencoded
from bench.network import HOSTS

Address = tuple[str, int]


class Tracker:
    """Where it is, and what it says."""

    def __init__(self, url: str) -> None:
        self.url = url
        """Its announce URL."""
        self.peers: Sequence[Address] = ()
        """What it tells from now on."""
        self.only: bytes | None = None
        """The one info-hash it knows peers of; None: every one."""
        self.delay = 0.0
        """Seconds it takes to answer for that one."""


@contextlib.contextmanager
def open_tracker() -> Iterator[Tracker]:
    """A tracker for as long as the block runs."""

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query, encoding="latin-1").get("info_hash", [""])[0].encode("latin-1")
            if tracker.only is not None and asked == tracker.only:
                time.sleep(tracker.delay)
            peers = tracker.peers if tracker.only in (None, asked) else ()
            compact = b"".join(socket.inet_aton(host) + port.to_bytes(2, "big") for host, port in peers)
            body = bencoded({"interval": 1800, "complete": len(peers), "incomplete": 0, "peers": compact})
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # killed while it asked
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer((HOSTS[-1], 0), Desk) as server:
        tracker = Tracker(f"http://{HOSTS[-1]}:{server.server_port}/announce")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield tracker
        finally:
            server.shutdown()
            thread.join()
