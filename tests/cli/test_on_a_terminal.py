"""The program on a terminal, in a swarm: what is seen at 80 and at 200 columns, from first to last."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import pytest
import trio

from tests.cli.terminal import Terminal
from torrent_peer.cli.columns import width_of
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.testing import LocalTracker, ScriptedPeers, Talk, place_content, tiny_torrent
from torrent_peer.wire.messages import HaveAll, HaveNone, Interested, Request, Unchoke

SIZES = pytest.mark.parametrize(("columns", "lines"), [(80, 24), (200, 50)])


class Program:
    """`torrent-peer` on a terminal of its own."""

    def __init__(self, words: Sequence[object], columns: int, lines: int) -> None:
        self.terminal = Terminal(columns, lines)
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        os.set_blocking(self._ours, False)
        known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "torrent_peer", *map(str, words)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**known, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    async def until(self, seen: Callable[[list[str]], bool]) -> list[str]:
        """Feed the terminal until this is seen on it; what is seen. Fails with what is there instead."""
        with trio.move_on_after(20):
            while not seen(self.terminal.text) and (data := await self._read()):
                self.terminal.feed(data)
        assert seen(self.terminal.text), "\n".join(self.terminal.text)
        return self.terminal.text

    async def ended(self) -> list[str]:
        """Feed the terminal until the program has ended; everything it left."""
        while data := await self._read():
            self.terminal.feed(data)
        self.code = await trio.to_thread.run_sync(self._process.wait)
        return [*self.terminal.scrolled, *self.terminal.text]

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    async def _read(self) -> str:
        await trio.lowlevel.wait_readable(self._ours)
        try:
            return os.read(self._ours, 65536).decode()
        except OSError:  # the other end is closed
            return ""


def has(*parts: str) -> Callable[[list[str]], bool]:
    """Whether every one of these is somewhere on the terminal."""
    return lambda lines: all(any(part in line for line in lines) for part in parts)


@pytest.fixture
def sample(tmp_path: Path) -> tuple[Torrent, bytes, Path]:
    torrent, content = tiny_torrent(600_000, name="日本語の映画")
    path = tmp_path / "sample.torrent"
    path.write_bytes(torrent.raw)
    return torrent, content, path


@SIZES
async def test_a_download_is_seen_with_all_its_parts(
    bt_tracker: LocalTracker,
    scripted_peer: ScriptedPeers,
    sample: tuple[Torrent, bytes, Path],
    tmp_path: Path,
    columns: int,
    lines: int,
) -> None:
    torrent, _, path = sample

    async def sends_nothing(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveAll(), HaveAll())  # a deviation
        await talk.expect(Interested)
        await talk.send(Unchoke())
        await talk.closed()

    async def breaks_the_law(talk: Talk) -> None:
        await talk.handshake()
        await talk.send_bytes(bytes.fromhex("00000009 07 00000000 00000000"))

    slow = await scripted_peer(sends_nothing, torrent.info_hash)
    liar = await scripted_peer(breaks_the_law, torrent.info_hash)
    bt_tracker.peers = [slow.address, liar.address]
    words = ["download", path, "-o", tmp_path / "out", "--listen", "127.0.0.1:0", "--tracker", bt_tracker.http_url]
    with trio.fail_after(30), Program(words, columns, lines) as program:
        seen = await program.until(
            has("closed by us: ", " D     100%", "BF-03", f"{bt_tracker.http_url}: 0 seeds, 1 leech, 2 peers; next")
        )
        assert seen[0].startswith("日本語の映画  ")
        assert seen[0].endswith(" downloading 0.0%")
        assert width_of(seen[0]) == columns
        assert seen[1] == f"[{'·' * (columns - 2)}]"
        assert has("0 B of 586 KiB · 0 of ", "down 0 B/s · up 0 B/s · ", " of 2 known")(seen)
        assert has("peer            client ", " flags have   down/s     up/s", "  have_all after have_all [BF-03]")(
            seen
        )
        assert has("findings: ", " violation", " deviation")(seen)
        assert program.terminal.broken == []
        program.interrupt()
        left = await program.ended()
    assert program.code == 130
    assert has("stopping: saving, and telling the trackers", "stopped at 0.0% of 586 KiB", "  kept in ")(left)
    assert not has("closed by us: ")(left)
    assert program.terminal.unknown == []


@SIZES
async def test_a_seed_is_seen_with_its_leech(
    bt_tracker: LocalTracker,
    scripted_peer: ScriptedPeers,
    sample: tuple[Torrent, bytes, Path],
    tmp_path: Path,
    columns: int,
    lines: int,
) -> None:
    torrent, content, path = sample
    place_content(torrent, content, tmp_path)

    async def takes_a_block(talk: Talk) -> None:
        await talk.handshake()
        await talk.send(HaveNone(), Interested())
        await talk.expect(Unchoke)
        await talk.send(Request(torrent.geometry.block(0, 0)))
        await talk.closed()

    words = ["seed", path, tmp_path, "--listen", "127.0.0.1:0", "--tracker", bt_tracker.udp_url]
    with trio.fail_after(30), Program(words, columns, lines) as program:
        await program.until(has("found 19 verified pieces on disk", "seeding 100.0%"))
        await bt_tracker.wait_until(lambda: len(bt_tracker.announces) > 0)
        port = bt_tracker.announces[0].request.port
        await scripted_peer.dial("127.0.0.1", port, torrent.info_hash, takes_a_block)
        seen = await program.until(has("16.0 KiB uploaded, ratio 0.03", " UI      0%", "1 peer · "))
        assert has(f"[{'█' * (columns - 2)}]", "586 KiB · ", f"{bt_tracker.udp_url}: 1 seed, 0 leeches, 0 peers")(seen)
        assert program.terminal.broken == []
        program.interrupt()
        left = await program.ended()
    assert program.code == 130
    assert has("seeding stopped", "16.0 KiB uploaded in ", "served from ")(left)
    assert program.terminal.unknown == []
