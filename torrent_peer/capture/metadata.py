"""Metadata that passed by (BEP 9), put together: from it the size of a torrent can be learnt.

Does not know whether it is right: who knows the info-hash can tell.
"""

from typing import Final

from attrs import field

from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import define
from torrent_peer.wire.extensions import METADATA_SIZE_LIMIT
from torrent_peer.wire.messages import MetadataPiece
from torrent_peer.wire.messages.bep9 import METADATA_PIECE_LENGTH

TORRENTS: Final = 64
"""Torrents whose metadata is collected from one capture."""


@define
class _Parts:
    size: int
    pieces: dict[int, bytes] = field(factory=dict)

    @property
    def whole(self) -> bool:
        return len(self.pieces) == -(-self.size // METADATA_PIECE_LENGTH)


class MetadataShelf:
    """Pieces of metadata of several torrents; at most one torrent's metadata is large."""

    def __init__(self) -> None:
        self._parts: dict[InfoHash, _Parts] = {}
        self._kept = 0

    def add(self, info_hash: InfoHash, message: MetadataPiece) -> None:
        """Keep a piece that somebody sent, as long as it is new, fits and is no burden."""
        size, piece, data = message.total_size, message.piece, message.data
        if size is None or not 0 < size <= METADATA_SIZE_LIMIT or len(self._parts) >= TORRENTS:
            return
        parts = self._parts.setdefault(info_hash, _Parts(size))
        due = min(METADATA_PIECE_LENGTH, size - piece * METADATA_PIECE_LENGTH)
        if size != parts.size or len(data) != due or self._kept + due > METADATA_SIZE_LIMIT:
            return
        if piece not in parts.pieces:
            parts.pieces[piece] = bytes(data)
            self._kept += due

    def whole(self) -> dict[InfoHash, bytes]:
        """The metadata of which every piece passed by, not verified."""
        return {
            info_hash: b"".join(parts.pieces[piece] for piece in range(len(parts.pieces)))
            for info_hash, parts in self._parts.items()
            if parts.whole
        }
