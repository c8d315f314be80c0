"""`--transcript`: every message of every connection as one JSON line; `ndjson.SCHEMA` documents the keys."""

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from torrent_peer.cli import ndjson
from torrent_peer.cli.escape import to_json
from torrent_peer.cli.output import open_for_writing
from torrent_peer.session.events import BlocksSeen, MessageSeen
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH, REQUEST_LENGTH

BUFFER: Final = 64 * 1024
"""Bytes that are written at once: what `kill -9` can cost."""


class Transcript:
    """The file; a context manager. A full disk ends the transcript, not the download."""

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        self._file = open_for_writing(path, "--transcript", buffer=BUFFER)
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

    def take(self, event: MessageSeen | BlocksSeen, torrent: str) -> None:
        """Write one message, or several: a line each."""
        if self._broken:
            return
        now = time.time()
        if isinstance(event, BlocksSeen):
            lines = _lines(event, torrent, now)
        else:
            lines = to_json(ndjson.as_event(event, at=now, torrent=torrent)) + "\n"
        try:
            self._file.write(lines)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            self._complain(f"--transcript: {error.strerror}; the transcript ends here, the download goes on")


def _lines(event: BlocksSeen, torrent: str, now: float) -> str:
    """The same lines for blocks, which come by the hundred thousand, put together by hand."""
    whence = f'"direction": "{"sent" if event.ours else "received"}", "sender": "{event.sender.value}"'
    head = (
        f'{{"event": "message", "time": {round(now, 3)}, "torrent": "{torrent}", "peer": "{event.address}", '
        f'"at": {round(event.at, 6)}, {whence}, "offset": '
    )
    kind, offset, lines = event.kind, event.offset, []
    for piece, begin, length in event.blocks:
        lines.append(f'{head}{offset}, "message": "{kind} {piece} [{begin}:{begin + length}]"}}\n')
        offset += REQUEST_LENGTH if kind == "request" else PIECE_HEADER_LENGTH + length
    return "".join(lines)
