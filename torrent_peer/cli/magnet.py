"""The magnet link of a torrent (BEP 9)."""

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from torrent_peer.metainfo.torrent import Torrent


def magnet_link(torrent: "Torrent") -> str:
    """`magnet:?xt=urn:btih:…` with the name and the trackers; ASCII only."""
    parts = [f"xt=urn:btih:{torrent.info_hash.hex()}", f"dn={quote(torrent.name, safe='', errors='replace')}"]
    parts += [f"tr={quote(url, safe='', errors='replace')}" for tier in torrent.trackers for url in tier]
    return "magnet:?" + "&".join(parts)
