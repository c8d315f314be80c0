"""Hostile names: whatever a torrent calls its files, they stay inside, apart, and the same everywhere."""

import os
import sys
import unicodedata
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.paths import MAX_COMPONENT, safe_component, safe_paths, same_name

HOSTILE_PARTS = [
    *(
        "",
        ".",
        "..",
        "...",
        "/",
        "\\",
        "~",
        "a",
        "A",
        "a.txt",
        "A.TXT",
        "a.",
        "a ",
        "a. .",
        " a",
        "con",
        "CON",
        "nul.txt",
    ),
    *(
        "com1",
        "LPT9.tar.gz",
        "aux .x",
        "/etc/passwd",
        "C:\\x",
        "a:b",
        "\\\\host\\share",
        "..\\..\\x",
        "../../x",
        "x/../y",
    ),
    *("a\0b", "\x1b[31m", "\u202egpj.exe", "ß", "ss", "SS", "é", "e\u0301", "É", "\u212a", "k", "K", "İ", "i\u0307"),
    *("a.1", "a.2", "a.1.txt", "x" * 300, "x" * 300 + ".txt", "ü" * 200 + ".mkv", "_", "__", "%2e%2e", "．．", "..;"),
]
PARTS = st.sampled_from(HOSTILE_PARTS) | st.text(max_size=12) | st.text("./\\ aA:\0", max_size=6)
PATHS = st.lists(st.lists(PARTS, min_size=1, max_size=4).map(tuple), max_size=25)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("plain.txt", "plain.txt"),
        (".hidden", ".hidden"),
        (" two blanks  in it", " two blanks  in it"),
        ("früh 春 🌱.txt", "früh 春 🌱.txt"),
        ("a..b", "a..b"),
        ("~", "~"),
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        ("...", "_"),
        ("   ", "_"),
        ("/", "_"),
        ("/etc/passwd", "_etc_passwd"),
        ("..\\..\\x", ".._.._x"),
        ("C:\\x", "C__x"),
        ("a:b", "a_b"),
        ('<>:"/\\|?*', "_________"),
        ("a\0b", "a_b"),
        ("a\nb\x7f\x85", "a_b__"),
        ("line\u2028end\u2029", "line_end_"),
        ("\u202egpj.exe", "_gpj.exe"),
        ("a\u200eb\u061cc\u2066d\u2069", "a_b_c_d_"),
        ("\ud800x\udfff", "_x_"),
        ("a.", "a"),
        ("a. . .", "a"),
        ("con", "_con"),
        ("CON", "_CON"),
        ("NUL.txt", "_NUL.txt"),
        ("aux .tar.gz", "_aux .tar.gz"),
        ("com1", "_com1"),
        ("LPT³", "_LPT³"),
        ("CONIN$", "_CONIN$"),
        ("con.", "_con"),
        ("console", "console"),
        ("com10", "com10"),
        ("nul_", "nul_"),
        ("x" * 255, "x" * 255),
        ("x" * 256, "x" * 255),
        ("x" * 300 + ".txt", "x" * 251 + ".txt"),
        ("ü" * 200 + ".mkv", "ü" * 125 + ".mkv"),
        ("x" * 300 + "." + "y" * 40, "x" * 255),
        ("x" * 250 + " " * 20 + ".txt", "x" * 250 + ".txt"),
        (" " * 300 + "x", "_"),
        ("con" + " " * 300 + "x.txt", "_con.txt"),
        ("nul." + "x" * 251, "_nul." + "x" * 250),
        ("x" * 10_000_000 + ".txt", "x" * 251 + ".txt"),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_one_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_component(name) == safe


@given(PARTS)
def test_a_safe_name_is_safe_whatever_it_was(name: str) -> None:
    safe = safe_component(name)
    assert safe_component(safe) == safe
    assert safe not in ("", ".", "..")
    assert len(safe.encode()) <= MAX_COMPONENT
    assert not set(safe) & set('<>:"/\\|?*')
    assert all(unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in safe)
    assert not safe.endswith((".", " "))


@pytest.mark.parametrize(
    ("paths", "safe"),
    [
        ([("a", "b.txt"), ("a", "c.txt"), ("d",)], ["a/b.txt", "a/c.txt", "d"]),
        ([("..", "..", "x")], ["_/_/x"]),
        ([("", "x")], ["_/x"]),
        ([("a.txt",), ("a.txt",), ("a.txt",)], ["a.txt", "a.1.txt", "a.2.txt"]),
        ([("A.txt",), ("a.TXT",)], ["A.txt", "a.1.TXT"]),
        ([("a",), ("a.1",), ("a",)], ["a", "a.1", "a.2"]),
        ([("a?",), ("a*",)], ["a_", "a_.1"]),
        ([("é",), ("e\u0301",), ("É",)], ["é", "e\u0301.1", "É.2"]),
        ([("ß",), ("SS",), ("ss",)], ["ß", "SS.1", "ss.2"]),
        ([("k",), ("\u212a",)], ["k", "\u212a.1"]),
        ([("Dir", "x"), ("dir", "y"), ("DIR", "x")], ["Dir/x", "Dir/y", "Dir/x.1"]),
        ([("a",), ("a", "b")], ["a", "a.1/b"]),
        ([("a", "b"), ("a",)], ["a/b", "a.1"]),
        ([("a", "b"), ("A",), ("a", "c")], ["a/b", "A.1", "a/c"]),
        ([(".bashrc",), (".bashrc",)], [".bashrc", ".bashrc.1"]),
        ([("x" * 255,), ("x" * 255,)], ["x" * 255, "x" * 240 + ".1"]),
        ([("x" * 251 + ".txt",)] * 2, ["x" * 251 + ".txt", "x" * 236 + ".1.txt"]),
        ([("con" + " " * 240 + "x",)] * 2, ["con" + " " * 240 + "x", "_con.1"]),
    ],
)
def test_names_that_collide_are_told_apart(paths: list[tuple[str, ...]], safe: list[str]) -> None:
    assert safe_paths(paths) == [PurePosixPath(path) for path in safe]


@given(PATHS)
def test_no_path_leaves_the_root_and_no_two_are_the_same(paths: list[tuple[str, ...]]) -> None:
    safe = safe_paths(paths)
    assert len(safe) == len(paths)
    assert safe_paths(paths) == safe
    for path, components in zip(safe, paths, strict=True):
        assert not path.is_absolute()
        assert len(path.parts) == len(components)
        assert all(safe_component(part) == part for part in path.parts)
        assert os.path.normpath(f"/root/{path}") == f"/root/{path}"
    files = [same_name(str(path)) for path in safe]
    assert len(set(files)) == len(files)
    folders = {same_name(str(parent)) for path in safe for parent in path.parents}
    assert not folders & set(files)


@given(PATHS)
def test_what_is_safe_already_is_left_alone(paths: list[tuple[str, ...]]) -> None:
    safe = safe_paths(paths)
    assert safe_paths(path.parts for path in safe) == safe


def test_the_paths_work_on_a_real_disk(tmp_path: Path) -> None:
    root = tmp_path / "output"
    safe = safe_paths([(name,) for name in HOSTILE_PARTS] + [("deep", name, name) for name in HOSTILE_PARTS])
    for number, path in enumerate(safe):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x") as file:
            file.write(str(number))
    assert [(root / path).read_text() for path in safe] == [str(number) for number in range(len(safe))]
    assert list(tmp_path.iterdir()) == [root]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ((), "a file's path has 0 components; 1 to 64 can be used"),
        (("a",) * 65, "a file's path has 65 components; 1 to 64 can be used"),
        (("x" * 255,) * 9, "a file's path is 2303 bytes long; at most 2048 can be used"),
    ],
)
def test_what_no_disk_could_hold_is_refused(path: tuple[str, ...], error: str) -> None:
    with pytest.raises(TorrentError) as raised:
        safe_paths([path])
    assert str(raised.value) == error
    assert len(safe_paths([("a",) * 64, ("x" * 255,) * 8])) == 2


@pytest.mark.parametrize("name", ["a", "x" * 300, "x" * 252 + "%03d"])
def test_many_equal_names_cost_no_more_than_many_names(name: str) -> None:
    def steps(count: int) -> int:
        """Calls made, of Python functions and built-in ones."""
        paths = [(name % (number % 500) if "%" in name else name,) for number in range(count)]
        calls = 0

        def called(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(called)
        try:
            found = safe_paths(paths)
        finally:
            sys.setprofile(None)
        assert len(set(found)) == count
        return calls

    assert steps(5000) < 30 * steps(500)  # a quadratic loop would take a hundred times as many
