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


LIBTORRENT, ARIA2, RTORRENT = "libtorrent/2.1.1.0", "aria2/1.36.0", "libTorrent 0.13.8"

CASES = [
    # By the transport's signal.
    ("nobody listens on that port", evidence(stage=Stage.DIALING, signal=Signal.REFUSED)),
    ("a firewall, a NAT or a machine that is off", evidence(stage=Stage.DIALING, signal=Signal.DIAL_TIMEOUT)),
    ("no route to that address", evidence(stage=Stage.DIALING, signal=Signal.NO_ROUTE)),
    ("it crashed, was killed, or lost its network", evidence(signal=Signal.CUT)),
    ("it closed with our bytes still unread, or stopped", evidence(signal=Signal.RST)),
    # Before its handshake.
    ("it does not have this torrent, or has it paused", evidence(stage=Stage.SILENT, since_ours=0.01)),
    ("it does not have this torrent, or has it paused", evidence(stage=Stage.SILENT, since_ours=0.38)),  # Transmission
    ("it does not have this torrent (aria2)", evidence(stage=Stage.SILENT, since_ours=2.35)),
    *(
        (
            f"our handshake looked incomplete or encrypted to it ({who})",
            evidence(stage=Stage.SILENT, since_ours=at),
        )
        for at, who in (
            (4.0, "anacrolix"),
            (10.1, "libtorrent, rain or rqbit"),
            (21.0, "aria2"),
            (25.0, "WebTorrent"),
            (30.0, "Transmission"),
        )
    ),
    ("it takes one connection from an address", evidence(stage=Stage.SILENT, since_ours=0.01, same_host=True)),
    ("we are blocked there, or it has no room", evidence(stage=Stage.SILENT, since_ours=None)),
    # After its handshake.
    ("it has a connection to us already", evidence(stage=Stage.GREETED, since_theirs=0.01)),
    (
        "it is a seed, and so are we",  # ctorrent
        evidence(stage=Stage.GREETED, we_have_all=True, our_last="bitfield of 8 bytes", since_ours=0, since_theirs=0),
    ),
    ("both sides have everything", evidence(both_complete=True, since_ours=0.0)),
    ("both sides have everything", evidence(both_complete=True, since_ours=25.0)),  # Transmission, after its exchange
    ("it is a seed, and so are we", evidence(we_have_all=True, our_last="have_all", since_ours=0.0)),
    ("it is a seed, and so are we", evidence(we_have_all=True, our_last="bitfield of 8 bytes", since_ours=0.0)),
    ("it did not accept our request 3 [0:16384]", evidence(our_last="request 3 [0:16384]", since_ours=0.02)),
    ("it did not accept our extended_handshake", evidence(our_last="extended_handshake", since_ours=0.02)),
    ("it has what it wanted", evidence(our_last="piece 3 [0:16384]", since_ours=0.02)),
    ("it gives no metadata, or not that piece of it", evidence(our_last="metadata_request 3", since_ours=0.02)),
    ("our peer exchange came too soon for it", evidence(our_last="peer_exchange of 3 added", since_ours=0.02)),
    ("our own last message bent a rule", evidence(own_slip="REQ-07", our_last="request", since_ours=0.02)),
    (
        "we asked while choked (libtorrent)",
        evidence(they_choke=True, our_last="request 3 [0:16384]", since_ours=2.1, client=LIBTORRENT),
    ),
    # By a clock.
    ("we were silent too long: read time-out (rqbit)", evidence(since_ours=10.0)),
    (
        "neither side wanted anything for 30 s (aria2)",
        evidence(no_interest=True, since_ours=30.6, since_theirs=30.9, client=ARIA2),
    ),
    (
        "we asked for nothing for a minute (libtorrent, aria2)",
        evidence(we_idled=True, since_ours=60.1, client=LIBTORRENT),
    ),
    ("we asked for nothing for a minute (libtorrent, aria2)", evidence(we_idled=True, since_ours=60.7, client=ARIA2)),
    ("we were silent too long: idle limit (libtorrent or rain)", evidence(since_ours=120.1, client=LIBTORRENT)),
    ("we were silent too long: idle limit (anacrolix)", evidence(since_ours=150.0)),
    ("we were silent too long: idle limit (aria2)", evidence(since_ours=181.8, client=ARIA2)),
    *(
        (
            "we were silent too long: idle limit, shorter when its slots are taken (Transmission)",
            evidence(since_ours=seconds, client="Transmission 3.00"),
        )
        for seconds in (240.0, 294.6)
    ),
    ("we owed it a block for 30 s (WebTorrent)", evidence(they_waited=True, since_ours=30.2)),
    ("we choked it for 5 s (WebTorrent)", evidence(they_want=True, our_last="choke", since_ours=5.0)),
    # By what happened to others, or to it.
    ("it finished downloading and closed what it no longer needs", evidence(they_completed=True)),
    ("our own network went away, or theirs", evidence(others_gone=4)),
]


@pytest.mark.parametrize(("reason", "seen"), CASES)
def test_each_pattern_is_recognised_and_ranked_first(reason: str, seen: Evidence) -> None:
    likely = explain(seen)
    assert likely
    assert likely[0].reason == reason
    assert likely == tuple(sorted(likely, key=lambda one: -one.confidence))


@pytest.mark.parametrize(
    "seen",
    [
        evidence(),
        evidence(stage=Stage.GREETED, since_theirs=1.2),
        evidence(stage=Stage.SILENT, since_ours=7.0),
        evidence(stage=Stage.HANDSHAKE, since_ours=12.0),
        evidence(our_last="request 3 [0:16384]", since_ours=0.9),
        evidence(since_ours=None, since_theirs=None),
        # libtorrent turns a few peers over every 300 s, by a clock of its own: nothing tells when that is.
        evidence(since_connect=300.0, client=LIBTORRENT),
        # Once what we sent has failed its check the address is banned; no message tells that it has failed.
        evidence(since_ours=3.0, our_last="piece 3 [0:16384]"),
        # These would be the habits of others.
        evidence(since_ours=120.1, client=ARIA2),
        evidence(since_ours=120.1, client=RTORRENT),
        evidence(no_interest=True, since_ours=30.6, since_theirs=30.9, client=LIBTORRENT),
        evidence(we_idled=True, since_ours=60.1, client="Transmission 3.00"),
        # Another would have closed at another time.
        evidence(stage=Stage.SILENT, since_ours=4.5),
        evidence(since_ours=150.9),
        # Nobody reads a habit of seeds into a peer that wants something, nor of those that ask into one that chokes.
        evidence(we_have_all=True, they_want=True, since_ours=0.2, our_last="have_all"),
        evidence(our_last="choke", since_ours=5.0),
    ],
)
def test_a_close_that_fits_nothing_stays_unknown(seen: Evidence) -> None:
    assert explain(seen) == ()


def test_a_habit_counts_less_when_it_is_not_known_whose_it_would_be() -> None:
    for client, confidence in (
        (LIBTORRENT, 0.6),
        ("qBittorrent/4.5.2", 0.6),
        ("Deluge 2.0", 0.6),
        ("XX 1.0", 0.4),
        ("", 0.4),
    ):
        (likely,) = explain(evidence(since_ours=120.1, client=client))
        assert likely.confidence == confidence


@pytest.mark.parametrize(("_", "seen"), CASES)
def test_no_reason_is_certain_and_each_says_what_it_was_read_from(_: str, seen: Evidence) -> None:
    for likely in explain(seen):
        assert 0 < likely.confidence <= 0.8
        assert likely.evidence


def test_a_legal_message_is_suspected_with_less_than_even_confidence() -> None:
    (likely,) = explain(evidence(our_last="bitfield", since_ours=0.05))
    assert likely == Likely("it did not accept our bitfield", 0.45, "closed 50 ms after our bitfield")


def test_a_reset_is_not_read_as_anger() -> None:
    (likely,) = explain(evidence(signal=Signal.RST))
    assert likely.confidence < 0.5


def test_evidence_without_a_time_says_so() -> None:
    (likely, *_) = explain(evidence(stage=Stage.SILENT, since_ours=None))
    assert likely.evidence == "closed before we had said anything"
