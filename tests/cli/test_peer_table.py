"""The peer table, and its letters."""

from tests.cli.fakes import HOSTILE, peer
from torrent_peer.cli.peer_table import FLAGS, MAX_ROWS, flags_help, peer_rows
from torrent_peer.core.addresses import Address
from torrent_peer.metainfo.torrent import Torrent


def test_the_peer_table_is_escaped_and_cut(torrent: Torrent) -> None:
    peers = [peer(address=Address("192.0.2.7", port), download_rate=port, last_word=HOSTILE) for port in range(1, 21)]
    rows = peer_rows(peers, width=80)
    assert rows[0].split() == ["peer", "client", "flags", "have", "down", "up"]
    assert rows[1].startswith("192.0.2.7:20          evil\\x1b[2J\\u202e… dE      50%      20 B/s       0 B/s")
    assert rows[-1] == f"and {20 - MAX_ROWS} more"
    assert len(rows) == MAX_ROWS + 2
    assert all(len(row) <= 80 and row.isprintable() for row in rows)
    assert peer_rows([], width=80) == []


def test_every_letter_is_explained() -> None:
    assert "".join(FLAGS) == "DdUuK?OSIHXTE"
    assert all(f"  {letter}  {meaning}\n" in flags_help() + "\n" for letter, meaning in FLAGS.items())
