"""All real clients the tests know."""

from tests.interop.clients.aria2 import ARIA2
from tests.interop.clients.ctorrent import CTORRENT
from tests.interop.clients.job import Client
from tests.interop.clients.libtorrent import LIBTORRENT
from tests.interop.clients.qbittorrent import QBITTORRENT
from tests.interop.clients.rtorrent import RTORRENT
from tests.interop.clients.transmission import TRANSMISSION

CLIENTS: tuple[Client, ...] = (LIBTORRENT, TRANSMISSION, ARIA2, QBITTORRENT, RTORRENT, CTORRENT)
