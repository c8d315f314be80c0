"""Downloads over real sockets on loopback, from a seeder of our own to an exit code."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.cli.fakes import FakeSession
from torrent_peer.cli.downloading import GRACE, Downloads, Job, Plan
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.output import Output
from torrent_peer.cli.settings import Settings
from torrent_peer.cli.transcript import Transcript
from torrent_peer.core.addresses import Address
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.events import Completed
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.session import open_session

LOOPBACK = SessionOptions(listen_host="127.0.0.1", listen_ports=(0,))


@asynccontextmanager
async def seeding(torrent: Torrent, root: Path) -> AsyncIterator[Address]:
    """A peer that has everything."""
    async with open_session(LOOPBACK) as session:
        ready = trio.Event()
        session.add(
            torrent, root, TorrentOptions(seed_time=60.0), lambda e: ready.set() if type(e) is Completed else None
        )
        await ready.wait()
        assert session.port is not None
        yield Address("127.0.0.1", session.port)


async def test_a_download_arrives_and_is_summed_up(
    torrent: Torrent, content: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with trio.fail_after(20):
        async with seeding(torrent, content) as peer:
            job = Job(torrent, TorrentOptions(peers=(peer,)))
            plan = Plan(session=LOOPBACK, jobs=(job,), root=tmp_path / "out")
            code = await Downloads(plan, Settings(), Output(Settings())).run()
    assert code is Exit.DONE
    for file in torrent.files:
        assert (tmp_path / "out" / file.path).read_bytes() == (content / file.path).read_bytes()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sample: complete and verified"
    assert lines[-1] == f"  saved in {tmp_path}/out/sample"
    assert "1 talked, 1 known" in lines[3]


async def test_a_transcript_has_every_message_both_ways(torrent: Torrent, content: Path, tmp_path: Path) -> None:
    path = tmp_path / "transcript.jsonl"
    options = SessionOptions(listen_host="127.0.0.1", listen_ports=(0,), transcript=True)
    with trio.fail_after(20), Transcript(path, print) as transcript:
        async with seeding(torrent, content) as peer:
            plan = Plan(session=options, jobs=(Job(torrent, TorrentOptions(peers=(peer,))),), root=tmp_path / "out")
            settings = Settings(quiet=True)
            assert await Downloads(plan, settings, Output(settings), transcript).run() is Exit.DONE
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    sent = [line["message"] for line in lines if line["direction"] == "sent"]
    received = [line["message"] for line in lines if line["direction"] == "received"]
    assert sent[0] == received[0] == f"handshake {torrent.info_hash.hex()}"
    assert "interested" in sent
    assert "unchoke" in received
    asked = {message.removeprefix("request ") for message in sent if message.startswith("request ")}
    came = {message.removeprefix("piece ") for message in received if message.startswith("piece ")}
    assert asked == came
    assert len(asked) == torrent.geometry.piece_count
    assert all("findings" not in line for line in lines)
    assert [line["change"] for line in lines if line["message"] == "interested"] == ["dialer interested"]
    for side in ("dialer", "listener"):
        offsets = [line["offset"] for line in lines if line["sender"] == side]
        assert offsets == sorted(set(offsets))


async def test_a_torrent_that_does_not_stop_is_left_after_the_grace(
    torrent: Torrent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    forced: list[Exit] = []
    monkeypatch.setattr("torrent_peer.cli.downloading.open_session", FakeSession(ending=None, deaf=True).open)
    monkeypatch.setattr("torrent_peer.cli.downloading.force_exit_after", lambda _, code: forced.append(code))
    plan = Plan(session=LOOPBACK, jobs=(Job(torrent, TorrentOptions()),), root=tmp_path, stop_after=2.0)
    settings = Settings(quiet=True)
    began = trio.current_time()
    assert await Downloads(plan, settings, Output(settings)).run() is Exit.LIMIT
    assert trio.current_time() - began == pytest.approx(2.0 + GRACE)
    assert forced == [Exit.LIMIT]


async def test_a_reader_that_goes_away_ends_the_download(
    torrent: Torrent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setattr("torrent_peer.cli.downloading.open_session", FakeSession(ending=None).open)
    settings = Settings(json=True)
    output = Output(settings)
    output.reader_gone = True
    plan = Plan(session=LOOPBACK, jobs=(Job(torrent, TorrentOptions()),), root=tmp_path)
    assert await Downloads(plan, settings, output).run() is Exit.ERROR
