"""The swarm `torrent-peer demo` shows: sample, tracker, seeders, downloader, comparison."""

import filecmp
import hashlib
import mmap
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import trio

from torrent_peer.cli.downloading import Downloads, Job, Plan
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.output import Output
from torrent_peer.cli.settings import Settings
from torrent_peer.cli.units import count, format_size
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.session.events import Event, TrackerAnswered
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.session import open_session
from torrent_peer.testing.tracker import open_local_tracker

NAME: Final = "torrent_peer demo"
README: Final = b"These files came over loopback, block by block, every message judged.\n"
CHUNK: Final = 1024 * 1024
"""Bytes of sample made at a time."""
PATIENCE: Final = 20.0
"""Seconds the seeders have to announce themselves."""


async def run_demo(directory: Path, size: int, peers: int, settings: Settings, output: Output) -> Exit:
    """Move a sample of `size` bytes from `peers` seeders to a downloader, all below `directory`."""
    async with open_local_tracker() as tracker, AsyncExitStack() as seeders:
        homes = [directory / f"seeder {number}" for number in range(1, peers + 1)]
        torrent = await trio.to_thread.run_sync(partial(make_sample, homes, size, [tracker.udp_url, tracker.http_url]))
        output.note(f"tracker at {tracker.http_url} and {tracker.udp_url}")
        await _start_seeders(seeders, torrent, homes, output)
        home = directory / "downloader"
        plan = Plan(
            session=SessionOptions(listen_host="127.0.0.1", listen_ports=(0,), transcript=bool(settings.transcript)),
            jobs=(Job(torrent, TorrentOptions(stall_timeout=30.0)),),
            root=home,
        )
        code = await Downloads(plan, settings, output).run()
        if code is not Exit.DONE:
            return code
        return await trio.to_thread.run_sync(partial(compare, torrent, homes[0], home, output))


async def _start_seeders(stack: AsyncExitStack, torrent: Torrent, homes: list[Path], output: Output) -> None:
    """Each in a session of its own; returns when the tracker knows them all."""
    announced = [trio.Event() for _ in homes]
    for number, (home, known) in enumerate(zip(homes, announced, strict=True), 1):
        session = await stack.enter_async_context(
            open_session(SessionOptions(listen_host="127.0.0.1", listen_ports=(0,)))
        )
        session.add(torrent, home, TorrentOptions(stall_timeout=None, seed_time=86400.0), partial(_heard, known))
        output.note(f"seeder {number} at 127.0.0.1:{session.port}")
    with trio.move_on_after(PATIENCE):
        for known in announced:
            await known.wait()


def _heard(known: trio.Event, event: Event) -> None:
    if isinstance(event, TrackerAnswered):
        known.set()


def make_sample(homes: Sequence[Path], size: int, trackers: Sequence[str]) -> Torrent:
    """Write the content once, link it into every seeder's directory, and make the torrent; a tier for each tracker."""
    dice = Random(size)
    lengths = {"README.txt": len(README), "large.bin": size * 3 // 4, "more/small.bin": size - size * 3 // 4}
    first = homes[0] / NAME
    for path, length in lengths.items():
        (first / path).parent.mkdir(parents=True, exist_ok=True)
        with (first / path).open("wb") as file:
            for at in range(0, length, CHUNK):
                part = min(CHUNK, length - at)
                file.write(README if path == "README.txt" else dice.randbytes(part))
    for home in homes[1:]:
        for path in lengths:
            (home / NAME / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(first / path, home / NAME / path)
    with ExitStack() as stack:
        content = {path: _mapped(first / path, stack) for path in lengths}
        tiers = [[url] for url in trackers]
        return parse_torrent(create_torrent(NAME, content, padding=True, trackers=tiers))


def _mapped(path: Path, stack: ExitStack) -> memoryview:
    with path.open("rb") as file:
        mapped = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        return stack.enter_context(memoryview(mapped))


def compare(torrent: Torrent, original: Path, copy: Path, output: Output) -> Exit:
    """Byte for byte, without any of the code that downloaded it."""
    real = [file for file in torrent.files if not file.padding]
    wrong = [file for file in real if not filecmp.cmp(original / file.path, copy / file.path, shallow=False)]
    for file in real:
        with (copy / file.path).open("rb") as data:
            digest = hashlib.file_digest(data, "sha256").hexdigest()
        output.result(f"  {format_size(file.length):>9}  {file.path}  sha256 {digest[:16]}…")
    if wrong:
        output.complain(f"not as the seeders have it: {count(len(wrong), 'file')}; please report this")
        return Exit.VERIFICATION
    output.result("every file is identical to the seeders', byte for byte")
    return Exit.DONE
