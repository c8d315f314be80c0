"""The transcript's file."""

from pathlib import Path

from tests.cli.fakes import PEER
from torrent_peer.cli.transcript import Transcript
from torrent_peer.session.events import MessageSeen
from torrent_peer.wire.messages import Unchoke
from torrent_peer.wire.side import Side


def test_a_full_disk_ends_the_transcript_and_is_told_once() -> None:
    told: list[str] = []
    event = MessageSeen(PEER, 0.0, Side.DIALER, True, 68, Unchoke(), ())
    with Transcript(Path("/dev/full"), told.append) as transcript:
        for _ in range(1000):
            transcript.take(event, "ab")
    assert told == ["--transcript: No space left on device; the transcript ends here, the download goes on"]
