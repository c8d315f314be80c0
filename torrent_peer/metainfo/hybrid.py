"""Whether the two halves of a hybrid torrent (BEP 52, "Upgrade Path") describe the same files."""

from collections.abc import Iterator

from torrent_peer.core.bencoding import Value
from torrent_peer.metainfo.fields import Fields
from torrent_peer.metainfo.files import Listed


def is_v2(info: Fields) -> bool:
    """Whether `info` describes its files the way of BEP 52 (perhaps besides the old way)."""
    return info.get("meta version") is not None or info.get("file tree") is not None


def disagreement(info: Fields, listed: tuple[Listed, ...], *, piece_length: int) -> str | None:
    """How the v1 list departs from the v2 file tree, or None: same names, lengths and order, every file on a piece."""
    if info.get("meta version") != 2:
        return "`meta version` is not 2"
    try:
        tree = [entry for entry in _tree_files(info.get("file tree")) if entry is not None]
    except _NotATree:
        return "`file tree` is malformed"
    name = info.get("name")
    flat, offset = [], 0
    for item in listed:
        if not item.padding and not item.symlink:
            if item.length and offset % piece_length:
                return "a file does not begin on a piece"
            flat.append((item.raw or (name,), item.length))
        offset += item.length
    return None if flat == tree else "their names, lengths or order differ"


class _NotATree(Exception):
    """The file tree is not made of dictionaries."""


def _tree_files(tree: Value | None) -> Iterator[tuple[tuple[bytes, ...], int] | None]:
    """Path and length of each file in the tree, in its order; None for a symbolic link."""
    ahead: list[tuple[tuple[bytes, ...], Value | None]] = [((), tree)]
    while ahead:
        path, node = ahead.pop()
        if not isinstance(node, dict):
            raise _NotATree
        leaf = node.get(b"")
        if leaf is None:
            ahead.extend(((*path, key), node[key]) for key in reversed(node))
            continue
        if not isinstance(leaf, dict) or len(node) != 1:
            raise _NotATree
        attributes, length = leaf.get(b"attr", b""), leaf.get(b"length")
        if isinstance(attributes, bytes) and b"l" in attributes:
            yield None
        elif isinstance(length, int):
            yield path, length
        else:
            raise _NotATree
