"""The events of `--json`: which there are, what each carries, and how they are made. This file documents them.

Every line is one object with `event` (a name of `SCHEMA`), `time` (seconds since 1970) and, when it concerns one
torrent, `torrent` (the info-hash in hex); then the keys of its row. Sizes are bytes, rates bytes per second, spans
seconds. Text written by strangers is there as they wrote it: escape it before showing it to a terminal.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from torrent_peer.session.events import (
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
from torrent_peer.session.status import TorrentStatus
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.wording import in_short

Fields = dict[str, Any]
Kind = TypeVar("Kind")

SCHEMA: Final[dict[str, dict[str, str]]] = {
    "added": {"name": "the torrent's name", "size": "bytes of all files", "files": "how many", "root": "directory"},
    "listening": {"port": "TCP port peers are accepted on"},
    "checking": {"done": "pieces on disk hashed", "total": "pieces to hash"},
    "resumed": {"pieces": "verified pieces found on disk", "reason": "where that is known from"},
    "peer_connected": {"peer": "HOST:PORT", "dialed": "whether we dialled", "client": "what it calls itself"},
    "peer_closed": {
        "peer": "HOST:PORT",
        "dialed": "whether we dialled",
        "client": "what it calls itself",
        "ended_by": "us, them or network",
        "cause": "in one word",
        "detail": "in a sentence",
        "rule": "the rule broken, or null",
        "likely": "for a silent close: [{reason, confidence, evidence}], most likely first",
        "seconds": "since the connection was made",
        "downloaded": "payload bytes",
        "uploaded": "payload bytes",
        "recent": "for a broken rule: the last messages both ways in short form, oldest first",
    },
    "finding": {
        "peer": "HOST:PORT",
        "client": "what it calls itself",
        "rule": "id of the rule",
        "severity": "violation, deviation or redundant",
        "section": "where the rule is written",
        "evidence": "what was seen",
        "sender": "dialer or listener",
        "offset": "bytes before the message in its direction",
    },
    "message": {
        "peer": "HOST:PORT",
        "at": "seconds since the session began",
        "direction": "sent or received",
        "sender": "dialer or listener",
        "offset": "bytes before it in its direction",
        "message": "short form",
        "change": "what it changed of what the sides have declared; left out when nothing",
        "findings": "[{rule, severity, evidence}]; left out when there are none",
    },
    "piece": {"piece": "index from 0", "verified": "wanted bytes verified so far"},
    "piece_failed": {"piece": "index from 0", "suspects": "[HOST:PORT] of who sent blocks of it"},
    "peer_banned": {"peer": "HOST:PORT", "reason": "in a sentence"},
    "tracker": {
        "url": "credentials blotted out",
        "ok": "whether it answered",
        "peers": "how many it named, or null",
        "seeders": "as it says, or null",
        "leechers": "as it says, or null",
        "message": "its warning or the error, or null",
    },
    "door": {"message": "why peers that call cannot be let in for now"},
    "disk": {"message": "what the disk refused"},
    "progress": {
        "state": "checking, downloading, seeding, stopping or ended",
        "wanted": "bytes",
        "verified": "bytes of them",
        "downloaded": "payload bytes this run",
        "uploaded": "payload bytes this run",
        "wasted": "payload bytes of no use",
        "super_seeding": "whether pieces are hidden, to be revealed one by one",
        "download_rate": "bytes/s",
        "upload_rate": "bytes/s",
        "eta": "seconds, or null",
        "peers": "connected",
        "known_peers": "addresses known",
        "why_slow": "empty while bytes flow",
    },
    "completed": {"seconds": "since it was added", "downloaded": "payload bytes", "wasted": "of them of no use"},
    "done": {
        "ending": "complete, stalled, nobody, incomplete, disk or stopped",
        "detail": "in a sentence",
        "exit_code": "what this torrent alone would exit with",
        "path": "where the content is",
        "size": "bytes wanted",
        "verified": "bytes of them verified",
        "downloaded": "payload bytes",
        "uploaded": "payload bytes",
        "wasted": "payload bytes of no use",
        "seconds": "since it was added",
        "peers_used": "peers that sent data",
        "conversations": "{cause: how many ended so}",
        "rules": "{rule: how often noted}",
        "reasons": "ranked answers to why it stalled",
    },
    "error": {"message": "in a line", "exit_code": "what the process exits with"},
}
"""Event name → key → meaning. `message` lines are those of `--transcript`; all others come with `--json`."""

MAKERS: Final[dict[type, tuple[str, Callable[[Any], Fields]]]] = {}


def _maker(kind: type[Kind], name: str) -> Callable[[Callable[[Kind], Fields]], Callable[[Kind], Fields]]:
    def keep(function: Callable[[Kind], Fields]) -> Callable[[Kind], Fields]:
        MAKERS[kind] = (name, function)
        return function

    return keep


def error_event(message: str, code: int) -> Fields:
    """The line for an error that ends the process."""
    return envelope("error", at=time.time(), message=message, exit_code=int(code))


def as_event(event: Event, *, at: float, torrent: str | None) -> Fields:
    """The line for `event`; `at` in seconds since 1970."""
    name, make = MAKERS[type(event)]
    return {**envelope(name, at=at, torrent=torrent), **make(event)}


def envelope(name: str, /, *, at: float, torrent: str | None = None, **fields: object) -> Fields:
    """What every line begins with, and its own fields."""
    return {"event": name, "time": round(at, 3), **({"torrent": torrent} if torrent else {}), **fields}


def progress_fields(status: TorrentStatus) -> Fields:
    """The fields of a `progress` line."""
    names = SCHEMA["progress"].keys() - {"state", "peers"}
    fields = {name: getattr(status, name) for name in names}
    rounded = {name: round(value, 1) if isinstance(value, float) else value for name, value in fields.items()}
    ordered = {"state": status.state.value, **rounded, "peers": status.connected}
    return {name: ordered[name] for name in SCHEMA["progress"]}


def done_fields(status: TorrentStatus, *, path: Path, **known: object) -> Fields:
    """The fields of a `done` line: from the last status, and what only the caller knows."""
    fields = {
        "path": str(path),
        "size": status.wanted,
        "verified": status.verified,
        "downloaded": status.downloaded,
        "uploaded": status.uploaded,
        "wasted": status.wasted,
        **known,
    }
    return {name: fields[name] for name in SCHEMA["done"]}


def finding_fields(finding: Finding) -> Fields:
    """What of a finding fits beside a message."""
    return {"rule": finding.rule, "severity": finding.severity.name.lower(), "evidence": finding.evidence}


@_maker(CheckProgress, "checking")
def _(event: CheckProgress) -> Fields:
    return {"done": event.done, "total": event.total}


@_maker(Resumed, "resumed")
def _(event: Resumed) -> Fields:
    return {"pieces": event.pieces, "reason": event.reason}


@_maker(Listening, "listening")
def _(event: Listening) -> Fields:
    return {"port": event.port}


@_maker(PeerConnected, "peer_connected")
def _(event: PeerConnected) -> Fields:
    return {"peer": str(event.address), "dialed": event.dialed, "client": event.client}


@_maker(PeerClosed, "peer_closed")
def _(event: PeerClosed) -> Fields:
    farewell = event.farewell
    return {
        "peer": str(farewell.address),
        "dialed": farewell.dialed,
        "client": farewell.client,
        "ended_by": farewell.ended_by.value,
        "cause": farewell.cause.value,
        "detail": farewell.detail,
        "rule": farewell.finding.rule if farewell.finding else None,
        "likely": [{"reason": x.reason, "confidence": x.confidence, "evidence": x.evidence} for x in farewell.likely],
        "seconds": round(farewell.seconds, 3),
        "downloaded": farewell.downloaded,
        "uploaded": farewell.uploaded,
        "recent": list(farewell.recent),
    }


@_maker(FindingNoted, "finding")
def _(event: FindingNoted) -> Fields:
    finding = event.finding
    return {
        "peer": str(event.address),
        "client": event.client,
        "rule": finding.rule,
        "severity": finding.severity.name.lower(),
        "section": finding.section,
        "evidence": finding.evidence,
        "sender": finding.sender.value,
        "offset": finding.offset,
    }


@_maker(MessageSeen, "message")
def _(event: MessageSeen) -> Fields:
    return {
        "peer": str(event.address),
        "at": round(event.at, 6),
        "direction": "sent" if event.ours else "received",
        "sender": event.sender.value,
        "offset": event.offset,
        "message": in_short(event.message),
        **({"change": event.change} if event.change else {}),
        **({"findings": [finding_fields(finding) for finding in event.findings]} if event.findings else {}),
    }


@_maker(PieceVerified, "piece")
def _(event: PieceVerified) -> Fields:
    return {"piece": event.piece, "verified": event.verified}


@_maker(PieceFailed, "piece_failed")
def _(event: PieceFailed) -> Fields:
    return {"piece": event.piece, "suspects": [str(address) for address in event.suspects]}


@_maker(PeerBanned, "peer_banned")
def _(event: PeerBanned) -> Fields:
    return {"peer": str(event.address), "reason": event.reason}


@_maker(TrackerAnswered, "tracker")
def _(event: TrackerAnswered) -> Fields:
    return {
        "url": event.url,
        "ok": True,
        "peers": event.peers,
        "seeders": event.seeders,
        "leechers": event.leechers,
        "message": event.warning,
    }


@_maker(TrackerFailed, "tracker")
def _(event: TrackerFailed) -> Fields:
    return {"url": event.url, "ok": False, "peers": None, "seeders": None, "leechers": None, "message": event.reason}


@_maker(DoorTrouble, "door")
def _(event: DoorTrouble) -> Fields:
    return {"message": event.reason}


@_maker(DiskTrouble, "disk")
def _(event: DiskTrouble) -> Fields:
    return {"message": event.reason}


@_maker(Completed, "completed")
def _(event: Completed) -> Fields:
    return {"seconds": round(event.seconds, 3), "downloaded": event.downloaded, "wasted": event.wasted}
