"""What a system can refuse: space, permission, descriptors; in processes of their own, with real limits."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

PREAMBLE: Final = """
import json, os, pathlib, random, resource, subprocess, sys
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.storage.check import check_pieces
from torrent_peer.storage.pool import FilePool
from torrent_peer.storage.resume import recall
from torrent_peer.storage.store import Store, StorageError

root = pathlib.Path(sys.argv[1])
dice = random.Random(7)

def torrent_of(content, piece_length=65536):
    return parse_torrent(create_torrent("sample", content, piece_length=piece_length))

def attempt(call, *arguments):
    try:
        call(*arguments)
    except StorageError as error:
        return [error.kind.name, str(error)]
    return None

def tell(**facts):
    print(json.dumps(facts))
"""


def run(script: str, root: Path, *prefix: str) -> dict[str, Any]:
    command = [*prefix, sys.executable, "-c", PREAMBLE + script, str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def in_mount_namespace(root: Path, options: str) -> tuple[str, ...]:
    """A prefix that runs a command with a tmpfs at `root` nobody else sees; skips where that is not allowed."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting a file system needs root and unshare")
    root.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o {options} none '{root}'"
    if subprocess.run(["unshare", "-m", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    return ("unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh")


def test_a_full_disk_is_said_and_everything_verified_is_kept(tmp_path: Path) -> None:
    script = """
data = dice.randbytes(3 * 2**20)
torrent = torrent_of(data)
piece = lambda n: data[n * 65536:(n + 1) * 65536]
written = []
with FilePool() as pool:
    store = Store.open(torrent, root, pool=pool)
    for n in range(48):
        if said := attempt(store.write_piece, n, piece(n)):
            break
        written.append(n)
        if n == 3:
            store.save(PieceSet(48, written))
    more = [attempt(store.write_piece, n, piece(n)) for n in range(len(written), 48)]
    saved = attempt(store.save, PieceSet(48, written))
    store.close()  # as if killed: whatever was saved must do
    subprocess.run(["mount", "-o", "remount,size=20m", str(root)], check=True)
    with Store.open(torrent, root, pool=pool) as store:
        claimed = list(store.record.verified)
        found = list(recall(store).pieces)
        store.refuse_foreign(recall(store).pieces)
        for n in set(range(48)) - set(found):
            store.write_piece(n, piece(n))
        store.finish()
        store.save(PieceSet.full(48), clean=True)
    subprocess.run(["mount", "-o", "remount,ro", str(root)], check=True)
    with Store.open(torrent, root, pool=pool, read_only=True) as store:
        complete = check_pieces(store, store.wanted_pieces()).is_full
    read_only = attempt(lambda: Store.open(torrent, root, pool=pool))
    right = (root / "sample").read_bytes() == data
tell(said=said, kinds=sorted({m[0] for m in more if m}), saved=saved, written=written, claimed=claimed, found=found,
     right=right, complete=complete, read_only=read_only)
"""
    root = tmp_path / "disk"
    told = run(script, root, *in_mount_namespace(root, "size=1m"))
    assert told["said"] == [
        "FULL",
        f"cannot write {root}/sample: No space left on device; "
        "make room and run the same command again, what is verified is kept",
    ]
    assert told["kinds"] == ["FULL"]
    assert told["saved"] is None or told["saved"][0] == "FULL"
    assert 12 <= len(told["written"]) <= 15
    assert set(told["claimed"]) <= set(told["written"])
    assert told["found"] == told["written"]
    assert told["right"]
    assert told["complete"]
    assert told["read_only"][0] == "READ_ONLY"


def test_a_limit_on_file_size_is_said_and_everything_verified_is_kept(tmp_path: Path) -> None:
    script = """
content = {"small": dice.randbytes(65536), "large": dice.randbytes(3 * 65536)}
torrent = torrent_of(content)
with FilePool() as pool, Store.open(torrent, root, pool=pool) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    small = attempt(store.write_piece, 0, content["small"])
    large = attempt(store.write_piece, 1, content["large"][:65536])
    saved = attempt(store.save, PieceSet(4, [0]))
    good = list(check_pieces(store, store.wanted_pieces()))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = attempt(store.write_piece, 1, content["large"][:65536])
    after = list(check_pieces(store, store.wanted_pieces()))
tell(small=small, large=large, saved=saved, good=good, again=again, after=after)
"""
    told = run(script, tmp_path)
    assert told["small"] is None
    assert told["large"] == [
        "FULL",
        f"cannot write {tmp_path}/sample/large: File too large; "
        "the file system or a limit (ulimit -f) allows no larger file, choose another directory",
    ]
    assert told["saved"] is None
    assert told["good"] == [0]
    assert told["again"] is None
    assert told["after"] == [0, 1]


def test_permission_lost_on_the_way_is_said_and_may_come_back(tmp_path: Path) -> None:
    script = """
content = {"a": dice.randbytes(65536), "b": dice.randbytes(65536)}
torrent = torrent_of(content)
root.chmod(0o755)

def lose():
    os.seteuid(65534) if os.getuid() == 0 else [p.chmod(0o555) for p in (root, root / "sample")]

def regain():
    os.seteuid(0) if os.getuid() == 0 else [p.chmod(0o755) for p in (root, root / "sample")]

with FilePool() as pool, Store.open(torrent, root, pool=pool) as store:
    store.write_piece(0, content["a"])
    lose()
    data = attempt(store.write_piece, 1, content["b"])
    record = attempt(store.save, PieceSet(2, [0]))
    regain()
    again = attempt(store.write_piece, 1, content["b"])
    saved = attempt(store.save, PieceSet(2, [0, 1]))
tell(data=data, record=record, again=again, saved=saved)
"""
    told = run(script, tmp_path)
    advice = "Permission denied; change its permissions or choose another directory"
    assert told == {
        "data": ["PERMISSION", f"cannot write {tmp_path}/sample/b: {advice}"],
        "record": ["PERMISSION", f"cannot save {tmp_path}/.sample.torrent-peer: {advice}"],
        "again": None,
        "saved": None,
    }


def test_many_small_files_do_not_exhaust_descriptors(tmp_path: Path) -> None:
    script = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
content = {f"d{n % 7}/f{n:03}": dice.randbytes(100 + n) for n in range(500)}
torrent = torrent_of(content, 1000)
data = b"".join(content.values())
most = 0
with FilePool() as pool, Store.open(torrent, root, pool=pool) as store:
    for n in store.wanted_pieces():
        store.write_piece(n, data[n * 1000:(n + 1) * 1000])
        most = max(most, len(os.listdir("/proc/self/fd")))
    store.finish()
    store.save(store.wanted_pieces(), clean=True)
    good = check_pieces(store, store.wanted_pieces()).is_full
    limit = pool.limit
    # and when somebody else holds all the others
    hoard = []
    try:
        while True:
            hoard.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    hungry = check_pieces(store, store.wanted_pieces()).is_full
    saved = attempt(store.save, store.wanted_pieces())
    for fd in hoard:
        os.close(fd)
right = all((root / "sample" / path).read_bytes() == part for path, part in content.items())
with FilePool() as pool, Store.open(torrent, root, pool=pool) as store:
    recalled = recall(store)
tell(most=most, good=good, limit=limit, hungry=hungry, saved=saved, right=right, reason=recalled.reason,
     full=recalled.pieces.is_full)
"""
    told = run(script, tmp_path)
    assert told.pop("most") < 40
    assert told == {
        "good": True,
        "limit": 16,
        "hungry": True,
        "saved": None,
        "right": True,
        "reason": "resume record",
        "full": True,
    }
