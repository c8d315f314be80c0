"""What `-v` says of each event."""

from typing import get_args

import pytest

from tests.cli.fakes import PEER, farewell, finding
from tests.cli.test_ndjson import CASES
from torrent_peer import __version__
from torrent_peer.cli.narrate import last_messages, narrate, worth_a_word
from torrent_peer.session.events import (
    BlocksSeen,
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
from torrent_peer.wire.side import Side


@pytest.mark.parametrize(
    ("event", "level", "line"),
    [
        (Resumed(1, "resume record"), 0, "found 1 verified piece on disk: resume record"),
        (Resumed(0, "nothing"), 1, "found 0 verified pieces on disk: nothing"),
        (PeerConnected(PEER, True, "x 1"), 1, "192.0.2.7:6881 answers: x 1"),
        (PeerConnected(PEER, False, ""), 1, "192.0.2.7:6881 called: unnamed client"),
        (
            PeerClosed(farewell(likely=(Likely("no room", 0.4, "seen"), Likely("a ban", 0.1, "")), client="x 1")),
            1,
            "192.0.2.7:6881 (x 1): closed without a word after 0.0 s; perhaps no room (40%: seen), or a ban (10%)",
        ),
        (
            PeerClosed(farewell(Cause.RESET, "Connection reset by peer", seconds=90.0)),
            1,
            "192.0.2.7:6881: reset the connection after 1 min 30 s (Connection reset by peer); no telling why",
        ),
        (
            PeerClosed(farewell(Cause.DIAL_FAILED, "refused", likely=(Likely("nobody listens", 0.8, ""),))),
            2,
            "192.0.2.7:6881: dial failed: refused; probably nobody listens",
        ),
        (
            PeerClosed(farewell(Cause.DIAL_FAILED, "connection refused")),
            2,
            "192.0.2.7:6881: dial failed: connection refused",
        ),
        (
            PeerClosed(farewell(Cause.VIOLATION, "an error", finding=finding(Severity.VIOLATION), seconds=4.0)),
            1,
            "192.0.2.7:6881: closed by us after 4.0 s for breaking REQ-07",
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
    assert narrate(BlocksSeen(PEER, 0.0, Side.DIALER, True, 68, "piece", ())) is None
    assert len(CASES) + 1 == len(get_args(Event))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PeerClosed(farewell(Cause.DIAL_FAILED, "connection refused")), None),
        (PeerClosed(farewell(Cause.SHUTDOWN, "the torrent ended")), None),
        (PeerClosed(farewell()), "192.0.2.7:6881 closed without a word, no telling why"),
        (
            PeerClosed(farewell(Cause.CUT, likely=(Likely("a crash", 0.5, ""),))),
            "192.0.2.7:6881 was cut off inside a message, probably a crash",
        ),
        (
            PeerClosed(farewell(Cause.VIOLATION, finding=finding(Severity.VIOLATION))),
            f"192.0.2.7:6881 closed by us: {finding().evidence} [REQ-07]",
        ),
        (PeerClosed(farewell(Cause.TIMEOUT, "mute")), "192.0.2.7:6881 closed by us, timeout: mute"),
        (FindingNoted(PEER, "x", finding(Severity.VIOLATION)), None),
        (PeerBanned(PEER, "lied"), "192.0.2.7:6881 is banned: lied"),
        (PeerConnected(PEER, True, "x 1"), None),
    ],
)
def test_what_the_live_view_has_a_word_for(event: Event, line: str | None) -> None:
    assert worth_a_word(event) == line


def test_a_broken_rule_is_told_with_the_last_messages() -> None:
    broken = PeerClosed(farewell(Cause.VIOLATION, finding=finding(), recent=("dialer at 0: handshake",)))
    assert last_messages(broken) == [
        f"    torrent-peer {__version__}, the dialer; the last messages both ways, oldest first:",
        "    dialer at 0: handshake",
    ]
    assert last_messages(PeerClosed(farewell())) == last_messages(PeerBanned(PEER, "lied")) == []
