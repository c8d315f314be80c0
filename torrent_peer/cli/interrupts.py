"""Ctrl-C and SIGTERM: the exit code each stands for, and leaving by force."""

import os
import signal
import sys
import threading
from typing import Final

from torrent_peer.cli.exits import Exit

CODES: Final = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}
SHOW_CURSOR: Final = "\x1b[?25h"


def force_exit_after(seconds: float, code: Exit) -> None:
    """End the process whatever it is doing, unless it ends by itself before.

    What is on disk is true at any moment: that is what the resume record is built for.
    """

    def leave() -> None:
        if sys.stderr.isatty():
            os.write(2, SHOW_CURSOR.encode())
        os._exit(code)

    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()
