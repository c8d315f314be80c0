"""What `-v` says of each event."""

from typing import get_args

import pytest

from tests.cli.fakes import PEER, farewell, finding
from tests.cli.test_ndjson import CASES
from torrent_peer.cli.narrate import narrate
from torrent_peer.session.events import (
    Event,
    FindingNoted,
    PeerBanned,
    PeerClosed,
    PeerConnected,
    PieceFailed,
    Resumed,
    TrackerAnswered,
)
from torrent_peer.session.farewell import Cause
from torrent_peer.session.reasons import Likely
from torrent_peer.wire.severity import Severity


@pytest.mark.parametrize(
    ("event", "level", "line"),
    [
        (Resumed(1, "resume record"), 0, "found 1 verified piece on disk: resume record"),
        (Resumed(0, "nothing"), 1, "found 0 verified pieces on disk: nothing"),
        (PeerConnected(PEER, True, "x 1"), 1, "192.0.2.7:6881 answers: x 1"),
        (PeerConnected(PEER, False, ""), 1, "192.0.2.7:6881 called: unnamed client"),
        (
            PeerClosed(farewell(likely=(Likely("no room", 0.4, ""),), client="x 1")),
            1,
            "192.0.2.7:6881 (x 1): closed: closed in order; probably no room",
        ),
        (
            PeerClosed(farewell(Cause.DIAL_FAILED, "connection refused")),
            2,
            "192.0.2.7:6881: dial failed: connection refused",
        ),
        (
            FindingNoted(PEER, "x", finding(Severity.VIOLATION)),
            1,
            f"192.0.2.7:6881 (x): violation: {finding()}",
        ),
        (FindingNoted(PEER, "x", finding(Severity.REDUNDANT)), 2, f"192.0.2.7:6881 (x): redundant: {finding()}"),
        (PieceFailed(3, (PEER,)), 0, "piece 3 is wrong and fetched again; from 192.0.2.7:6881"),
        (PeerBanned(PEER, "lied"), 0, "192.0.2.7:6881 is banned: lied"),
        (TrackerAnswered("http://t", 1, None, None, None), 1, "tracker http://t: 1 peer"),
        (TrackerAnswered("http://t", 2, None, None, "old"), 0, "tracker http://t: 2 peers; it warns: old"),
    ],
)
def test_an_event_in_words(event: Event, level: int, line: str) -> None:
    assert narrate(event) == (level, line)


def test_every_event_is_known() -> None:
    silent = {type(event).__name__ for event, *_ in CASES if narrate(event) is None}
    assert silent == {"CheckProgress", "PieceVerified", "MessageSeen"}
    assert len(CASES) == len(get_args(Event))
