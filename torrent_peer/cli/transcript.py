"""`--transcript`: every message of every connection as one JSON line; `ndjson.SCHEMA` documents the keys."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from torrent_peer.cli import ndjson
from torrent_peer.cli.escape import to_json
from torrent_peer.cli.output import open_for_writing
from torrent_peer.session.events import MessageSeen


class Transcript:
    """The file; a context manager. A full disk ends the transcript, not the download."""

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self._file = open_for_writing(path, "--transcript")
        self._complain = complain
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as problem:
            self._give_up(problem)

    def take(self, event: MessageSeen, torrent: str) -> None:
        """Write one message."""
        if self._broken:
            return
        line = to_json(ndjson.as_event(event, at=time.time(), torrent=torrent))
        try:
            self._file.write(line + "\n")
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            self._complain(f"--transcript: {error.strerror}; the transcript ends here, the download goes on")
