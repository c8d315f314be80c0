"""What a connection reports besides messages."""

from enum import Enum
from typing import Final, Literal

from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import frozen
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Message, Question
from torrent_peer.wire.reserved import Reserved


class _Need(Enum):
    DATA = "NEED_DATA"

    def __repr__(self) -> str:
        return self.value


NEED_DATA: Final = _Need.DATA
"""Nothing more can be said about the bytes received so far."""
NeedData = Literal[_Need.DATA]


@frozen
class InfoHashReceived:
    """48 bytes of a dialler's handshake are in: `adopt` the connection and answer (HS-07), or `refuse_info_hash`."""

    reserved: Reserved
    info_hash: InfoHash


@frozen
class Refused:
    """A request that is not to be served: answer `Reject` when the connection is fast, else nothing.

    One for metadata or hashes is always answered, with a reject of its own.
    """

    message: Question
    finding: Finding | None
    """The rule it broke; `None` when it merely crossed our choke, or we have not got what it asks for."""


@frozen
class EndOfStream:
    """They closed their side."""

    clean: bool
    """Between two messages (FR-06), not inside one."""
    pending: int
    """Bytes of the message that was cut."""
    detail: str | None = None
    """What was cut where, for people."""


Event = Message | Refused | InfoHashReceived | EndOfStream | NeedData
"""What `PeerConnection.next_event` returns."""
