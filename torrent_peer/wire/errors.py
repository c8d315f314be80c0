"""What is reported when a rule is broken: the finding, and the two errors that carry one."""

from attrs import evolve, field

from torrent_peer.core.values import frozen
from torrent_peer.wire.messages import Hashes, Message, MetadataPiece, Piece
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

__all__ = ["Finding", "LocalProtocolError", "ProtocolError", "RemoteProtocolError", "Severity"]


def _without_data(message: Message) -> Message:
    match message:
        case Piece(block):
            return Piece(block, b"")
        case MetadataPiece():
            return evolve(message, data=b"")
        case Hashes(asked):
            return Hashes(asked, b"")
        case _:
            return message


@frozen
class Finding:
    """One message that broke one rule; `str` of it is the one-line error."""

    rule: str
    """Id of the rule, like `REQ-07`."""
    severity: Severity
    section: str
    """Where the rule comes from, like `BEP 6, Fast Extension`."""
    quote: str
    """The words of the BEP; empty when the rule follows from several, or is a limit of this program's own."""
    evidence: str
    """What happened, in words with figures."""
    sender: Side
    message: Message = field(converter=_without_data)
    """What was said; a `Piece` is kept without its data, and so are pieces of metadata, and hashes."""
    offset: int | None = None
    """Bytes before the message in its sender's stream; `None` where the bytes were not seen."""

    def __str__(self) -> str:
        quote = f': "{self.quote}"' if self.quote else ""
        return f"{self.evidence}. {self.section}{quote} [{self.rule}]"


class ProtocolError(Exception):
    """A message that was not legal; never raised bare: the subclass says whose fault it is."""

    def __init__(self, violation: Finding) -> None:
        super().__init__(str(violation))
        self.violation = violation
        """The rule, the message, the evidence."""


class LocalProtocolError(ProtocolError):
    """You asked us to send it. Nothing was sent and no state has changed."""


class RemoteProtocolError(ProtocolError):
    """They sent it. The connection is closed: nothing more is parsed, nothing more may be sent."""
