"""Which client a peer id belongs to, by the conventions of BEP 20."""

import re
from typing import Final

from torrent_peer.core.ids import PeerId

AZUREUS_STYLE: Final = {
    "AG": "Ares",
    "AN": "anacrolix",
    "AZ": "Vuze",
    "BC": "BitComet",
    "BI": "BiglyBT",
    "BT": "BitTorrent",
    "BW": "BitWombat",
    "CD": "Enhanced CTorrent",
    "DE": "Deluge",
    "FD": "Free Download Manager",
    "FL": "Flud",
    "KT": "KTorrent",
    "LT": "libtorrent",
    "MO": "MonoTorrent",
    "PI": "PicoTorrent",
    "qB": "qBittorrent",
    "RN": "rain",
    "rQ": "rqbit",
    "SD": "Thunder",
    "TL": "Tribler",
    "TP": "torrent_peer",
    "TR": "Transmission",
    "UM": "µTorrent Mac",
    "UT": "µTorrent",
    "UW": "µTorrent Web",
    "WD": "WebTorrent Desktop",
    "WW": "WebTorrent",
    "XL": "Xunlei",
    "lt": "rTorrent",
}
_AZUREUS: Final = re.compile(rb"-([A-Za-z~][A-Za-z0-9~])([0-9A-Za-z.+-]{4})[-0-9A-Za-z]")
_ARIA2: Final = re.compile(rb"A2-(\d+)-(\d+)-(\d+)-")
_MAINLINE: Final = re.compile(rb"M(\d+)-(\d+)-(\d+)-")


def client_name(peer_id: PeerId) -> str:
    """Name and version as far as the id tells; the id itself, dots for unprintable bytes, when it follows no custom."""
    if match := _AZUREUS.match(peer_id):
        code, version = match[1].decode(), match[2].decode().rstrip("-")
        return f"{AZUREUS_STYLE.get(code, code)} {_dotted(version)}".rstrip()
    if match := _ARIA2.match(peer_id):
        return "aria2 " + ".".join(part.decode() for part in match.groups())
    if match := _MAINLINE.match(peer_id):
        return "Mainline " + ".".join(part.decode() for part in match.groups())
    return str(peer_id)


def _dotted(version: str) -> str:
    """`2310` → `2.3.1`, `4030` → `4.0.3`; versions that are no plain digits are shown as they stand."""
    if not version.isalnum():
        return version
    digits = [str(int(c, 36)) for c in version]
    while len(digits) > 2 and digits[-1] == "0":
        digits.pop()
    return ".".join(digits)
