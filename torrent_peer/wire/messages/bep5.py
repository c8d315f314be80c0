"""The message of BEP 5, the DHT."""

from attrs import frozen


@frozen
class Port:
    """The UDP port of the sender's DHT node."""

    port: int
