from typing import Any

import pytest

from torrent_peer.session.reasons import Evidence, Likely, Signal, Stage, explain


def evidence(**changes: Any) -> Evidence:
    facts: dict[str, Any] = {
        "signal": Signal.FIN,
        "stage": Stage.TALKING,
        "since_connect": 500.0,
        "since_ours": 20.0,
        "since_theirs": 20.0,
    }
    return Evidence(**(facts | changes))


CASES = [
    ("nobody listens on that port", evidence(stage=Stage.DIALING, signal=Signal.REFUSED)),
    ("a firewall, a NAT or a machine that is off", evidence(stage=Stage.DIALING, signal=Signal.DIAL_TIMEOUT)),
    ("no route to that address", evidence(stage=Stage.DIALING, signal=Signal.NO_ROUTE)),
    ("we are blocked there, or it has no room", evidence(stage=Stage.SILENT, since_ours=None)),
    ("it does not have this torrent, or has it paused", evidence(stage=Stage.SILENT, since_ours=0.01)),
    ("it does not have this torrent (aria2)", evidence(stage=Stage.SILENT, since_ours=2.4)),
    (
        "our handshake looked incomplete or encrypted to it (libtorrent, rain or rqbit)",
        evidence(stage=Stage.SILENT, since_ours=10.1),
    ),
    (
        "our handshake looked incomplete or encrypted to it (Transmission)",
        evidence(stage=Stage.SILENT, since_ours=30.0),
    ),
    ("it has a connection to us already", evidence(stage=Stage.GREETED, since_connect=0.02, since_theirs=0.01)),
    ("both sides have everything", evidence(both_complete=True, since_ours=0.0)),
    ("it finished downloading and closed what it no longer needs", evidence(they_completed=True)),
    ("it did not accept our request", evidence(our_last="request", since_ours=0.02)),
    ("it has what it wanted", evidence(our_last="piece 3 [0:16384]", since_ours=0.02)),
    ("neither side wanted anything for 30 s (aria2)", evidence(no_interest=True, since_ours=30.6, since_theirs=30.6)),
    ("we asked for nothing for a minute (libtorrent, aria2)", evidence(we_idled=True, since_ours=60.1)),
    ("we owed it a block for 30 s (webtorrent)", evidence(they_waited=True, since_ours=30.2)),
    ("we were silent too long: libtorrent's or rain's idle limit", evidence(since_ours=120.1)),
    ("we were silent too long: Transmission's idle limit", evidence(since_ours=294.6)),
    ("our own network went away, or theirs", evidence(others_gone=4)),
    ("it crashed, was killed, or lost its network", evidence(signal=Signal.CUT)),
    ("it closed with our bytes still unread, or stopped", evidence(signal=Signal.RST)),
    ("our own last message bent a rule", evidence(own_slip="REQ-07", our_last="request", since_ours=0.02)),
]


@pytest.mark.parametrize(("reason", "seen"), CASES)
def test_each_pattern_is_recognised_and_ranked_first(reason: str, seen: Evidence) -> None:
    likely = explain(seen)
    assert likely
    assert likely[0].reason == reason
    assert likely == tuple(sorted(likely, key=lambda one: -one.confidence))


def test_a_close_that_fits_nothing_stays_unknown() -> None:
    assert explain(evidence()) == ()
    assert explain(evidence(stage=Stage.GREETED, since_connect=50.0)) == ()
    assert explain(evidence(stage=Stage.SILENT, since_ours=7.0)) == ()


def test_a_legal_message_is_suspected_with_less_than_even_confidence() -> None:
    (likely,) = explain(evidence(our_last="bitfield", since_ours=0.05))
    assert likely == Likely("it did not accept our bitfield", 0.45, "closed 50 ms after our bitfield")


def test_a_reset_is_not_read_as_anger() -> None:
    (likely,) = explain(evidence(signal=Signal.RST))
    assert likely.confidence < 0.5


def test_evidence_without_a_time_says_so() -> None:
    (likely, *_) = explain(evidence(stage=Stage.GREETED, since_connect=0.02, since_theirs=None))
    assert likely.evidence == "closed some time after its handshake, before any message"
