"""The handshake and the messages of BEP 3."""

from attrs import field, frozen

from torrent_peer.core.block import Block
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.reserved import Reserved


def _bytes_in_short(data: bytes | bytearray | memoryview) -> str:
    return f"<{len(data)} bytes>"


@frozen
class Handshake:
    """The 68 bytes each side opens with."""

    reserved: Reserved
    info_hash: InfoHash
    peer_id: PeerId


@frozen
class KeepAlive:
    """A frame of length zero: "ignored", sent about every two minutes."""


@frozen
class Choke:
    """No requests will be served from here on."""


@frozen
class Unchoke:
    """Requests will be served from here on."""


@frozen
class Interested:
    """The sender wants something the receiver has."""


@frozen
class NotInterested:
    """The sender wants nothing the receiver has."""


@frozen
class Have:
    """The sender just completed `piece` and checked its hash."""

    piece: int


@frozen
class Bitfield:
    """The pieces the sender has, one bit each, high bit first; only ever the first message."""

    bits: bytes = field(repr=_bytes_in_short)


@frozen
class Request:
    """Asks for a block."""

    block: Block


@frozen
class Piece:
    """A block's bytes.

    `data` may be a view into a receive buffer: it is good until the connection is given more bytes.
    """

    block: Block
    data: bytes | bytearray | memoryview = field(repr=_bytes_in_short, eq=bytes)


@frozen
class Cancel:
    """Takes back a `Request` for the same block."""

    block: Block
