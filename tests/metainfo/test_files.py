"""The file list: lengths, padding, links and names, judged and laid end to end."""

from pathlib import PurePosixPath

import pytest

from torrent_peer.core.bencoding import Value
from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.fields import Fields
from torrent_peer.metainfo.files import MAX_TOTAL_LENGTH, TorrentFile, place_files, read_listed


def entry(length: Value, *path: Value, **more: Value) -> dict[bytes, Value]:
    return {
        b"length": length,
        b"path": list(path),
        **{key.replace("_utf_8", ".utf-8").encode(): v for key, v in more.items()},
    }


def placed(*entries: Value, codec: str | None = None) -> tuple[tuple[TorrentFile, ...], list[str]]:
    warnings: list[str] = []
    listed = read_listed(Fields({b"files": list(entries)}, "info"), codec)
    return place_files(listed, "top", warnings), warnings


def test_files_lie_end_to_end_below_the_torrents_folder() -> None:
    files, warnings = placed(entry(5, b"a"), entry(0, b"b"), entry(7, b"c", b"d"))
    assert files == (
        TorrentFile(1, PurePosixPath("top/a"), 5, 0, False, "a"),
        TorrentFile(2, PurePosixPath("top/b"), 0, 5, False, "b"),
        TorrentFile(3, PurePosixPath("top/c/d"), 7, 5, False, "c/d"),
    )
    assert files[-1].end == 12
    assert warnings == []


def test_a_single_file_has_no_folder() -> None:
    warnings: list[str] = []
    files = place_files(read_listed(Fields({b"length": 9}, "info"), None), "a.txt", warnings)
    assert files == (TorrentFile(1, PurePosixPath("a.txt"), 9, 0, False, "a.txt"),)
    assert warnings == []


def test_padding_takes_room_but_no_number_and_no_name() -> None:
    pad = entry(3, b".pad", b"3", attr=b"p")
    files, warnings = placed(entry(5, b"a"), pad, entry(5, b"b"), pad, {b"length": 3, b"attr": b"xp"}, entry(1, b"c"))
    assert [(file.index, str(file.path), file.offset, file.padding) for file in files] == [
        (1, "top/a", 0, False),
        (0, "top/.pad/3", 5, True),
        (2, "top/b", 8, False),
        (0, "top/.pad/3", 13, True),
        (0, "top/.pad/3", 16, True),
        (3, "top/c", 19, False),
    ]
    assert warnings == []


def test_a_file_that_looks_like_padding_is_told_apart_from_none() -> None:
    files, _ = placed(entry(5, b".pad", b"3"), entry(5, b"_____padding_file_0"), entry(1, b"a", attr=b"xh"))
    assert [file.padding for file in files] == [False, False, False]


@pytest.mark.parametrize("length", [{}, {b"length": 0}, {b"length": 425}, {b"length": -1}])
def test_symbolic_links_are_never_made(length: dict[bytes, Value]) -> None:
    link: dict[bytes, Value] = {b"path": [b"l"], b"attr": b"l", b"symlink path": [b"..", b"..", b"etc"], **length}
    files, warnings = placed(entry(5, b"a"), link, entry(6, b"l", b"b"))
    assert [(str(file.path), file.offset) for file in files] == [("top/a", 0), ("top/l/b", 5)]
    assert warnings == ["1 symbolic links are left out; links are never made"]


def test_names_in_utf_8_go_first() -> None:
    files, warnings = placed(
        entry(1, b"fr\xfch", path_utf_8=["früh".encode()]),
        entry(1, b"fr\xfchling"),
        entry(1, b"x", b"y", path_utf_8=[b"only one"]),
        entry(1, b"z", path_utf_8=b"no list"),
    )
    assert [str(file.path) for file in files] == ["top/früh", "top/frühling", "top/x/y", "top/z"]
    assert warnings == []


def test_names_in_the_torrents_encoding_are_read() -> None:
    files, _ = placed(entry(1, "春天".encode("gbk")), codec="gb18030")
    assert str(files[0].path) == "top/春天"


def test_a_file_saved_under_another_name_is_told() -> None:
    files, warnings = placed(entry(1, b"..", b"a\x1b"), entry(1, b"a"), entry(1, b"A"), entry(1, b"n" * 200 + b":"))
    assert [str(file.path) for file in files] == ["top/_/a_", "top/a", "top/A.1", "top/" + "n" * 200 + "_"]
    assert files[0].original == "../a\\x1b"
    assert warnings == [
        '"../a\\x1b" is saved as "_/a_"',
        '"A" is saved as "A.1"',
        f'"{"n" * 120}…" is saved as "{"n" * 200}_"',
    ]


@pytest.mark.parametrize(
    ("info", "error"),
    [
        ({b"files": 5}, "info.files: should be a list, but is an integer"),
        ({b"files": [5]}, "info.files[0]: should be a dictionary, but is an integer"),
        ({b"files": [{}]}, "info.files[0].length: is missing"),
        ({b"files": [entry(-1, b"a")]}, f"info.files[0].length: -1 is outside 0 to {2**48}"),
        ({b"files": [entry(2**48 + 1, b"a")]}, f"info.files[0].length: {2**48 + 1} is outside 0 to {2**48}"),
        ({b"files": [entry(b"5", b"a")]}, "info.files[0].length: should be an integer, but is a string"),
        ({b"files": [{b"length": 1}]}, "info.files[0].path: is missing"),
        ({b"files": [{b"length": 1, b"path": b"a"}]}, "info.files[0].path: should be a list, but is a string"),
        ({b"files": [entry(1)]}, "info.files[0].path: is empty; a file needs a name"),
        ({b"files": [entry(1, b"a", 5)]}, "info.files[0].path[1]: should be a string, but is an integer"),
        ({b"files": [entry(1, b"a", attr=5)]}, "info.files[0].attr: should be a string, but is an integer"),
        (
            {b"files": [entry(1, b"a", path_utf_8=[5])]},
            "info.files[0].path.utf-8[0]: should be a string, but is an integer",
        ),
        ({b"files": [entry(1, *[b"a"] * 65)]}, "a file's path has 66 components; 1 to 64 can be used"),
        ({}, "info.length: is missing"),
        ({b"length": []}, "info.length: should be an integer, but is a list"),
        (
            {b"length": 5, b"files": [entry(1, b"a")]},
            "info: there are both `length` and `files`; it is not clear what the torrent holds",
        ),
        ({b"length": 0}, "the torrent has no content (0 bytes): there is nothing to download"),
        ({b"files": []}, "the torrent has no content (0 bytes): there is nothing to download"),
        ({b"files": [entry(0, b"a")]}, "the torrent has no content (0 bytes): there is nothing to download"),
        (
            {b"files": [entry(9, attr=b"p")]},
            "the torrent has no content (0 bytes): there is nothing to download",
        ),
        (
            {b"files": [entry(9, b"a", attr=b"p"), entry(0, b"b")]},
            "the torrent has no content (0 bytes): there is nothing to download",
        ),
        (
            {b"files": [entry(2**47, b"a"), entry(2**47, b"b"), entry(1, b"c")]},
            f"the files have {2**48 + 1} bytes; at most {2**48} (256 TiB) can be used",
        ),
    ],
)
def test_what_is_wrong_with_the_list_is_named(info: dict[bytes, Value], error: str) -> None:
    with pytest.raises(TorrentError) as raised:
        place_files(read_listed(Fields(info, "info"), None), "top", [])
    assert str(raised.value) == error


def test_the_largest_total_may_be_reached() -> None:
    files, _ = placed(entry(2**47, b"a"), entry(2**47, b"b"))
    assert files[-1].end == MAX_TOTAL_LENGTH
