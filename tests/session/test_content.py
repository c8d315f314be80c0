import os
import threading
from pathlib import Path

import pytest
import trio
from attrs import evolve

from tests.session.stage import CONTENT, GEOMETRY, PIECE_LENGTH, PLAIN, TORRENT, place
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.session.content import Content
from torrent_peer.session.events import CheckProgress, Event
from torrent_peer.session.options import TorrentOptions
from torrent_peer.storage.errors import StorageError
from torrent_peer.storage.pool import FilePool


async def opened(root: Path, options: TorrentOptions = PLAIN, torrent: Torrent = TORRENT) -> Content:
    return await Content.open(torrent, root, options, FilePool())


async def stock(content: Content, *, recheck: bool = False) -> tuple[str | None, list[Event]]:
    events: list[Event] = []
    reason = await content.take_stock(events.append, recheck=recheck, cancelled=lambda: False)
    await trio.testing.wait_all_tasks_blocked()
    return reason, events


async def test_what_is_right_on_disk_is_found_with_progress(tmp_path: Path) -> None:
    content = await opened(place(tmp_path, pieces=3))
    reason, events = await stock(content)
    assert reason is not None
    assert sorted(content.have) == [0, 1, 2]
    assert isinstance(events[-1], CheckProgress)
    assert events[-1].done == events[-1].total
    await content.close()


async def test_what_was_saved_is_known_without_hashing(tmp_path: Path) -> None:
    first = await opened(tmp_path)
    await stock(first)
    for piece in (0, 3):
        start = piece * PIECE_LENGTH
        first.store.write_piece(piece, CONTENT[start : start + PIECE_LENGTH])
        first.have.add(piece)
    await first.save(uploaded=7, downloaded=9, clean=True)
    await first.close()
    second = await opened(tmp_path)
    reason, _ = await stock(second)
    assert reason == "resume record"
    assert sorted(second.have) == [0, 3]
    assert (second.uploaded_before, second.downloaded_before) == (7, 9)
    await second.save(uploaded=1, downloaded=1, clean=True)
    await second.close()
    third = await opened(tmp_path)
    await stock(third)
    assert (third.uploaded_before, third.downloaded_before) == (8, 10)
    await third.close()


async def test_a_cancelled_look_knows_nothing_and_saves_nothing(tmp_path: Path) -> None:
    content = await opened(place(tmp_path))
    reason = await content.take_stock(lambda event: None, recheck=True, cancelled=lambda: True)
    assert reason is None
    await content.save(uploaded=0, downloaded=0, clean=True)
    await content.close()
    assert os.listdir(tmp_path) == [TORRENT.name]
    assert not content.have


async def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / TORRENT.name).write_bytes(b"mine")
    content = await opened(tmp_path)
    with pytest.raises(StorageError, match="already exists and holds nothing of this torrent"):
        await stock(content)
    await content.close()
    overwriting = await opened(tmp_path, evolve(PLAIN, overwrite=True))
    assert (await stock(overwriting))[0] is not None
    await overwriting.close()


async def test_only_wanted_bytes_count(tmp_path: Path) -> None:
    files = {"a": b"a" * 40_000, "b": b"b" * 40_000}
    torrent = parse_torrent(create_torrent("two", files, piece_length=16 * 1024))
    content = await opened(tmp_path, evolve(PLAIN, wanted_files=frozenset({2})), torrent)
    assert content.wanted == PieceSet(5, [2, 3, 4])
    assert content.wanted_bytes == 2 * 16 * 1024 + (80_000 - 4 * 16 * 1024)
    await content.close()


async def test_the_disk_is_never_touched_on_the_trio_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = await opened(tmp_path)
    await stock(content)
    threads: list[threading.Thread] = []
    for name in ("finish", "save", "close"):
        monkeypatch.setattr(content.store, name, lambda *_, **__: threads.append(threading.current_thread()))
    await content.finish()
    await content.save(uploaded=0, downloaded=0, clean=False)
    await content.close()
    assert len(threads) == 3
    assert threading.main_thread() not in threads
    monkeypatch.undo()
    await content.close()


async def test_the_set_of_verified_pieces_begins_empty(tmp_path: Path) -> None:
    content = await opened(place(tmp_path))
    assert content.have == PieceSet(GEOMETRY.piece_count)
    await content.close()
