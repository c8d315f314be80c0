"""The last words, word for word."""

from pathlib import Path

from tests.cli.fakes import PEER, farewell, finding, peer, status, tracker
from torrent_peer.cli.summary import MAX_LINES, conversations, summarise, why_stalled
from torrent_peer.cli.tally import Tally
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.events import Event, FindingNoted, PeerClosed, PeerConnected
from torrent_peer.session.farewell import Cause
from torrent_peer.session.options import Ending
from torrent_peer.session.reasons import Likely


def tally_of(*events: Event) -> Tally:
    tally = Tally()
    for event in events:
        tally.take(event)
    return tally


def test_a_complete_download(torrent: Torrent) -> None:
    tally = tally_of(
        PeerConnected(PEER, True, "x"),
        PeerClosed(farewell(Cause.VIOLATION, "", finding=finding(), downloaded=1)),
        *[PeerClosed(farewell(Cause.DIAL_FAILED, "connection refused"))] * 2,
        *[FindingNoted(PEER, "x", finding())] * 2,
    )
    total = torrent.geometry.total_length
    now = status(torrent, verified=total, downloaded=2 * 1024**2, uploaded=1024, wasted=100, hash_failures=1)
    lines = summarise(now, tally, Ending.COMPLETE, "", size=2**20, seconds=2.0, path=Path("out/sample"))
    assert lines == [
        "sample: complete and verified",
        "  1.0 MiB in 2.0 s (1.0 MiB/s)",
        "  2.0 MiB received, 1.0 KiB uploaded, 100 B of no use",
        "  pieces that came wrong and were fetched again: 1",
        "  peers: 1 sent data, 1 talked, 3 known",
        "  conversations ended: 3",
        "    2 × dial failed: connection refused",
        "    1 × closed by us for breaking rule REQ-07 (BEP 3, request)",
        "  findings: 2 deviations: REQ-07 ×2",
        "  saved in out/sample",
    ]


def test_a_stalled_download_says_why(torrent: Torrent) -> None:
    reasons = ["nobody has it", "tracker http://t: refused"]
    now = status(torrent, downloaded=0)
    lines = summarise(now, Tally(), Ending.STALLED, "no data", reasons, size=1024, seconds=5.0, path=Path("p"))
    assert lines == [
        "sample: stalled at 50.0% of 1.0 KiB: no data",
        "  ran for 5.0 s",
        "  0 B received, 0 B uploaded",
        "  peers: 0 sent data, 0 talked, 3 known",
        "  why:",
        "    nobody has it",
        "    tracker http://t: refused",
        "  kept in p",
    ]


def test_why_it_stalled_ranks_reasons_and_names_trackers(torrent: Torrent) -> None:
    tally = tally_of(
        PeerClosed(farewell(likely=(Likely("we are banned", 0.2, ""), Likely("it has no room", 0.4, "")))),
        PeerClosed(farewell(likely=(Likely("we are banned", 0.3, ""),))),
    )
    now = status(torrent, peers=(peer(), peer(flags="K")), trackers=(tracker(), tracker(url="ok", last_error=None)))
    assert why_stalled(now, tally) == [
        "2 peers connected, 1 with what we want, but choking us",
        "tracker http://t.example/announce: timed out",
        "peers left, perhaps: we are banned",
        "peers left, perhaps: it has no room",
    ]
    assert why_stalled(status(torrent, why_slow="all choke us"), Tally()) == ["all choke us"]
    assert why_stalled(status(torrent), Tally()) == ["3 addresses known, none connected"]
    assert why_stalled(status(torrent, known_peers=0), Tally()) == [
        "no peer is known; name one with --peer or a tracker with --tracker"
    ]


def test_a_thousand_ways_to_end_are_a_few_lines(torrent: Torrent) -> None:
    tally = tally_of(*(PeerClosed(farewell(Cause.DIAL_FAILED, f"reason {n:03}")) for n in range(100)))
    lines = summarise(status(torrent), tally, Ending.STOPPED, "stopped", size=1, seconds=1, path=Path("p"))
    assert lines[0] == "sample: stopped at 50.0% of 1 B"
    assert f"    {100 - MAX_LINES} × in other ways" in lines
    assert conversations(tally) == {"dial failed": 100}
