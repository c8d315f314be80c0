import pytest

from torrent_peer.core.client_names import client_name
from torrent_peer.core.ids import PeerId


@pytest.mark.parametrize(
    ("peer_id", "name"),
    [
        (b"-LT2110-" + b"x" * 12, "libtorrent 2.1.1"),
        (b"-TR3000-" + b"x" * 12, "Transmission 3.0"),
        (b"-TR4060-" + b"x" * 12, "Transmission 4.0.6"),
        (b"-qB4520-" + b"x" * 12, "qBittorrent 4.5.2"),
        (b"-lt0D80-" + b"x" * 12, "rTorrent 0.13.8"),
        (b"-WW0208-" + b"x" * 12, "WebTorrent 0.2.0.8"),
        (b"-ZZ1000-" + b"x" * 12, "ZZ 1.0"),
        (b"A2-1-36-0-" + b"x" * 10, "aria2 1.36.0"),
        (b"M7-10-2--" + b"x" * 11, "Mainline 7.10.2"),
        (b"\x00\x1b[31m" + b"y" * 14, "..[31m" + "y" * 14),
    ],
)
def test_a_peer_id_names_its_client(peer_id: bytes, name: str) -> None:
    assert client_name(PeerId(peer_id[:20])) == name
