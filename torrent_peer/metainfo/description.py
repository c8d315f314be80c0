"""The bytes of a .torrent file, from what is known of its content: names, lengths, hashes. It sees no content."""

from collections.abc import Mapping, Sequence
from typing import Final

from torrent_peer.core.bencoding import Encodable, encode
from torrent_peer.core.values import frozen
from torrent_peer.metainfo.errors import TorrentError

MIN_PIECE_LENGTH: Final = 16 * 1024
"""Bytes; one block."""
MAX_CHOSEN_PIECE_LENGTH: Final = 16 * 1024 * 1024
"""Bytes; some clients refuse longer pieces."""
_WANTED_PIECES: Final = 1024
"""Pieces aimed at: the .torrent stays near 20 kB, a broken piece costs 1/1000 of the content."""


@frozen
class Listing:
    """One file of the content, or the padding behind it."""

    path: tuple[bytes, ...]
    """Components below the torrent's folder."""
    length: int
    """Bytes."""
    padding: bool = False


@frozen(kw_only=True)
class Labels:
    """What a .torrent says besides what is in it; texts are written in UTF-8."""

    trackers: Sequence[Sequence[str]] = ()
    """Tiers of announce URLs (BEP 12)."""
    web_seeds: Sequence[str] = ()
    """BEP 19."""
    private: bool = False
    """Peers come from the trackers alone (BEP 27); part of the info-hash."""
    comment: str | None = None
    created_by: str | None = None
    creation_date: int | None = None
    """Seconds since 1970."""
    source: str | None = None
    """Where it is from; part of the info-hash, so that the same content is another torrent elsewhere."""


def choose_piece_length(total_length: int) -> int:
    """A power of two between 16 KiB and 16 MiB that cuts `total_length` bytes into about a thousand pieces."""
    length = MIN_PIECE_LENGTH
    while length * _WANTED_PIECES < total_length and length < MAX_CHOSEN_PIECE_LENGTH:
        length *= 2
    return length


def describe(
    name: str,
    files: int | Sequence[Listing],
    *,
    piece_length: int,
    pieces: bytes,
    labels: Labels,
    more_info: Mapping[bytes, Encodable] | None = None,
    more: Mapping[bytes, Encodable] | None = None,
) -> bytes:
    """A .torrent (BEP 3) for the one file `name` of so many bytes, or for `files` in the folder `name`.

    `pieces`: the SHA-1 of each piece, end to end; `more_info`, `more`: further keys inside and outside of `info`.
    Raises TorrentError for content of no bytes.
    """
    total = files if isinstance(files, int) else sum(file.length for file in files)
    if total == 0:
        raise TorrentError("there is no content (0 bytes) to make a torrent of")
    info: dict[bytes, Encodable] = {
        b"name": name.encode(),
        b"piece length": piece_length,
        b"pieces": pieces,
        **(more_info or {}),
    }
    if isinstance(files, int):
        info[b"length"] = total
    else:
        info[b"files"] = [_listed(file) for file in files]
    torrent: dict[bytes, Encodable] = {b"info": info, **(more or {})}
    if labels.private:
        info[b"private"] = 1
    addresses = [url.encode() for tier in labels.trackers for url in tier]
    if addresses:
        torrent[b"announce"] = addresses[0]
    if len(addresses) > 1:
        torrent[b"announce-list"] = [[url.encode() for url in tier] for tier in labels.trackers]
    if labels.web_seeds:
        torrent[b"url-list"] = [url.encode() for url in labels.web_seeds]
    if labels.creation_date is not None:
        torrent[b"creation date"] = labels.creation_date
    for where, key, text in (
        (torrent, b"comment", labels.comment),
        (torrent, b"created by", labels.created_by),
        (info, b"source", labels.source),
    ):
        if text is not None:
            where[key] = text.encode()
    return encode(torrent)


def _listed(file: Listing) -> dict[bytes, Encodable]:
    listed: dict[bytes, Encodable] = {b"length": file.length, b"path": file.path}
    if file.padding:
        listed[b"attr"] = b"p"
    return listed
