"""The peer table of `-v`, with the one-letter flags users of other clients know."""

from collections.abc import Sequence
from typing import Final

from torrent_peer.cli.escape import shorten
from torrent_peer.cli.units import format_rate
from torrent_peer.session.status import PeerStatus

FLAGS: Final = {
    "D": "downloading from it",
    "d": "we would, if it let us",
    "U": "uploading to it",
    "u": "it would like us to",
    "K": "it lets us, but we want nothing",
    "?": "we let it, but it wants nothing",
    "O": "optimistic unchoke",
    "S": "snubbed: it owes us blocks",
    "I": "it called us",
    "H": "found through the DHT",
    "X": "found through another peer",
    "T": "over uTP",
    "E": "encrypted",
}
"""Letter → meaning, as Transmission uses them."""
MAX_ROWS: Final = 12
"""Peers shown at once, the busiest first."""
HEADING: Final = f"{'peer':<21} {'client':<18} {'flags':<6} {'have':>4} {'down':>11} {'up':>11} "


def flags_help() -> str:
    """The letters explained, for `--help`."""
    lines = "\n".join(f"  {letter}  {meaning}" for letter, meaning in FLAGS.items())
    return f"\b\nFlags in the peer table of -v:\n{lines}"


def peer_rows(peers: Sequence[PeerStatus], *, width: int) -> list[str]:
    """The table as escaped lines of at most `width` characters; empty when there is no peer."""
    if not peers:
        return []
    busiest = sorted(peers, key=lambda peer: (-peer.download_rate - peer.upload_rate, peer.address))
    rows = [HEADING.rstrip()[:width], *(_row(peer)[:width] for peer in busiest[:MAX_ROWS])]
    if len(peers) > MAX_ROWS:
        rows.append(f"and {len(peers) - MAX_ROWS} more")
    return rows


def _row(peer: PeerStatus) -> str:
    down, up = format_rate(peer.download_rate), format_rate(peer.upload_rate)
    have = f"{int(peer.progress * 100):>3}%"
    address, client = shorten(str(peer.address), 21), shorten(peer.client, 18)
    return (
        f"{address:<21} {client:<18} {peer.flags:<6} {have} {down:>11} {up:>11} {shorten(peer.last_word, 200)}".rstrip()
    )
