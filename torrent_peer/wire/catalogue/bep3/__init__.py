"""What there is to say of the rules of BEP 3, by what they are about, as the rules are."""

from torrent_peer.wire.catalogue.bep3 import availability, blocks, cancels, choking, framing, handshake, requests

__all__ = ["availability", "blocks", "cancels", "choking", "framing", "handshake", "requests"]
