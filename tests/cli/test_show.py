"""What `show` says about a torrent."""

import json
from pathlib import Path

from tests.cli.fakes import Invoke
from torrent_peer.cli.show import FILES_SHOWN
from torrent_peer.metainfo.create import create_torrent


def test_everything_on_a_few_lines(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "t.torrent"
    raw = create_torrent(
        "böx",
        {"a.txt": b"a" * 2048, "d/b": b"b"},
        piece_length=16384,
        trackers=[["http://t.example/announce", "udp://u.example:80"], ["http://v.example/announce"]],
        web_seeds=["http://w.example/"],
        comment="c\x1b[2J",
        created_by="me",
        creation_date=1767225600,
        private=True,
        source="S",
    )
    path.write_bytes(raw)
    result = invoke("show", path)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    info_hash = lines[1].split()[1]
    magnet = (
        f"magnet:?xt=urn:btih:{info_hash}&dn=b%C3%B6x&tr=http%3A%2F%2Ft.example%2Fannounce"
        "&tr=udp%3A%2F%2Fu.example%3A80&tr=http%3A%2F%2Fv.example%2Fannounce"
    )
    shown = [line for line in lines if not line.startswith(("comment:", "warning:"))]
    assert shown == [
        "name:       böx",
        f"info-hash:  {info_hash}",
        "size:       2.0 KiB (2049 bytes) in 2 files, 1 piece of 16.0 KiB",
        "kind:       v1, private",
        "created:    2026-01-01T00:00:00Z by me",
        "source:     S",
        "tracker 1:  http://t.example/announce, udp://u.example:80",
        "tracker 2:  http://v.example/announce",
        "web seed:   http://w.example/",
        f"magnet:     {magnet}",
        "files:",
        "  1    2.0 KiB  böx/a.txt",
        "  2        1 B  böx/d/b",
    ]
    assert "\x1b" not in result.stdout


def test_json_has_it_all(invoke: Invoke, torrent_path: Path) -> None:
    document = json.loads(invoke("show", torrent_path, "--json").stdout)
    assert (document["name"], document["size"], document["pieces"]) == ("sample", 91201, 6)
    assert [(file["index"], file["path"]) for file in document["files"]] == [
        (1, "sample/a.txt"),
        (2, "sample/sub/b.bin"),
        (3, "sample/c.txt"),
    ]
    assert document["magnet"] == f"magnet:?xt=urn:btih:{document['info_hash']}&dn=sample"


def test_many_files_are_cut_unless_asked_for(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "t.torrent"
    path.write_bytes(create_torrent("many", {f"{number:03}": b"x" for number in range(100)}))
    short, whole = invoke("show", path).stdout.splitlines(), invoke("show", path, "--files").stdout.splitlines()
    assert short[-1] == f"  and {100 - FILES_SHOWN} more; --files lists them"
    assert short[-2] == "   20        1 B  many/019"
    assert whole[-1] == "  100        1 B  many/099"


def test_a_date_that_is_none_is_left_out(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "t.torrent"
    path.write_bytes(create_torrent("late", b"x", creation_date=2**60))
    assert "created:" not in invoke("show", path).stdout
