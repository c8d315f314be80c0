"""A hash check in a process of its own, timed inside, after everything is imported.

    check_role.py ours TORRENT FOLDER THREADS      torrent_peer's check of a store
    check_role.py hashlib FILE PIECE_LENGTH HASHES THREADS      bare threads: preadv into a buffer, hashlib
Prints "checked SECONDS".
"""

import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

DIGEST = 20


def ours(torrent: str, folder: str, threads: str) -> None:
    """What `verify`, `seed` and a download without a record do."""
    from torrent_peer.core.piece_set import PieceSet
    from torrent_peer.metainfo.torrent import parse_torrent
    from torrent_peer.storage.check import check_pieces
    from torrent_peer.storage.pool import FilePool
    from torrent_peer.storage.store import Store

    described = parse_torrent(Path(torrent).read_bytes())
    begun = time.monotonic()
    with FilePool() as pool, Store.open(described, Path(folder), pool=pool, read_only=True) as store:
        good = check_pieces(store, PieceSet.full(described.geometry.piece_count), threads=int(threads))
    seconds = time.monotonic() - begun
    if not good.is_full:
        raise SystemExit(f"{described.geometry.piece_count - good.count} pieces are wrong")
    print(f"checked {seconds:.6f}")


def bare(file: str, piece_length: str, hashes: str, threads: str) -> None:
    """What nobody can beat who uses hashlib."""
    length, expected, lock, wrong = int(piece_length), Path(hashes).read_bytes(), threading.Lock(), 0
    fd = os.open(file, os.O_RDONLY)
    todo = iter(range(len(expected) // DIGEST))

    def work() -> None:
        nonlocal wrong
        buffer = memoryview(bytearray(length))
        while True:
            with lock:
                piece = next(todo, None)
            if piece is None:
                return
            got = os.preadv(fd, [buffer], piece * length)
            if hashlib.sha1(buffer[:got]).digest() != expected[piece * DIGEST : (piece + 1) * DIGEST]:
                wrong += 1

    begun = time.monotonic()
    workers = [threading.Thread(target=work) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.monotonic() - begun
    if wrong:
        raise SystemExit(f"{wrong} pieces are wrong")
    print(f"checked {seconds:.6f}")


if __name__ == "__main__":
    roles: dict[str, Callable[..., None]] = {"ours": ours, "hashlib": bare}
    roles[sys.argv[1]](*sys.argv[2:])
