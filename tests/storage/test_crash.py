"""kill -9 at any moment: what is claimed afterwards is on disk, and what was finished is found."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.resume import plan_resume, recall
from torrent_peer.storage.store import Store

WRITER: Final = """
import os, pathlib, sys, threading
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.resume import recall
from torrent_peer.storage.store import Store

root = pathlib.Path(sys.argv[1])
torrent = parse_torrent((root / "sample.torrent").read_bytes())
data = (root / "content").read_bytes()
wanted = frozenset(map(int, sys.argv[2].split(","))) if sys.argv[2] else None
with FilePool(4) as pool, Store.open(torrent, root / "out", pool=pool, wanted=wanted) as store:
    have = recall(store).pieces
    size = torrent.geometry.piece_length
    todo = iter(store.wanted_pieces() - have)
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                piece = next(todo, None)
            if piece is None:
                return
            store.write_piece(piece, data[piece * size:(piece + 1) * size])
            with lock:
                have.add(piece)
                os.write(1, b"%d\\n" % piece)  # told before it could be forgotten

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        with lock:
            settled = have.copy()
        store.save(settled)
    for thread in threads:
        thread.join()
    store.finish()
    store.save(have, clean=True)
os.write(1, b"done\\n")
"""
KILLS: Final = 12


@pytest.mark.parametrize("wanted", ["", "2,4"])
def test_whatever_the_moment_of_kill_9_claims_are_true_and_nothing_finished_is_lost(
    make_sample: Any, tmp_path: Path, wanted: str
) -> None:
    dice = random.Random(42)
    sample = make_sample({"a": 300_000, "b": 7, "d/c": 150_000, "d/e": 420_000, "f": 60_000}, piece_length=1000)
    (tmp_path / "sample.torrent").write_bytes(sample.raw)
    (tmp_path / "content").write_bytes(sample.data)
    selected = frozenset(map(int, wanted.split(","))) if wanted else None
    told: set[int] = set()
    for _ in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, wanted], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stderr is not None
        with writer, writer.stdout as output:
            lines = dice.choice((0, 1, 2, 5, 10, 20, 40))  # pieces until the end; then some more, unseen
            seen = [output.readline() for _ in range(lines)]
            writer.kill()
            seen += output.read().splitlines()
            assert writer.stderr.read() == b""
        # a piece whose number was not told may be there as well
        told |= {int(line) for line in seen if line.strip() not in (b"", b"done")}
        with FilePool() as pool, Store.open(sample.torrent, tmp_path / "out", pool=pool, wanted=selected) as store:
            truly = check_pieces(store, store.stored_pieces())
            plan = plan_resume(store.record, store)
            assert plan.trusted - truly == PieceSet(truly.size)
            if store.record is not None:
                assert store.record.verified - truly == PieceSet(truly.size)
            recalled = recall(store)
            assert recalled is not None
            assert recalled.pieces == truly
            store.refuse_foreign(recalled.pieces)
            assert told <= set(truly)
    ended = subprocess.run([sys.executable, "-c", WRITER, tmp_path, wanted], capture_output=True, check=True)
    assert ended.stdout.endswith(b"done\n")
    again = {int(line) for line in ended.stdout.splitlines()[:-1]}
    assert not again & told  # nothing was fetched twice
    for path, content in sample.files.items():
        if not wanted or path in ("sample/b", "sample/d/e"):
            assert (tmp_path / "out" / path).read_bytes() == content
        else:
            assert not (tmp_path / "out" / path).exists()


CHANGING: Final = ("open", "mkdir", "pwrite", "write", "ftruncate", "fdatasync", "fsync", "rename", "unlink")
"""The calls that change what is on disk."""


def killed_at(count: int, run: Callable[[], None]) -> bool:
    """Run in a child that dies at its `count`-th call of these; whether it did."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
        return os.WIFSIGNALED(status)
    left = count

    def dying(really: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return really(*args, **options)

        return call

    try:
        for name in CHANGING:
            setattr(os, name, dying(getattr(os, name)))
        run()
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_a_kill_at_every_system_call_that_changes_the_disk_leaves_no_false_claim(sample: Any, tmp_path: Path) -> None:
    wanted = frozenset({1, 4})

    def download(root: Path) -> None:
        with FilePool(2) as pool, Store.open(sample.torrent, root, pool=pool, wanted=wanted) as store:
            for begun, end in ((0, 3), (3, 8)):
                sample.fill(store, range(begun, end))
                store.save(PieceSet(9, range(end)))
            store.finish()
            store.save(store.wanted_pieces(), clean=True)

    count, killed = 0, True
    while killed:
        root = tmp_path / str(count)
        killed = killed_at(count, partial(download, root))
        with FilePool() as pool, Store.open(sample.torrent, root, pool=pool, wanted=wanted) as store:
            truly = check_pieces(store, store.stored_pieces())
            recalled = recall(store)
            assert recalled is not None
            assert recalled.pieces == truly
            assert store.record is None or not store.record.verified - truly
            store.refuse_foreign(truly)
        download(root)
        count += 1
    assert count > 60
