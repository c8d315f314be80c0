"""Files hashed for a torrent to be: every piece, however cut, and no file that does not stand still."""

import hashlib
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from torrent_peer.storage import hashing
from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.hashing import hash_pieces
from torrent_peer.storage.source import look_at

LENGTHS = {"a": 1000, "b/c": 0, "b/d": 1, "e": 70_000, "f": 64, "g": 0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files of LENGTHS."""
    dice = random.Random(7)
    for name, length in LENGTHS.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(length))
    return tmp_path / "folder"


def content(folder: Path) -> bytes:
    """All the files end to end."""
    return b"".join((folder / name).read_bytes() for name in LENGTHS)


@pytest.mark.parametrize("threads", [None, 1, 5])
@pytest.mark.parametrize("buffer", [64, 1000, 1024 * 1024])
@pytest.mark.parametrize("piece_length", [64, 999, 16_384, 200_000])
def test_every_piece_is_that_of_the_files_end_to_end(
    folder: Path, piece_length: int, buffer: int, threads: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "BUFFER_LENGTH", buffer)
    whole = content(folder)
    assert hash_pieces(look_at(folder), piece_length, threads=threads) == b"".join(
        hashlib.sha1(whole[at : at + piece_length]).digest() for at in range(0, len(whole), piece_length)
    )


def test_progress_counts_every_piece_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "BUFFER_LENGTH", 4096)
    told: list[tuple[int, int]] = []
    hash_pieces(look_at(folder), 1000, progress=lambda *now: told.append(now))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert (told[-1], {total for _, total in told}) == ((72, 72), {72})


def _longer(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"!")


def _shorter(path: Path) -> None:
    os.truncate(path, 10)


def _other(path: Path) -> None:
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").rename(path)


def _rewritten(path: Path) -> None:
    path.write_bytes(bytes(LENGTHS["e"]))
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("change", [_longer, _shorter, _other, _rewritten, Path.unlink])
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_file_that_changes_is_an_error(
    folder: Path, change: Callable[[Path], None], when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "BUFFER_LENGTH", 4096)
    source = look_at(folder)
    path = folder / "e"
    left = [path]

    def progress(done: int, total: int) -> None:
        if when == "while" and left and done > total // 2:
            change(left.pop())

    if when == "before":
        change(left.pop())
    with pytest.raises(StorageError) as raised:
        hash_pieces(source, 1000, progress=progress)
    assert raised.value.kind is Kind.MISSING
    assert str(raised.value) == (f"{path} changed while it was hashed; run the command again when nothing writes to it")


def test_a_link_put_in_a_files_place_is_not_followed(folder: Path) -> None:
    source = look_at(folder)
    (folder / "e").rename(folder / "moved")
    (folder / "e").symlink_to("moved")
    with pytest.raises(StorageError) as raised:
        hash_pieces(source, 1000)
    assert raised.value.kind is Kind.CONFLICT


def test_an_interruption_ends_every_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "BUFFER_LENGTH", 64)
    before = threading.active_count()
    descriptors = len(os.listdir("/proc/self/fd"))

    def progress(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_pieces(look_at(folder), 64, threads=4, progress=progress)
    assert threading.active_count() == before
    assert len(os.listdir("/proc/self/fd")) == descriptors
