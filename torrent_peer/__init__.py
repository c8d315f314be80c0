"""A BitTorrent peer whose heart is a protocol state machine: every message is judged before it is believed.

Names are imported when first used, so that `import torrent_peer` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from torrent_peer.core.version import __version__

if TYPE_CHECKING:
    from torrent_peer.core.block import Block
    from torrent_peer.core.geometry import Geometry
    from torrent_peer.core.ids import InfoHash, PeerId
    from torrent_peer.metainfo.torrent import Torrent, TorrentError, parse_torrent
    from torrent_peer.net.peer_stream import PeerStream, connect_peer
    from torrent_peer.session.download import DownloadError, download
    from torrent_peer.session.options import Ending, SessionOptions, TorrentOptions
    from torrent_peer.session.session import Session, open_session
    from torrent_peer.wire.connection import NEED_DATA, EndOfStream, InfoHashReceived, PeerConnection, Refused
    from torrent_peer.wire.errors import Finding, LocalProtocolError, RemoteProtocolError, Severity
    from torrent_peer.wire.policy import Profile
    from torrent_peer.wire.side import Side

_HOMES = {
    "Block": "core.block",
    "DownloadError": "session.download",
    "EndOfStream": "wire.connection",
    "Ending": "session.options",
    "Finding": "wire.errors",
    "Geometry": "core.geometry",
    "InfoHash": "core.ids",
    "InfoHashReceived": "wire.connection",
    "LocalProtocolError": "wire.errors",
    "NEED_DATA": "wire.connection",
    "PeerConnection": "wire.connection",
    "PeerId": "core.ids",
    "PeerStream": "net.peer_stream",
    "Profile": "wire.policy",
    "Refused": "wire.connection",
    "RemoteProtocolError": "wire.errors",
    "Session": "session.session",
    "SessionOptions": "session.options",
    "Severity": "wire.errors",
    "Side": "wire.side",
    "Torrent": "metainfo.torrent",
    "TorrentError": "metainfo.torrent",
    "TorrentOptions": "session.options",
    "connect_peer": "net.peer_stream",
    "download": "session.download",
    "open_session": "session.session",
    "parse_torrent": "metainfo.torrent",
}

__all__ = [
    "NEED_DATA",
    "Block",
    "DownloadError",
    "EndOfStream",
    "Ending",
    "Finding",
    "Geometry",
    "InfoHash",
    "InfoHashReceived",
    "LocalProtocolError",
    "PeerConnection",
    "PeerId",
    "PeerStream",
    "Profile",
    "Refused",
    "RemoteProtocolError",
    "Session",
    "SessionOptions",
    "Severity",
    "Side",
    "Torrent",
    "TorrentError",
    "TorrentOptions",
    "__version__",
    "connect_peer",
    "download",
    "open_session",
    "parse_torrent",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
