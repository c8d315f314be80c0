"""The messages of BEP 6, the Fast Extension."""

from torrent_peer.core.block import Block
from torrent_peer.core.values import frozen


@frozen
class HaveAll:
    """The sender has every piece; stands for a full bitfield."""


@frozen
class HaveNone:
    """The sender has no piece; stands for an empty bitfield."""


@frozen
class Suggest:
    """Advice: the sender would like to be asked for `piece`."""

    piece: int


@frozen
class Reject:
    """The one answer to a request that will not be served."""

    block: Block


@frozen
class AllowedFast:
    """Requests for `piece` will be served even while choked."""

    piece: int
