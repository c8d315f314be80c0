"""Lines to stderr that never wait for their reader: a peer goes on serving when nobody reads what it says."""

import select
import sys
from typing import Final

from torrent_peer.core.values import define

LONGEST: Final = 4096
"""Bytes that a pipe takes at once when it says it takes any: a page, Linux's PIPE_BUF."""


@define
class Notes:
    """Writes what stderr takes at once, and says how many lines it did not take as soon as it takes some again."""

    dropped: int = 0
    """Lines lost since the last one that was written."""

    def write(self, line: str) -> None:
        """One line, escaped already; cut where a pipe might make us wait for the rest."""
        if not _takes_some():
            self.dropped += 1
            return
        if self.dropped:
            lost, self.dropped = self.dropped, 0
            line = f"torrent-peer: nobody read: {lost} lines are left out here\n{line}"
        print(_cut(line), file=sys.stderr, flush=True)


def _cut(line: str) -> str:
    data = line.encode(errors="backslashreplace")
    return line if len(data) < LONGEST else data[: LONGEST - 4].decode(errors="ignore") + "..."


def _takes_some() -> bool:
    """Whether a write would not wait; what cannot be asked never waits."""
    try:
        poll = select.poll()
        poll.register(sys.stderr.fileno(), select.POLLOUT)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True
