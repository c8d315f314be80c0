"""What the live view shows, line by line, and that it fits everywhere."""

from typing import Any

import pytest

from tests.cli.fakes import HOSTILE, peer, status, tracker
from torrent_peer.cli.columns import cell_width
from torrent_peer.cli.live_view import draw, last_frame
from torrent_peer.cli.look import Look
from torrent_peer.core.addresses import Address
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.session.status import State
from torrent_peer.wire.severity import Severity

NASTY = f"[bold]:smile:{HOSTILE}\n日本語" * 9


def look(torrent: Torrent, *, known: dict[str, Any] | None = None, **changes: Any) -> Look:
    have = PieceSet(torrent.geometry.piece_count, range(3)).to_bitfield()
    return Look(status=status(torrent, **({"have": have, "pieces_verified": 3} | changes)), **(known or {}))


def lines_of(*looks: Look, width: int = 80, height: int = 24, news: bool = True) -> list[str]:
    return [line.plain for line in draw(looks, width=width, height=height, news=news)]


def test_a_download_with_all_there_is_to_tell(torrent: Torrent) -> None:
    now = look(
        torrent,
        open_pieces=(4, 5),
        uploaded=1024,
        wasted=16384,
        hash_failures=1,
        dialing=2,
        peers=(peer(client="libtorrent/2.1", flags="DI", last_word="refused piece 1 [0:16384]"),),
        trackers=(
            tracker(),
            tracker(url="udp://u/", answered=True, last_error=None, seeders=1, leechers=2, peers=3, next_announce=90.2),
        ),
        known={
            "rules": {"REQ-07": 2},
            "severities": {Severity.DEVIATION: 2},
            "lately": [(70.0, "piece 3 is wrong"), (2.0, "192.0.2.1:1 closed without a word, no telling why")],
        },
    )
    assert lines_of(now) == [
        "sample                                                         downloading 50.0%",
        f"[{'█' * 39}{'·' * 39}]",
        "44.5 KiB of 89.1 KiB · 3 of 6 pieces · 2 begun · 45 s left",
        "down 1.0 KiB/s · up 0 B/s · 1 peer of 3 known, 2 being dialled · 1.0 KiB upload…",
        "findings: 2 deviations: REQ-07 ×2",
        "udp://u/: 1 seed, 2 leeches, 3 peers; next in 1 min 31 s",
        "http://t.example/announce: again in 1 min; timed out",
        "peer           client         flags have   down/s     up/s",
        "192.0.2.7:6881 libtorrent/2.1 DI     50%  2.0 KiB",
        "  refused piece 1 [0:16384]",
        " 2 s ago 192.0.2.1:1 closed without a word, no telling why",
        " 1 m ago piece 3 is wrong",
    ]
    assert len(lines_of(now, news=False)) == 10
    assert lines_of(now, width=200)[6].endswith("have   down/s     up/s last word")


def test_while_the_disk_is_looked_at(torrent: Torrent) -> None:
    lines = lines_of(look(torrent, have=b"", state=State.CHECKING, known={"checked": 0.5, "check_left": 3.0}))
    assert lines[0] == "sample                                checking what is on disk 50.0%, 3.0 s left"
    assert lines[1] == f"[{'█' * 39}{'·' * 39}]"
    assert len(lines) == len(lines_of(look(torrent, have=b"", state=State.CHECKING))) == 2


def test_a_seed_tells_what_it_gives(torrent: Torrent) -> None:
    total = torrent.geometry.total_length
    now = look(torrent, state=State.SEEDING, verified=total, uploaded=2 * total, upload_rate=2048.0, eta=None)
    assert lines_of(now)[0].endswith("seeding 100.0%")
    assert lines_of(now, width=100)[2:] == [
        "89.1 KiB · 3 of 6 pieces · up 2.0 KiB/s · 0 peers of 3 known · 178 KiB uploaded, ratio 2.00"
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"last_error": None, "next_announce": None}, "http://t.example/announce: not asked yet"),
        ({"last_error": None, "next_announce": 0.0}, "http://t.example/announce: asking"),
        ({"next_announce": None}, "http://t.example/announce: no more; timed out"),
        ({"next_announce": float("inf")}, "http://t.example/announce: no more; timed out"),
        ({"next_announce": 4.2}, "http://t.example/announce: again in 5 s; timed out"),
        (
            {"last_error": None, "answered": True, "peers": 1},
            "http://t.example/announce: 1 peer; next in 1 min",
        ),
    ],
)
def test_a_tracker_on_a_line(torrent: Torrent, changes: dict[str, Any], line: str) -> None:
    assert lines_of(look(torrent, trackers=(tracker(**changes),)))[-1] == line


def test_many_trackers_are_counted(torrent: Torrent) -> None:
    lines = lines_of(look(torrent, trackers=tuple(tracker(url=f"http://t{n}/") for n in range(9))))
    assert lines[-1] == "and 6 more trackers"


def test_why_nothing_comes_stands_under_the_figures(torrent: Torrent) -> None:
    assert lines_of(look(torrent, eta=None, why_slow="3 peers, all choking us"))[-1] == "3 peers, all choking us"


def test_of_many_torrents_each_has_a_line(torrent: Torrent) -> None:
    looks = [look(torrent, name=f"torrent {n}") for n in range(12)]
    lines = lines_of(*looks, height=24)
    assert len(lines) == 12
    assert lines[3].startswith("torrent 3 ")
    assert "50.0%  1.0 KiB/s, 0 peers" in lines[3]
    assert lines_of(*looks, height=5)[-1] == "and 8 more lines"


@pytest.mark.parametrize("width", [1, 20, 80, 200])
@pytest.mark.parametrize("height", [1, 5, 23, 49])
@pytest.mark.parametrize("torrents", [1, 3])
def test_it_never_outgrows_the_terminal_nor_lets_a_stranger_break_a_line(
    torrent: Torrent, width: int, height: int, torrents: int
) -> None:
    peers = tuple(
        peer(address=Address("2001:db8:85a3:8d3:1319:8a2e:370:7348", 6000 + n), client=NASTY, last_word=NASTY)
        for n in range(40)
    )
    now = look(
        torrent,
        name=NASTY,
        peers=peers,
        why_slow=NASTY,
        trackers=(tracker(url=NASTY, last_error=NASTY),) * 6,
        known={
            "rules": {f"REQ-{n:02}": 10**6 for n in range(60)},
            "severities": dict.fromkeys(Severity, 10**7),
            "lately": [(n * 1000.0, NASTY) for n in range(9)],
        },
    )
    looks = [now] * torrents
    for lines in (
        lines_of(*looks, width=width, height=height),
        [x.plain for x in last_frame(looks, width=width, height=height)],
    ):
        assert len(lines) <= height
        assert all(sum(map(cell_width, line)) <= width for line in lines), lines
        assert all(line.isprintable() for line in lines)


def test_peers_keep_a_place_when_there_is_little_room(torrent: Torrent) -> None:
    now = look(
        torrent,
        peers=tuple(peer(address=Address("192.0.2.7", n)) for n in range(1, 30)),
        trackers=(tracker(),) * 4,
        known={"lately": [(1.0, "x")] * 8},
    )
    lines = lines_of(now, height=12)
    assert len(lines) == 12
    assert sum(line.startswith("192.0.2.7:") for line in lines) >= 2
    assert any(line.startswith("and ") for line in lines)
