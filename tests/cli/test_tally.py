"""Counting what happened."""

from tests.cli.fakes import PEER, farewell, finding
from torrent_peer.cli.tally import MAX_KINDS, OTHERS, End, Tally
from torrent_peer.session.events import FindingNoted, PeerClosed, PeerConnected, TrackerAnswered, TrackerFailed
from torrent_peer.session.farewell import Cause
from torrent_peer.session.reasons import Likely
from torrent_peer.wire.severity import Severity


def test_conversations_are_counted_by_cause_and_rule() -> None:
    tally = Tally()
    tally.take(PeerConnected(PEER, True, "x"))
    tally.take(PeerClosed(farewell(Cause.VIOLATION, "asked too much", finding=finding(), downloaded=5)))
    tally.take(PeerClosed(farewell(Cause.SHUTDOWN, "the torrent ended", uploaded=5)))
    tally.take(PeerClosed(farewell(likely=(Likely("no room", 0.4, ""), Likely("banned", 0.1, "")))))
    tally.take(PeerClosed(farewell(likely=(Likely("no room", 0.3, ""),))))
    tally.take(PeerClosed(farewell(Cause.DIAL_FAILED, "connection refused")))
    tally.take(PeerClosed(farewell(Cause.SHUTDOWN, "the torrent ended")))
    assert tally.ends == {
        End(Cause.VIOLATION, "REQ-07 (BEP 3, request)"): 1,
        End(Cause.CLOSED, "perhaps no room"): 2,
        End(Cause.DIAL_FAILED, "connection refused"): 1,
        End(Cause.SHUTDOWN, ""): 2,
    }
    assert tally.connected == tally.senders == tally.takers == {PEER}
    assert tally.ranked_reasons == ["no room", "banned"]


def test_findings_are_counted_by_rule_and_severity() -> None:
    tally = Tally()
    for severity in (Severity.DEVIATION, Severity.DEVIATION, Severity.REDUNDANT):
        tally.take(FindingNoted(PEER, "x", finding(severity)))
    assert tally.rules == {"REQ-07": 3}
    assert tally.severities == {Severity.DEVIATION: 2, Severity.REDUNDANT: 1}


def test_a_trackers_error_is_forgotten_when_it_answers() -> None:
    tally = Tally()
    tally.take(TrackerFailed("http://a", "timed out"))
    tally.take(TrackerFailed("http://b", "refused"))
    tally.take(TrackerAnswered("http://a", 0, None, None, None))
    assert tally.tracker_errors == {"http://b": "refused"}


def test_strangers_sentences_cannot_fill_our_memory() -> None:
    tally = Tally()
    for number in range(2 * MAX_KINDS):
        tally.take(PeerClosed(farewell(Cause.DIAL_FAILED, f"reason {number}", likely=(Likely(f"{number}", 0.1, ""),))))
    assert len(tally.ends) == MAX_KINDS + 1
    assert tally.ends[End(Cause.DIAL_FAILED, OTHERS)] == MAX_KINDS
    assert len(tally.reasons) == MAX_KINDS
