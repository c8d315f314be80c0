"""Which files a torrent is made of, in which order, and what cannot be."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from torrent_peer.storage.errors import Kind, StorageError
from torrent_peer.storage.source import look_at

NAMES = ("b/x", "b-a", "a", "B", "ä", "empty", ".hidden", ".git/config", "b/.also")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all sorts of names; each file holds its own."""
    for name in NAMES:
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "empty" else name)
    return tmp_path / "folder"


def names(folder: Path, *, hidden: bool = False, excluded: Callable[[str], bool] | None = None) -> list[str]:
    """The paths found, below the folder."""
    return ["/".join(file.parts[1:]) for file in look_at(folder, hidden=hidden, excluded=excluded).files]


def test_files_come_in_the_order_of_the_bytes_of_their_paths_and_hidden_ones_not_at_all(folder: Path) -> None:
    source = look_at(folder)
    assert [file.parts for file in source.files] == [
        ("folder", "B"),
        ("folder", "a"),
        ("folder", "b-a"),
        ("folder", "b", "x"),
        ("folder", "empty"),
        ("folder", "ä"),
    ]
    assert (source.root, source.name, source.is_file) == (folder.parent, "folder", False)
    assert (source.length, source.hidden, source.excluded) == (10, 3, 0)


def test_hidden_files_come_when_they_are_asked_for(folder: Path) -> None:
    assert names(folder, hidden=True) == [".git/config", ".hidden", "B", "a", "b-a", "b/.also", "b/x", "empty", "ä"]


def test_what_is_excluded_is_left_out_with_all_below_it_and_counted(folder: Path) -> None:
    assert names(folder, excluded={"b", "a", "x"}.__contains__) == ["B", "b-a", "empty", "ä"]
    assert look_at(folder, excluded={"b", "a", "x"}.__contains__).excluded == 2
    assert names(folder, excluded={"b/x"}.__contains__) == ["B", "a", "b-a", "empty", "ä"]


def test_one_file_is_a_torrent_of_its_own_whatever_it_is_called(folder: Path) -> None:
    source = look_at(folder / ".hidden")
    assert (source.root, source.name, source.is_file) == (folder, ".hidden", True)
    assert [(file.parts, file.length) for file in source.files] == [((".hidden",), 7)]


def test_a_link_that_is_named_is_followed_and_the_name_is_that_of_its_target(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert look_at(link) == look_at(folder)


def test_the_folder_we_are_in_has_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert look_at(Path()) == look_at(folder)


def test_what_is_neither_file_nor_folder_is_named_and_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # a socket's path must be short
    (folder / "link").symlink_to("a")
    (folder / "b/gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("sock")
        with pytest.raises(StorageError) as raised:
            look_at(folder)
    assert raised.value.kind is Kind.CONFLICT
    assert str(raised.value) == (
        f"cannot make a torrent of {folder}: b/gone is a symbolic link, which is never followed, "
        "link is a symbolic link, which is never followed, pipe is a named pipe and 1 more; only files and folders "
        "can be seeded: leave out what is neither with --exclude, or put a copy in its place"
    )
    assert "link" not in names(folder, excluded={"link", "b/gone", "pipe", "sock"}.__contains__)


def test_what_is_not_there_or_has_no_name_or_no_bytes_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path, kind, said in [
        (tmp_path / "none", Kind.MISSING, "{}: no such file or folder"),
        (Path("/"), Kind.CONFLICT, "cannot use {}: it has no name a torrent could have"),
        (tmp_path / "pipe", Kind.CONFLICT, "cannot use {}: it is a named pipe; name a file or a folder"),
        (tmp_path / "circle", Kind.CONFLICT, "cannot use {}: its links lead in a circle"),
    ]:
        with pytest.raises(StorageError) as raised:
            look_at(path)
        assert (raised.value.kind, str(raised.value)) == (kind, said.format(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_an_error_not_a_gap(folder: Path) -> None:
    (folder / "b").chmod(0)
    try:
        with pytest.raises(StorageError) as raised:
            look_at(folder)
    finally:
        (folder / "b").chmod(0o755)
    assert raised.value.kind is Kind.PERMISSION


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert look_at(tmp_path).files == ()
