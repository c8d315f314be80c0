"""The peer table, with the one-letter flags users of other clients know."""

from collections.abc import Sequence
from typing import Final

from torrent_peer.cli.columns import fit, pad, width_of
from torrent_peer.cli.units import format_size
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
"""Peers shown at once where the height of the terminal does not matter, the busiest first."""
ADDRESS, WIDE_ADDRESS, CLIENT, WIDE_CLIENT = 21, 47, 18, 28
"""Columns at most, in narrow terminals and in wide ones; an IPv6 address with its port takes up to 47."""
UNNAMED: Final = "(no handshake)"
FLAG_COLUMNS, RATE_COLUMNS = 5, 8
WIDE: Final = 120
"""Columns of a wide terminal."""
LEAST_WORD: Final = 40
"""Columns the last word needs to stand in its peer's row; with fewer it has a row of its own."""


def flags_help() -> str:
    """The letters explained, for `--help`."""
    lines = "\n".join(f"  {letter}  {meaning}" for letter, meaning in FLAGS.items())
    return f"\b\nFlags in the peer table:\n{lines}"


def peer_rows(peers: Sequence[PeerStatus], *, width: int, rows: int = MAX_ROWS + 2) -> list[str]:
    """The table as at most `rows` escaped lines of at most `width` columns; empty when there is no peer."""
    if not peers or rows < 2:
        return []
    ranked = sorted(peers, key=_rank)
    seen = ranked[: rows - 1]
    wide = width >= WIDE
    address = min(max(len(str(peer.address)) for peer in seen), WIDE_ADDRESS if wide else ADDRESS)
    client = min(
        max(width_of(fit(peer.client or UNNAMED, WIDE_CLIENT)) for peer in seen), WIDE_CLIENT if wide else CLIENT
    )
    others = address + FLAG_COLUMNS + 4 + 2 * RATE_COLUMNS + 6
    client = max(len("client"), min(client, width - others))
    fixed = others + client
    beside = width - fixed >= LEAST_WORD
    head = f"{'peer':<{address}} {'client':<{client}} {'flags':<{FLAG_COLUMNS}} have {'down/s':>{RATE_COLUMNS}}"
    lines = [fit(f"{head} {'up/s':>{RATE_COLUMNS}}{' last word' if beside else ''}", width)]
    for shown, peer in enumerate(ranked):
        row = _row(peer, address, client)
        entry = [f"{row} {fit(peer.last_word, width - fixed)}".rstrip() if beside else fit(row, width).rstrip()]
        if peer.last_word and not beside:
            entry.append("  " + fit(peer.last_word, width - 2))
        left = len(ranked) - shown
        room = rows - len(lines)
        if len(entry) + (left > 1) > room:
            if room:
                lines.append(f"and {left} more")
            break
        lines += entry
    return lines


def _rank(peer: PeerStatus) -> tuple[int, bool, str]:
    """The busiest first, by the order of magnitude, so that rows stay; then those there is something to say about."""
    rate = int(peer.download_rate + peer.upload_rate)
    return -(rate.bit_length() // 2), not peer.last_word, str(peer.address)


def _row(peer: PeerStatus, address: int, client: int) -> str:
    down, up = (format_size(rate) if rate >= 1 else "" for rate in (peer.download_rate, peer.upload_rate))
    return (
        f"{pad(str(peer.address), address)} {pad(peer.client or UNNAMED, client)} "
        f"{peer.flags:<{FLAG_COLUMNS}} {int(peer.progress * 100):>3}% {down:>{RATE_COLUMNS}} {up:>{RATE_COLUMNS}}"
    )
