"""Download one torrent with one call."""

from collections.abc import Callable
from pathlib import Path

from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.events import Event
from torrent_peer.session.options import Ending, SessionOptions, TorrentOptions
from torrent_peer.session.session import open_session


class DownloadError(Exception):
    """The download ended without everything that was wanted; what is verified stays on disk."""

    def __init__(self, ending: Ending, detail: str) -> None:
        super().__init__(detail)
        self.ending = ending
        """How it ended."""


async def download(
    torrent: Torrent,
    directory: Path,
    *,
    options: TorrentOptions | None = None,
    session: SessionOptions | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> None:
    """Fetch what is wanted of `torrent` into `directory`, verify it, and return when done (and seeded as asked for).

    Resumes what is there. Raises DownloadError (`.ending` says how it ended), ListenError when no port can be had.
    Cancelling saves what is verified and says goodbye to the trackers.
    """
    async with open_session(session) as running:
        run = running.add(torrent, directory, options, on_event)
        ending = await run.finished()
    if ending is not Ending.COMPLETE:
        raise DownloadError(ending, run.ending_detail)
