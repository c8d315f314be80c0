"""ST: choke and interest."""

from torrent_peer.wire.messages import Choke, Interested, NotInterested, Unchoke
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_SECTION = "BEP 3, peer protocol"
_QUOTE = "Connections contain two bits of state on either end: choked or not, and interested or not."


@rule("ST-02", Choke, Unchoke, severity=Severity.REDUNDANT, section=_SECTION, quote=_QUOTE)
def choking_is_said_when_it_changes(way: Direction, message: Choke | Unchoke, crossed: bool) -> str | None:
    """A choke or unchoke changes something."""
    if way.sender.choking is not isinstance(message, Choke):
        return None
    return "choke while choking already" if way.sender.choking else "unchoke while not choking"


@rule("ST-02", Interested, NotInterested, severity=Severity.REDUNDANT, section=_SECTION, quote=_QUOTE)
def interest_is_said_when_it_changes(way: Direction, message: Interested | NotInterested, crossed: bool) -> str | None:
    """An interested or not_interested changes something."""
    if way.sender.interested is not isinstance(message, Interested):
        return None
    return "interested while interested already" if way.sender.interested else "not_interested while not interested"
