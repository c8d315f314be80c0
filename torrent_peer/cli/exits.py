"""The exit codes, each with its meaning: scripts rely on them."""

from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """What the process returns."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    BAD_TORRENT = 3
    NOBODY = 4
    STALLED = 5
    VERIFICATION = 6
    LIMIT = 7
    DISK = 8
    OVERWRITE = 9
    FINDINGS = 10
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: Final[dict[Exit, str]] = {
    Exit.DONE: "done",
    Exit.ERROR: "any other error",
    Exit.USAGE: "wrong usage",
    Exit.BAD_TORRENT: "bad torrent, or a kind not supported",
    Exit.NOBODY: "no tracker and no peer answered",
    Exit.STALLED: "stalled with data missing (--stall-timeout)",
    Exit.VERIFICATION: "verification failed",
    Exit.LIMIT: "a stop limit was met with work left (--stop-after)",
    Exit.DISK: "disk error: full, permission, missing",
    Exit.OVERWRITE: "existing files would be overwritten (--overwrite)",
    Exit.FINDINGS: "done, but peers broke rules at or above --fail-on",
    Exit.INTERRUPTED: "Ctrl-C (state saved; a second one forces)",
    Exit.TERMINATED: "SIGTERM (state saved)",
}
"""One line for each, as `--help` prints it."""


def exit_code_help() -> str:
    """The table as an epilog; the form feed keeps click from rewrapping it."""
    lines = "\n".join(f"  {code.value:>3}  {meaning}" for code, meaning in MEANINGS.items())
    return f"\b\nExit codes:\n{lines}"
