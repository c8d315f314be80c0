"""The events of `--json`: the table documents every key of every event."""

from pathlib import Path
from typing import get_args

import pytest

from tests.cli.fakes import PEER, farewell, finding, status
from torrent_peer.cli import ndjson
from torrent_peer.core.block import Block
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.events import (
    BlocksSeen,
    CheckProgress,
    Completed,
    DiskTrouble,
    DoorTrouble,
    Event,
    FindingNoted,
    Listening,
    MessageSeen,
    PeerBanned,
    PeerClosed,
    PeerConnected,
    PieceFailed,
    PieceVerified,
    Resumed,
    TrackerAnswered,
    TrackerFailed,
)
from torrent_peer.session.farewell import Cause
from torrent_peer.session.reasons import Likely
from torrent_peer.wire.messages import Request
from torrent_peer.wire.side import Side

CASES: list[tuple[Event, str, dict[str, object]]] = [
    (CheckProgress(3, 10), "checking", {"done": 3, "total": 10}),
    (Resumed(7, "resume record"), "resumed", {"pieces": 7, "reason": "resume record"}),
    (Listening(6881), "listening", {"port": 6881}),
    (PeerConnected(PEER, True, "x"), "peer_connected", {"peer": "192.0.2.7:6881", "dialed": True, "client": "x"}),
    (
        PeerClosed(farewell(likely=(Likely("no room", 0.3, "seen"),), seconds=1.23456)),
        "peer_closed",
        {
            "peer": "192.0.2.7:6881",
            "dialed": True,
            "client": "",
            "ended_by": "them",
            "cause": "closed",
            "detail": "closed in order",
            "rule": None,
            "likely": [{"reason": "no room", "confidence": 0.3, "evidence": "seen"}],
            "seconds": 1.235,
            "downloaded": 0,
            "uploaded": 0,
            "recent": [],
        },
    ),
    (
        FindingNoted(PEER, "x", finding()),
        "finding",
        {
            "peer": "192.0.2.7:6881",
            "client": "x",
            "rule": "REQ-07",
            "severity": "deviation",
            "section": "BEP 3, request",
            "evidence": finding().evidence,
            "sender": "listener",
            "offset": 68,
        },
    ),
    (
        MessageSeen(PEER, 1.5, Side.DIALER, True, 68, Request(Block(3, 0, 16384)), (finding(),), "dialer active"),
        "message",
        {
            "peer": "192.0.2.7:6881",
            "at": 1.5,
            "direction": "sent",
            "sender": "dialer",
            "offset": 68,
            "message": "request 3 [0:16384]",
            "change": "dialer active",
            "findings": [{"rule": "REQ-07", "severity": "deviation", "evidence": finding().evidence}],
        },
    ),
    (PieceVerified(3, 1000), "piece", {"piece": 3, "verified": 1000}),
    (PieceFailed(3, (PEER,)), "piece_failed", {"piece": 3, "suspects": ["192.0.2.7:6881"]}),
    (PeerBanned(PEER, "lied"), "peer_banned", {"peer": "192.0.2.7:6881", "reason": "lied"}),
    (
        TrackerAnswered("http://t/a", 5, 2, None, "soon gone"),
        "tracker",
        {"url": "http://t/a", "ok": True, "peers": 5, "seeders": 2, "leechers": None, "message": "soon gone"},
    ),
    (
        TrackerFailed("http://t/a", "timed out"),
        "tracker",
        {"url": "http://t/a", "ok": False, "peers": None, "seeders": None, "leechers": None, "message": "timed out"},
    ),
    (DoorTrouble("Too many open files: …"), "door", {"message": "Too many open files: …"}),
    (DiskTrouble("full"), "disk", {"message": "full"}),
    (Completed(2.0, 100, 3), "completed", {"seconds": 2.0, "downloaded": 100, "wasted": 3}),
]


@pytest.mark.parametrize(("event", "name", "fields"), CASES, ids=[type(event).__name__ for event, *_ in CASES])
def test_an_event_as_a_line(event: Event, name: str, fields: dict[str, object]) -> None:
    line = ndjson.as_event(event, at=12.34567, torrent="ab")
    assert line == {"event": name, "time": 12.346, "torrent": "ab", **fields}
    assert list(fields) == list(ndjson.SCHEMA[name])


def test_every_event_class_has_a_line_and_a_case() -> None:
    with_a_line = set(get_args(Event)) - {BlocksSeen}  # the transcript writes a `message` line for each block
    assert ndjson.MAKERS.keys() == with_a_line
    assert {type(event) for event, *_ in CASES} == with_a_line


def test_the_lines_no_event_makes_follow_the_table_too(torrent: Torrent) -> None:
    now = status(torrent)
    known = dict.fromkeys(
        ("ending", "detail", "exit_code", "seconds", "peers_used", "conversations", "rules", "reasons"), 0
    )
    assert list(ndjson.progress_fields(now)) == list(ndjson.SCHEMA["progress"])
    assert list(ndjson.done_fields(now, path=Path("x"), **known)) == list(ndjson.SCHEMA["done"])
    error = ndjson.error_event("no", 1)
    assert list(error)[2:] == list(ndjson.SCHEMA["error"])


def test_a_farewell_over_a_rule_names_it() -> None:
    line = ndjson.as_event(PeerClosed(farewell(Cause.VIOLATION, finding=finding())), at=0, torrent="ab")
    assert line["rule"] == "REQ-07"
