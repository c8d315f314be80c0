"""Making .torrent files of content in memory: v1 (BEP 3), with padding (BEP 47), and hybrids with v2 (BEP 52).

The same content and arguments give the same bytes everywhere: nothing is read from a clock, a disk or a random source.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import field

from torrent_peer.core.bencoding import Encodable
from torrent_peer.core.values import frozen
from torrent_peer.metainfo import merkle
from torrent_peer.metainfo.description import Labels, Listing, choose_piece_length, describe
from torrent_peer.metainfo.errors import TorrentError
from torrent_peer.metainfo.merkle import Buffer


@frozen
class _Entry:
    """One file of the content, or the padding behind it."""

    path: tuple[bytes, ...]
    data: Buffer = field(repr=False)
    padding: bool = False

    def __len__(self) -> int:
        return len(self.data)


def create_torrent(
    name: str,
    content: Buffer | Mapping[str, Buffer],
    *,
    piece_length: int | None = None,
    padding: bool = False,
    hybrid: bool = False,
    trackers: Sequence[Sequence[str]] = (),
    web_seeds: Sequence[str] = (),
    private: bool = False,
    comment: str | None = None,
    created_by: str | None = None,
    creation_date: int | None = None,
    source: str | None = None,
) -> bytes:
    """The bytes of a .torrent file for `content`: one file's bytes, or bytes by path (`"cd1/a.txt"`); mmap large ones.

    A v1 torrent keeps the mapping's order; a hybrid sorts its files, as BEP 52 wants, and is always padded. `padding`
    lets every file of a v1 torrent begin on a piece. `trackers` are tiers of addresses; `creation_date` is in seconds
    since 1970. Raises TorrentError for content nobody could download.
    """
    entries = _entries(name, content, hybrid=hybrid)
    total = sum(len(entry) for entry in entries)
    piece_length = piece_length or choose_piece_length(total)
    if hybrid and (piece_length < merkle.BLOCK or piece_length & (piece_length - 1)):
        raise TorrentError(f"a hybrid's pieces are 16 KiB times a power of two, not {piece_length} bytes long")

    laid_out = list(_padded(entries, piece_length)) if padding or hybrid else entries
    v2_info: dict[bytes, Encodable] = {}
    v2: dict[bytes, Encodable] = {}
    if hybrid:
        v2_info[b"meta version"] = 2
        v2_info[b"file tree"], v2[b"piece layers"] = _file_tree(entries, piece_length)
    listings = [Listing(entry.path, len(entry), entry.padding) for entry in laid_out]
    return describe(
        name,
        listings if isinstance(content, Mapping) else total,
        piece_length=piece_length,
        pieces=b"".join(_piece_hashes(laid_out, piece_length)),
        labels=Labels(
            trackers=trackers,
            web_seeds=web_seeds,
            private=private,
            comment=comment,
            created_by=created_by,
            creation_date=creation_date,
            source=source,
        ),
        more_info=v2_info,
        more=v2,
    )


def _entries(name: str, content: Buffer | Mapping[str, Buffer], *, hybrid: bool) -> list[_Entry]:
    if not isinstance(content, Mapping):
        return [_Entry((name.encode(),), content)]
    entries = []
    for path, data in content.items():
        parts = tuple(part.encode() for part in path.split("/"))
        if any(part in (b"", b".", b"..") for part in parts):
            raise TorrentError(f"a file cannot be called {path!r}")
        entries.append(_Entry(parts, data))
    return sorted(entries, key=lambda entry: entry.path) if hybrid else entries


def _padded(entries: Sequence[_Entry], piece_length: int) -> Iterator[_Entry]:
    """`entries` with zeros behind each but the last, up to the end of its piece (BEP 47)."""
    for number, entry in enumerate(entries, 1):
        yield entry
        if (missing := -len(entry) % piece_length) and number < len(entries):
            yield _Entry((b".pad", b"%d" % missing), bytes(missing), padding=True)


def _piece_hashes(entries: Iterable[_Entry], piece_length: int) -> Iterator[bytes]:
    """The SHA-1 of each piece of the entries laid end to end."""
    digest, missing = hashlib.sha1(), piece_length
    for entry in entries:
        view = memoryview(entry.data)
        while view:
            digest.update(view[:missing])
            taken = min(missing, len(view))
            view, missing = view[taken:], missing - taken
            if not missing:
                yield digest.digest()
                digest, missing = hashlib.sha1(), piece_length
    if missing < piece_length:
        yield digest.digest()


def _file_tree(entries: Sequence[_Entry], piece_length: int) -> tuple[Encodable, Encodable]:
    """`file tree` and `piece layers` of BEP 52."""
    tree: dict[bytes, Any] = {}
    layers: dict[bytes, Encodable] = {}
    for entry in entries:
        leaf: dict[bytes, Encodable] = {b"length": len(entry)}
        if len(entry):
            layer, missing = merkle.leaves(entry.data), merkle.ZERO
            if len(entry) > piece_length:
                layer, missing = merkle.piece_layer(layer, piece_length)
            root = leaf[b"pieces root"] = merkle.root(layer, missing)
            if len(entry) > piece_length:
                layers[root] = b"".join(layer)
        folder = tree
        for part in entry.path[:-1]:
            folder = folder.setdefault(part, {})
        if b"" in folder or entry.path[-1] in folder:
            raise TorrentError(f"{b'/'.join(entry.path).decode()!r} is both a file and a folder")
        folder[entry.path[-1]] = {b"": leaf}
    return tree, layers
