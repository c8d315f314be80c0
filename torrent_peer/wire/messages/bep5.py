"""The message of BEP 5, the DHT."""

from torrent_peer.core.values import frozen


@frozen
class Port:
    """The UDP port of the sender's DHT node."""

    port: int
