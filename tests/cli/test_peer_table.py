"""The peer table, and its letters."""

import pytest

from tests.cli.fakes import HOSTILE, peer
from torrent_peer.cli.peer_table import FLAGS, MAX_ROWS, UNNAMED, flags_help, peer_rows
from torrent_peer.core.addresses import Address


def test_the_peer_table_is_escaped_and_cut() -> None:
    peers = [peer(address=Address("192.0.2.7", port), download_rate=port) for port in range(1, 21)]
    rows = peer_rows(peers, width=80)
    assert rows[0] == "peer         client             flags have   down/s     up/s"
    assert rows[1] == "192.0.2.7:10 evil\\x1b[2J\\u202e… dE     50%     10 B"
    assert rows[-1] == f"and {20 - MAX_ROWS} more"
    assert len(rows) == MAX_ROWS + 2
    assert all(len(row) <= 80 and row.isprintable() for row in rows)
    assert peer_rows([], width=80) == peer_rows(peers, width=80, rows=1) == []


@pytest.mark.parametrize("rows", range(2, 12))
def test_it_takes_no_more_rows_than_it_is_given_and_counts_the_rest(rows: int) -> None:
    peers = [peer(address=Address("192.0.2.7", port), last_word="x" if port % 2 else "") for port in range(1, 6)]
    table = peer_rows(peers, width=60, rows=rows)
    assert len(table) <= rows
    shown = sum(row.startswith("192.0.2.7:") for row in table)
    assert table[-1] == f"and {5 - shown} more" if shown < 5 else not table[-1].startswith("and")


def test_the_last_word_stands_beside_where_there_is_room_and_below_elsewhere() -> None:
    one = [peer(last_word="refused piece 1", client="x")]
    assert peer_rows(one, width=200)[1].endswith(" 2.0 KiB          refused piece 1")
    assert peer_rows(one, width=70)[2] == "  refused piece 1"


def test_who_has_not_introduced_himself_has_no_name() -> None:
    assert UNNAMED in peer_rows([peer(client="")], width=80)[1]


def test_rows_stay_where_they_are_while_rates_waver() -> None:
    def order(*rates: float) -> list[str]:
        peers = [peer(address=Address("192.0.2.7", n), download_rate=rate) for n, rate in enumerate(rates, 1)]
        return [row.split()[0][-1] for row in peer_rows(peers, width=80)[1:]]

    assert order(30_000.0, 31_000.0) == order(31_000.0, 30_000.0) == ["1", "2"]
    assert order(30_000.0, 300_000.0) == ["2", "1"]


def test_every_letter_is_explained() -> None:
    assert "".join(FLAGS) == "DdUuK?OSIHXTE"
    assert all(f"  {letter}  {meaning}\n" in flags_help() + "\n" for letter, meaning in FLAGS.items())


def test_a_name_that_moves_the_cursor_is_shown_as_text() -> None:
    assert HOSTILE not in "".join(peer_rows([peer(last_word=HOSTILE)], width=200))
