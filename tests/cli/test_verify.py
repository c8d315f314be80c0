"""`verify` names what is wrong, by piece and by file."""

import json
from pathlib import Path

import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.verify import ranges


@pytest.mark.parametrize("below", ["", "sample"])
def test_data_that_is_right(invoke: Invoke, torrent_path: Path, content: Path, below: str) -> None:
    result = invoke("verify", torrent_path, content / below)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "sample: all 6 pieces right, 89.1 KiB\n", "")


def test_every_damage_is_named_by_file_and_piece(invoke: Invoke, torrent_path: Path, content: Path) -> None:
    with (content / "sample/sub/b.bin").open("r+b") as file:
        file.seek(20_000)
        file.write(b"!")
    (content / "sample/c.txt").unlink()
    with (content / "sample/a.txt").open("ab") as file:
        file.write(b"more")
    result = invoke("verify", torrent_path, content)
    assert result.exit_code == 6
    assert result.stdout.splitlines() == [
        "sample: 2 of 6 pieces wrong",
        "  1  sample/a.txt: 40004 bytes instead of 40000",
        "  2  sample/sub/b.bin: 2 of 4 pieces wrong (3, 5)",
        "  3  sample/c.txt: missing",
        "  'torrent-peer download' with the same directory fetches what is wrong",
    ]
    document = json.loads(invoke("verify", "--json", torrent_path, content).stdout)
    assert (document["ok"], document["bad_pieces"]) == (False, [3, 5])
    assert document["damaged_files"][2] == {
        "index": 3,
        "path": "sample/c.txt",
        "size": 1,
        "size_on_disk": None,
        "bad_pieces": [5],
    }


def test_nothing_there_is_all_wrong_and_stays_nothing(invoke: Invoke, torrent_path: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert invoke("verify", torrent_path, empty).stdout.startswith("sample: 6 of 6 pieces wrong\n")
    assert list(empty.iterdir()) == []


def test_a_directory_that_is_not_there_is_wrong_usage(invoke: Invoke, torrent_path: Path) -> None:
    result = invoke("verify", torrent_path, "/nowhere")
    assert (result.exit_code, result.stderr) == (
        2,
        "torrent-peer: /nowhere: no such file or directory; give the one the torrent was saved in\n",
    )


def test_pieces_are_listed_as_ranges() -> None:
    assert ranges((0, 1, 2, 3, 7, 9, 10, 11)) == "0-3, 7, 9-11"
    assert ranges(tuple(range(0, 100, 2))).endswith("20, 22, …")
