"""`kill -9` at any moment: what is on disk is right, and nothing that was verified is fetched again."""

import hashlib
import random
import sys
from pathlib import Path

import trio

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.session.events import BlocksSeen, Event, MessageSeen
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.session import open_session
from torrent_peer.wire.messages import Request

KILLS = 20
RATE = "6M"
"""Slow enough that the kills fall all over the download."""


def good_pieces(torrent: Torrent, path: Path) -> PieceSet:
    """What an independent look at the file finds right."""
    good = PieceSet(torrent.geometry.piece_count)
    if path.exists():
        with path.open("rb") as file:
            for piece in range(torrent.geometry.piece_count):
                if hashlib.sha1(file.read(torrent.geometry.piece_size(piece))).digest() == torrent.piece_hash(piece):
                    good.add(piece)
    return good


async def test_twenty_kills_cost_nothing_that_was_verified(tmp_path: Path) -> None:
    dice = random.Random(9)
    content = tmp_path / "seed" / "content.bin"
    content.parent.mkdir()
    content.write_bytes(dice.randbytes(32 * 1024 * 1024 + 4321))
    data = create_torrent("content.bin", content.read_bytes(), piece_length=64 * 1024)
    torrent_file = tmp_path / "content.torrent"
    torrent_file.write_bytes(data)
    torrent = parse_torrent(data)
    out = tmp_path / "out"
    asked: set[int] = set()
    under_way = trio.Event()

    def watch(event: Event) -> None:
        if isinstance(event, MessageSeen) and not event.ours and isinstance(event.message, Request):
            asked.add(event.message.block.piece)
            under_way.set()
        elif isinstance(event, BlocksSeen) and not event.ours and event.kind == "request":
            asked.update(block.piece for block in event.blocks)
            under_way.set()

    asked_twice: list[int] = []
    claimed: list[int] = []
    completed = 0
    options = SessionOptions(listen_host="127.0.0.1", listen_ports=(0,), transcript=True)
    with trio.fail_after(120):
        async with open_session(options) as session:
            await session.add(torrent, content.parent, TorrentOptions(trackers=(), seed_time=600), watch).checked()
            command = [sys.executable, "-m", "torrent_peer", "download", str(torrent_file), "--out", str(out)]
            command += ["--no-trackers", "--peer", f"127.0.0.1:{session.port}", "--listen", "127.0.0.1:0", "--quiet"]
            for _ in range(KILLS):
                before = good_pieces(torrent, out / "content.bin")
                asked.clear()
                under_way = trio.Event()
                process = await trio.lowlevel.open_process([*command, "--download-limit", RATE])
                with trio.fail_after(20):
                    await under_way.wait()
                with trio.move_on_after(dice.uniform(0.0, 0.4)):
                    await process.wait()
                if process.returncode is None:
                    process.kill()
                else:
                    completed += 1
                await process.wait()
                asked_twice += sorted(asked & set(before))
                claimed.append(len(before))
            before = good_pieces(torrent, out / "content.bin")
            asked.clear()
            last = await trio.run_process(command, check=False, capture_stderr=True)
            asked_twice += sorted(asked & set(before))
    assert asked_twice == []
    assert completed == 0, "it was done before the last kill: slow it down"
    assert claimed == sorted(claimed)
    assert claimed[-1] > torrent.geometry.piece_count // 8, "the kills came too early to mean much"
    assert last.returncode == 0, last.stderr.decode()
    assert (out / "content.bin").read_bytes() == content.read_bytes()
    assert [path.name for path in out.iterdir() if not path.name.startswith(".")] == ["content.bin"]
