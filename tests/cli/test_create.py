"""`create` makes the torrent other tools would make, or says why not and writes nothing."""

import json
import os
import random
from pathlib import Path
from typing import Any

import libtorrent as lt
import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.create import parse_piece_length
from torrent_peer.metainfo.torrent import Torrent, parse_torrent
from torrent_peer.storage import hashing

DICE = random.Random(5)
FILES = {
    "Z": 40_000,
    "a": 70_001,
    "b-a": 1,
    "b/deep/x": 16_384,
    "b/x": 123_456,
    "empty": 0,
    "ä ö.txt": 99,
}
"""In the order of a torrent."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the working directory; `folder` is beside it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of FILES."""
    for name, length in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DICE.randbytes(length))
    return tmp_path / "folder"


def read(path: Path) -> Torrent:
    return parse_torrent(path.read_bytes())


def info_by_libtorrent(folder: Path, piece_length: int, *, private: bool = False, source: str = "") -> bytes:
    """The bytes of `info` as libtorrent makes them, of FILES in their order."""
    entries = [lt.create_file_entry(f"{folder.name}/{name}", length) for name, length in FILES.items()]
    maker = lt.create_torrent(entries, piece_length, lt.create_torrent.v1_only)
    maker.set_priv(private)
    lt.set_piece_hashes(maker, str(folder.parent))
    info: dict[bytes, Any] = maker.generate()[b"info"]
    return bytes(lt.bencode(info | ({b"source": source.encode()} if source else {})))


@pytest.mark.parametrize("piece_length", [16 * 1024, 64 * 1024, 1024 * 1024])
@pytest.mark.parametrize(("flags", "more"), [([], {}), (["-p", "-s", "SRC"], {"private": True, "source": "SRC"})])
def test_info_is_libtorrents_byte_for_byte(
    invoke: Invoke, here: Path, folder: Path, piece_length: int, flags: list[str], more: dict[str, Any]
) -> None:
    result = invoke("create", folder, "--piece-length", piece_length, *flags)
    assert result.exit_code == 0, result.stderr
    data = (here / "folder.torrent").read_bytes()
    torrent = parse_torrent(data)
    assert torrent.info == info_by_libtorrent(folder, piece_length, **more)
    theirs = lt.load_torrent_buffer(data).ti
    assert theirs is not None
    assert theirs.info_hashes().v1.to_bytes() == torrent.info_hash


def test_one_file_is_libtorrents_too(invoke: Invoke, here: Path, folder: Path) -> None:
    assert invoke("create", folder / "a", "--piece-length", "16K").exit_code == 0
    maker = lt.create_torrent([lt.create_file_entry("a", FILES["a"])], 16 * 1024, lt.create_torrent.v1_only)
    lt.set_piece_hashes(maker, str(folder))
    assert read(here / "a.torrent").info == lt.bencode(maker.generate()[b"info"])


def test_what_the_flags_say_is_in_it(invoke: Invoke, here: Path, folder: Path) -> None:
    words = "-t http://a/announce,udp://b:1 -t https://c/x -w http://w/1 -w https://w/2 -c hello -p -s S --no-date"
    result = invoke("create", folder, *words.split())
    assert (result.exit_code, result.stderr) == (0, "")
    torrent = read(here / "folder.torrent")
    assert result.stdout.splitlines() == [
        "folder.torrent: 7 files, 244 KiB, 16 pieces of 16.0 KiB",
        f"  info-hash {torrent.info_hash.hex()}",
    ]
    assert torrent.trackers == (("http://a/announce", "udp://b:1"), ("https://c/x",))
    assert torrent.web_seeds == ("http://w/1", "https://w/2")
    assert (torrent.comment, torrent.private, torrent.source, torrent.creation_date) == ("hello", True, "S", None)
    assert torrent.created_by is not None
    assert torrent.created_by.startswith("torrent_peer ")


def test_without_a_date_it_is_the_same_every_time_and_with_one_it_is_dated(
    invoke: Invoke, here: Path, folder: Path
) -> None:
    for name, flags in (("1", ["--no-date"]), ("2", ["--no-date"]), ("3", [])):
        assert invoke("create", folder, "-o", name, *flags).exit_code == 0
    assert (here / "1").read_bytes() == (here / "2").read_bytes()
    dates = [read(here / name).creation_date for name in ("1", "3")]
    assert dates[0] is None
    assert dates[1] is not None


def test_verify_finds_everything_right(invoke: Invoke, here: Path, folder: Path) -> None:
    invoke("create", folder)
    assert invoke("verify", "folder.torrent", folder).exit_code == 0


def test_hidden_names_are_left_out_and_said_so(invoke: Invoke, here: Path, folder: Path) -> None:
    (folder / ".secret").write_text("x")
    result = invoke("create", folder)
    assert result.stderr == "left out: 1 hidden name; --hidden takes them\n"
    assert len(read(here / "folder.torrent").files) == len(FILES)
    invoke("create", folder, "--hidden", "--overwrite")
    assert read(here / "folder.torrent").files[0].original == ".secret"


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["*.TXT"], ["Z", "a", "b-a", "b/deep/x", "b/x", "empty"]),
        (["b"], ["Z", "a", "b-a", "empty", "ä ö.txt"]),
        (["b/*"], ["Z", "a", "b-a", "empty", "ä ö.txt"]),
        (["x", "empty", "nothing"], ["Z", "a", "b-a", "ä ö.txt"]),
    ],
)
def test_globs_match_paths_and_names_in_any_case(
    invoke: Invoke, here: Path, folder: Path, patterns: list[str], left: list[str]
) -> None:
    result = invoke("create", folder, *(word for pattern in patterns for word in ("--exclude", pattern)))
    assert result.exit_code == 0, result.stderr
    assert [file.original for file in read(here / "folder.torrent").files] == left


def test_with_json_it_is_a_document(invoke: Invoke, here: Path, folder: Path) -> None:
    document = json.loads(invoke("create", "--json", folder).stdout)
    torrent = read(here / "folder.torrent")
    assert (document["path"], document["info_hash"]) == ("folder.torrent", torrent.info_hash.hex())
    assert [file["size"] for file in document["files"]] == list(FILES.values())


def test_a_directory_to_write_to_keeps_the_name(invoke: Invoke, here: Path, folder: Path) -> None:
    (here / "out").mkdir()
    assert invoke("create", folder, "-o", "out").stdout.startswith("out/folder.torrent: ")
    assert (here / "out/folder.torrent").exists()


def test_nothing_is_overwritten_unasked(invoke: Invoke, here: Path, folder: Path) -> None:
    (here / "folder.torrent").write_text("mine")
    result = invoke("create", folder)
    said = "folder.torrent: exists already; choose another name with -o, or --overwrite it"
    assert (result.exit_code, result.stderr) == (9, f"torrent-peer: {said}\n")
    assert (here / "folder.torrent").read_text() == "mine"
    assert invoke("create", folder, "--overwrite").exit_code == 0
    assert read(here / "folder.torrent").name == "folder"


def test_a_private_torrent_nobody_finds_is_pointed_out(invoke: Invoke, here: Path, folder: Path) -> None:
    said = "it is private and has no tracker: nobody will find it; name one with -t\n"
    assert invoke("create", folder, "-p").stderr == said


def test_a_file_that_changes_is_an_error_and_nothing_is_written(
    invoke: Invoke, here: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*args: Any, **more: Any) -> bytes:
        os.utime(folder / "b/x", ns=(1, 1))
        return hash_pieces(*args, **more)

    hash_pieces = hashing.hash_pieces
    monkeypatch.setattr(hashing, "hash_pieces", touched)
    result = invoke("create", folder)
    said = f"{folder}/b/x changed while it was hashed; run the command again when nothing writes to it"
    assert (result.exit_code, result.stderr) == (8, f"torrent-peer: {said}\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "what?",
            "{}/what?: others would save it as 'folder/what_', so that it could not be seeded from here; "
            "rename it, or leave it out with --exclude",
        ),
        (
            "A",
            "{}/a: others would save it as 'folder/a.1', so that it could not be seeded from here; "
            "rename it, or leave it out with --exclude",
        ),
        ("\udcff", "{}/\\udcff: its name is not UTF-8; rename it, or leave it out with --exclude"),
    ],
)
def test_a_name_that_would_not_come_back_is_refused(
    invoke: Invoke, here: Path, folder: Path, name: str, said: str
) -> None:
    (folder / name).write_text("x")
    result = invoke("create", folder)
    assert (result.exit_code, result.stderr) == (3, f"torrent-peer: {said.format(folder)}\n")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none"], 2, "none: no such file or folder"),
        (["{folder}", "--version", "2"], 2, "--version 2: not yet; only version 1 can be created so far"),
        (["{folder}", "--version", "hybrid"], 2, "--version hybrid: not yet; only version 1 can be created so far"),
        (["{folder}", "-o", "x/y"], 2, "x/y: there is no directory x; choose another place with -o"),
        (
            ["{folder}", "-o", "{folder}/b/x.torrent"],
            2,
            "{folder}/b/x.torrent: lies inside what it is to describe; choose another place with -o",
        ),
        (
            ["{folder}/a", "-o", "{folder}/a", "--overwrite"],
            2,
            "{folder}/a: is what it is to describe; choose another place with -o",
        ),
        (["."], 3, ".: holds no data; there is nothing to make a torrent of"),
        (["{folder}/empty"], 3, "{folder}/empty: holds no data; there is nothing to make a torrent of"),
        (
            ["{folder}", "--exclude", "*"],
            3,
            "{folder}: holds no data besides what is left out (6); there is nothing to make a torrent of",
        ),
        (
            ["{folder}", "-t", "http://a,t.example"],
            2,
            "Invalid value for '-t' / '--tracker': 't.example' is not an http, https or udp URL; "
            "see 'torrent-peer create --help'",
        ),
        (
            ["{folder}", "-w", "ftp://a"],
            2,
            "Invalid value for '-w' / '--webseed': 'ftp://a' is not an http or https URL; "
            "see 'torrent-peer create --help'",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_written(
    invoke: Invoke, here: Path, folder: Path, words: list[str], code: int, said: str
) -> None:
    result = invoke("create", *(word.format(folder=folder) for word in words))
    assert (result.exit_code, result.stderr) == (code, f"torrent-peer: {said.format(folder=folder)}\n")
    assert list(here.iterdir()) == []
    assert sum(path.is_file() for path in folder.rglob("*")) == len(FILES)


def test_a_link_below_is_an_error_until_it_is_excluded(invoke: Invoke, here: Path, folder: Path) -> None:
    (folder / "link").symlink_to("a")
    result = invoke("create", folder)
    assert result.exit_code == 8
    assert "link is a symbolic link, which is never followed" in result.stderr
    assert invoke("create", folder, "--exclude", "link").exit_code == 0


@pytest.mark.parametrize("text", ["15K", "8K", "128M", "18", "0", "1.5M"])
def test_a_piece_length_is_a_power_of_two_in_bounds(text: str) -> None:
    with pytest.raises(ValueError) as raised:
        parse_piece_length(text)
    assert str(raised.value) == f"'{text}' is no power of two from 16K to 64M; write 256K or 1M"


def test_a_full_disk_leaves_no_torrent(invoke: Invoke, folder: Path) -> None:
    result = invoke("create", folder, "-o", "/dev/full", "--overwrite")
    assert (result.exit_code, result.stderr) == (
        8,
        "torrent-peer: /dev/full: No space left on device; choose another place with -o\n",
    )
    assert Path("/dev/full").exists()
