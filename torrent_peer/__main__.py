"""`python -m torrent_peer` is `torrent-peer`; Ctrl-C leaves without a traceback even while modules are loaded."""

import atexit
import gc
import sys
from typing import Final

YOUNG: Final = 100_000
"""Allocations until the collector looks at what is new. CPython's 700 have it look 90 times while a download is
imported, a fortieth of what that takes, and nothing of it is garbage; in a command that goes on it is a few MiB."""


def main() -> None:
    """Load the command and run it; leaves the process with its exit code."""
    # The interpreter ends by collecting garbage several times, a sixth of a small download; all of it is given back
    # with the process anyway. What must be closed or flushed is closed by then: nothing here waits for a collector.
    atexit.register(gc.freeze)
    gc.set_threshold(YOUNG)
    try:
        from torrent_peer.cli.main import main as command
    except KeyboardInterrupt:
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
