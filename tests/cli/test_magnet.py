"""Magnet links."""

from urllib.parse import parse_qs, urlsplit

from torrent_peer.cli.magnet import magnet_link
from torrent_peer.metainfo.create import create_torrent
from torrent_peer.metainfo.torrent import parse_torrent


def test_a_link_survives_being_read_back() -> None:
    urls = ["http://t.example/announce?a=1&b=2", "udp://u.example:80/ä"]
    torrent = parse_torrent(create_torrent("a&b=c %41 ü", b"x", trackers=[urls]))
    link = magnet_link(torrent)
    assert link.isascii()
    assert parse_qs(urlsplit(link).query) == {
        "xt": [f"urn:btih:{torrent.info_hash.hex()}"],
        "dn": ["a&b=c %41 ü"],
        "tr": list(torrent.trackers[0]),
    }
