"""What the arrival of a block means."""

from typing import Generic

from torrent_peer.core.values import frozen
from torrent_peer.strategy.open_piece import PeerT


@frozen
class Received(Generic[PeerT]):
    """The picker's answer to one block, or to some that came together."""

    others: tuple[PeerT, ...] = ()
    """Peers that were asked for it too: send them a cancel."""
    duplicate: bool = False
    """Whether the bytes are of no use: here already, or of a piece that is not (or no longer) open."""
    piece_complete: bool = False
    """Whether it was the last missing block of its piece, which can be verified now."""
