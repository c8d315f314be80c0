"""The room table of the design, enforced: who may import whom, who may touch what, and how large a file may be.

Imports are read from the syntax tree, wherever they stand: at the top, in a function or under TYPE_CHECKING.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "torrent_peer"
TESTS: Final = ROOT / "tests"

_SANS_IO: Final = ("core", "wire", "metainfo", "strategy", "trackers", "dht", "storage", "capture")
_LIVE: Final = tuple(room for room in _SANS_IO if room != "capture")
ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "core": (),
    "wire": ("core",),
    "metainfo": ("core",),
    "strategy": ("core", "metainfo"),
    "trackers": ("core",),
    "dht": ("core",),
    "storage": ("core", "metainfo"),
    "capture": ("core", "wire"),
    "net": _SANS_IO,
    "session": (*_LIVE, "net"),
    "testing": (*_LIVE, "net", "session"),
    "conformance": ("core", "wire", "metainfo", "trackers", "net", "testing"),
    "cli": (*_SANS_IO, "net", "session", "testing", "conformance"),
}
"""What each room may import from the project, besides itself."""

OUTSIDE: Final = ("trio", "socket", "time", "random")
"""What nothing below net/ imports: time is an argument and so are dice."""
DICE: Final = "random"
"""This one may be named under TYPE_CHECKING, as the type of the dice that are passed in."""
MAX_LINES: Final = 400
MEDIAN_LINES: Final = 150
UNTESTED_NAMES: Final = ("__init__", "__main__")
NAMES_THAT_SAY_NOTHING: Final = ("utils", "helpers", "common", "misc")


@frozen
class Import:
    """One module imported somewhere."""

    module: str
    line: int
    for_types_only: bool


def _sources(folder: Path = PACKAGE) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _imports(node: ast.AST, *, for_types_only: bool = False) -> Iterator[Import]:
    """Every import below `node`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, for_types_only)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: imports are absolute"
            yield Import(child.module or "", child.lineno, for_types_only)
            if child.module == PACKAGE.name:  # `from torrent_peer import session` reaches into a room
                yield from (
                    Import(f"{PACKAGE.name}.{alias.name}", child.lineno, for_types_only) for alias in child.names
                )
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(ast.Module(child.body, []), for_types_only=True)
            yield from _imports(ast.Module(child.orelse, []), for_types_only=for_types_only)
        else:
            yield from _imports(child, for_types_only=for_types_only)


def _room(path: Path) -> str:
    """The room a file stands in; empty for the front door (`torrent_peer/__init__.py`, `__main__.py`)."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _rooms_imported(path: Path) -> Iterator[tuple[str, int]]:
    rooms = {child.name for child in PACKAGE.iterdir() if child.is_dir()}
    for item in _imports(_tree(path)):
        parts = item.module.split(".")
        if parts[0] == PACKAGE.name and len(parts) > 1 and parts[1] in rooms:
            yield parts[1], item.line


def _complain(faults: list[str], law: str) -> None:
    assert not faults, f"{law}\n  " + "\n  ".join(faults)


def test_every_room_is_in_the_table() -> None:
    rooms = {child.name for child in PACKAGE.iterdir() if (child / "__init__.py").exists()}
    assert rooms <= set(ROOMS), f"rooms the table does not know: {sorted(rooms - set(ROOMS))}"


def test_imports_only_go_down() -> None:
    faults = [
        f"{_name(path)}:{line} imports {target}/, but {_room(path)}/ may import only {', '.join(allowed) or 'nothing'}"
        for path in _sources()
        if (allowed := ROOMS.get(_room(path))) is not None
        for target, line in _rooms_imported(path)
        if target != _room(path) and target not in allowed
    ]
    _complain(faults, "Imports only go down (the room table at the top of this file).")


def test_nobody_imports_the_command_line() -> None:
    faults = [
        f"{_name(path)}:{line}"
        for path in _sources()
        if _room(path) != "cli" and path.name != "__main__.py"
        for target, line in _rooms_imported(path)
        if target == "cli"
    ]
    _complain(faults, "Nothing imports cli/; what is useful to others belongs in a room below.")


def test_below_net_nothing_knows_sockets_clocks_or_dice() -> None:
    faults = [
        f"{_name(path)}:{item.line} imports {item.module}"
        for path in _sources()
        if _room(path) in _SANS_IO
        for item in _imports(_tree(path))
        if item.module.split(".")[0] in OUTSIDE and not (item.module == DICE and item.for_types_only)
    ]
    _complain(
        faults,
        "Below net/ time and dice are arguments (`import random` only under TYPE_CHECKING), and sockets are unknown.",
    )


def test_classes_are_made_by_core_values() -> None:
    faults = [
        f"{_name(path)}:{node.lineno}"
        for path in _sources()
        if path != PACKAGE / "core" / "values.py"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "attrs"
        if {"define", "frozen"} & {alias.name for alias in node.names}
    ]
    _complain(
        faults, "`define` and `frozen` are those of core/values.py: attrs' own take twice as long to make a class."
    )


def test_only_one_door_leads_to_bencode_py() -> None:
    faults = [
        f"{_name(path)}:{item.line}"
        for path in _sources()
        if path != PACKAGE / "core" / "bencoding.py"
        for item in _imports(_tree(path))
        if item.module.split(".")[0] in ("bencodepy", "bencode")
    ]
    _complain(faults, "Only core/bencoding.py imports bencodepy, which hangs on hostile input.")


def _prints(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "print"
    return isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr")


def test_only_the_command_line_prints() -> None:
    faults = [
        f"{_name(path)}:{getattr(node, 'lineno', '?')}"
        for path in _sources()
        if _room(path) != "cli"
        for node in ast.walk(_tree(path))
        if _prints(node)
    ]
    _complain(faults, "Only cli/ prints; the other rooms return values or raise.")


def test_no_file_has_two_jobs() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*_sources(), *_sources(TESTS))}
    faults = [f"{_name(path)} has {size} lines" for path, size in sizes.items() if size >= MAX_LINES]
    _complain(faults, f"A file stays under {MAX_LINES} lines; one that grows further has two jobs.")
    median = sorted(sizes.values())[len(sizes) // 2]
    assert median < MEDIAN_LINES, f"the median file has {median} lines; it should stay under {MEDIAN_LINES}"


def test_every_module_says_its_job_first() -> None:
    faults = [_name(path) for path in _sources() if not (ast.get_docstring(_tree(path)) or "").strip()]
    _complain(faults, "A module begins with a docstring whose first line is its job.")


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    faults = [_name(path) for path in (*_sources(), *_sources(TESTS)) if path.stem in NAMES_THAT_SAY_NOTHING]
    _complain(faults, "A module is called after its job.")


def _does_something(path: Path) -> bool:
    """Whether the module has any function; one of plain records, names or tables has nothing to test by itself."""
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(_tree(path)))


def test_tests_mirror_the_package() -> None:
    faults = [
        f"{_name(path)} needs {_name(mirror)}"
        for path in _sources()
        if path.stem not in UNTESTED_NAMES and _does_something(path)
        if not (mirror := TESTS / path.parent.relative_to(PACKAGE) / f"test_{path.stem}.py").exists()
    ]
    _complain(faults, "Every module that does something has its test file in tests/, in the same place.")


def test_test_folders_are_no_packages() -> None:
    faults = [_name(path) for path in _sources(TESTS) if path.name == "__init__.py"]
    _complain(faults, "Tests are imported by path (--import-mode=importlib); their folders have no __init__.py.")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import trio", [("trio", False)]),
        ("import trio.testing as t, time", [("trio.testing", False), ("time", False)]),
        ("from random import Random", [("random", False)]),
        ("def f():\n    import socket", [("socket", False)]),
        ("try:\n    import time\nexcept ImportError:\n    pass", [("time", False)]),
        ("if TYPE_CHECKING:\n    import random\nelse:\n    import time", [("random", True), ("time", False)]),
        ("if typing.TYPE_CHECKING:\n    if x:\n        from random import Random", [("random", True)]),
        ("from torrent_peer import session", [("torrent_peer", False), ("torrent_peer.session", False)]),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, expected: list[tuple[str, bool]]) -> None:
    assert [(item.module, item.for_types_only) for item in _imports(ast.parse(source))] == expected


def test_relative_imports_are_refused() -> None:
    with pytest.raises(AssertionError, match="imports are absolute"):
        list(_imports(ast.parse("from .block import Block")))
