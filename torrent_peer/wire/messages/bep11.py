"""The message of BEP 11, peer exchange."""

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import frozen


@frozen
class PeerExchange:
    """Peers its sender is connected to, or no longer is, since its last such message; IPv4 first, then IPv6.

    Lists that could not be read are left out and named in `ignored`.
    """

    added: tuple[Address, ...] = ()
    flags: bytes = b""
    """A byte for each of `added`: 0x01 prefers encryption, 0x02 only uploads, 0x04 speaks uTP, 0x08 speaks holepunch,
    0x10 is reachable; 0 where the sender gave none."""
    dropped: tuple[Address, ...] = ()
    ignored: tuple[str, ...] = ()
    """Known keys whose value could not be used."""
