"""The rules of BEP 3, by what they are about."""

from torrent_peer.wire.rules.bep3 import availability, blocks, choking, framing, handshake, requests

__all__ = ["availability", "blocks", "choking", "framing", "handshake", "requests"]
