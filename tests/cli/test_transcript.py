"""The transcript's file."""

import json
from pathlib import Path

from tests.cli.fakes import PEER, finding
from torrent_peer.cli.transcript import Transcript
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.session.events import BlocksSeen, MessageSeen
from torrent_peer.wire.messages import Request, Unchoke
from torrent_peer.wire.side import Side


def test_a_full_disk_ends_the_transcript_and_is_told_once() -> None:
    told: list[str] = []
    event = MessageSeen(PEER, 0.0, Side.DIALER, True, 68, Unchoke(), ())
    with Transcript(Path("/dev/full"), told.append) as transcript:
        for _ in range(1000):
            transcript.take(event, "ab")
    assert told == ["--transcript: No space left on device; the transcript ends here, the download goes on"]


def test_blocks_in_a_row_have_a_line_each_like_any_message(tmp_path: Path) -> None:
    address = Address("2001:db8::1", 6881)
    blocks = (Block(3, 0, 16384), Block(3, 16384, 1000))
    with Transcript(tmp_path / "t", print) as transcript:
        transcript.take(MessageSeen(address, 1.25, Side.LISTENER, False, 68, Request(blocks[0]), ()), "ab")
        transcript.take(BlocksSeen(address, 1.25, Side.LISTENER, False, 85, "request", blocks), "ab")
        transcript.take(BlocksSeen(address, 1.5, Side.DIALER, True, 1000, "piece", blocks), "ab")
    single, first, second, *pieces = [json.loads(line) for line in (tmp_path / "t").read_text().splitlines()]
    assert first == {**single, "time": first["time"], "offset": 85}
    assert list(first) == list(single)
    assert (second["offset"], second["message"]) == (102, "request 3 [16384:17384]")
    assert [(line["offset"], line["message"], line["direction"], line["sender"], line["at"]) for line in pieces] == [
        (1000, "piece 3 [0:16384]", "sent", "dialer", 1.5),
        (1000 + 13 + 16384, "piece 3 [16384:17384]", "sent", "dialer", 1.5),
    ]


def test_what_a_message_changed_and_what_was_found_are_there_when_there_is_something(tmp_path: Path) -> None:
    with Transcript(tmp_path / "t", print) as transcript:
        event = MessageSeen(PEER, 0.0, Side.DIALER, False, 68, Unchoke(), (finding(),), "dialer not choking")
        transcript.take(event, "ab")
    line = json.loads((tmp_path / "t").read_text())
    assert line["change"] == "dialer not choking"
    assert [found["rule"] for found in line["findings"]] == ["REQ-07"]
