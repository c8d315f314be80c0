"""DHT: the port message."""

from torrent_peer.wire.messages import Bitfield, HaveAll, HaveNone, Port
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction
from torrent_peer.wire.wording import name_of

_SECTION = "BEP 5, BitTorrent Protocol Extension"
_QUOTE = "Peer receiving a handshake indicating the remote peer supports the DHT should send a PORT message."


@rule("DHT-01", Port, severity=Severity.DEVIATION, section=_SECTION, quote=_QUOTE)
def port_is_for_nodes(way: Direction, message: Port, crossed: bool) -> str | None:
    """Port is said to a side that set the DHT bit."""
    reserved = way.receiver.reserved
    if reserved is not None and reserved.dht:
        return None
    return f"port to a {way.receiver.side.value} that did not set the DHT bit"


@rule("DHT-02", Port, severity=Severity.REDUNDANT, section=_SECTION, quote="the UDP port of the DHT node")
def port_is_a_port(way: Direction, message: Port, crossed: bool) -> str | None:
    """The port is not 0."""
    return None if message.port else "port 0"


@rule("DHT-03", Port, severity=Severity.REDUNDANT, section=_SECTION, quote=_QUOTE)
def port_is_news(way: Direction, message: Port, crossed: bool) -> str | None:
    """A port is said again only when it has changed."""
    return f"port {message.port} again" if message.port == way.sender.port else None


@rule(
    "DHT-04",
    *(Bitfield, HaveAll, HaveNone),
    severity=Severity.DEVIATION,
    section="BEP 3, peer messages",
    quote="'bitfield' is only ever sent as the first message.",
)
def port_does_not_come_before_availability(way: Direction, message: object, crossed: bool) -> str | None:
    """Port does not come before the availability message."""
    if way.sender.port is not None and way.sender.phase is Phase.READY:
        return f"{name_of(type(message))} after port"
    return None
