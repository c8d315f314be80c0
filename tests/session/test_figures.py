from pathlib import Path

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from tests.session.hall import open_hall
from tests.session.stage import CONTENT, GEOMETRY, NOT_FAST, PIECE_LENGTH, PLAIN, TORRENT
from torrent_peer.net.announcer import TrackerState
from torrent_peer.session.figures import flags, peer_status, torrent_status, tracker_status, why_slow
from torrent_peer.session.peer import Peer
from torrent_peer.session.status import State
from torrent_peer.session.upkeep import Upkeep
from torrent_peer.strategy.overdue import REQUEST_TIMEOUT
from torrent_peer.strategy.super_seeding import ENOUGH_SEEDS
from torrent_peer.wire.messages import Choke, Have, HaveAll, Interested, NotInterested, Unchoke

ALL = GEOMETRY.piece_count
TRACKER = TrackerState(
    url="http://tracker/announce",
    tier=0,
    answered=False,
    error=None,
    warning=None,
    peers=0,
    seeders=None,
    leechers=None,
    next_announce=None,
)


def why(
    *peers: Peer, known: int = 0, dialing: int = 0, unobtainable: int = 0, trackers: tuple[TrackerState, ...] = ()
) -> str:
    return why_slow(peers, known=known, dialing=dialing, unobtainable=unobtainable, trackers=trackers)


def test_before_the_disk_was_looked_at_only_the_torrent_is_known() -> None:
    status = torrent_status(TORRENT, State.CHECKING, None)
    assert (status.info_hash, status.name, status.state) == (TORRENT.info_hash, "content.bin", State.CHECKING)
    assert (status.wanted, status.verified, status.pieces, status.pieces_verified) == (len(CONTENT), 0, ALL, 0)
    assert (status.peers, status.trackers, status.eta) == ((), (), None)


async def test_a_snapshot_tells_what_moves_and_how_long_it_takes(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path, pieces=2) as hall:
        peer, ear = hall.join()
        while hall.parts.content.have.count < 4:
            await trio.sleep(1)
            hall.give(peer, *ear.asked())
            hall.settle()
        hall.say(peer, Have(0), HaveAll())
        status = torrent_status(TORRENT, State.DOWNLOADING, hall.parts)
        assert status.pieces_verified == hall.parts.content.have.count >= 4
        assert status.downloaded == peer.downloaded
        assert status.verified == hall.parts.exchange.verified_bytes
        assert status.download_rate == peer.download_rate.rate(now=trio.current_time()) > 0
        assert status.eta == pytest.approx((status.wanted - status.verified) / status.download_rate)
        assert status.why_slow == ""
        assert (status.violations, status.deviations, status.hash_failures) == (0, 1, 0)
        (shown,) = status.peers
        assert shown.address == peer.address
        assert shown.progress == 1.0
        assert shown.outstanding == len(peer.connection.outstanding)
        assert shown.last_word.endswith("[BF-03]")


async def test_nothing_wanted_is_slow_while_seeding(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=ALL) as hall:
        status = torrent_status(TORRENT, State.SEEDING, hall.parts)
        assert status.why_slow == ""
        assert status.eta is None
        assert status.verified == len(CONTENT)
        assert status.doing == "seeding"


async def test_a_super_seed_is_called_so_as_long_as_it_hides_anything(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=ALL, options=evolve(PLAIN, super_seed=True)) as hall:
        assert torrent_status(TORRENT, State.SEEDING, hall.parts).doing == "super-seeding"
        assert torrent_status(TORRENT, State.STOPPING, hall.parts).doing == "stopping"
        for _ in range(ENOUGH_SEEDS):
            hall.join()
        assert torrent_status(TORRENT, State.SEEDING, hall.parts).doing == "seeding"


async def test_flags_are_one_letter_a_fact(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=1) as hall:
        peer, _ = hall.join([0], unchoked=False)
        assert flags(peer) == ""
        hall.say(peer, Unchoke())
        assert flags(peer) == "K"
        hall.say(peer, Have(1))
        assert flags(peer) == "D"
        hall.say(peer, Choke())
        assert flags(peer) == "d"
        hall.say(peer, Interested())
        assert flags(peer) == "dU"
        hall.say(peer, NotInterested())
        assert flags(peer) == "d?"
        peer.optimistic = True
        peer.dialed = False
        assert flags(peer) == "Od?I"


async def test_a_peer_that_said_nothing_of_pieces_has_made_no_progress(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        peer, _ = hall.join([], reserved=NOT_FAST, unchoked=False)
        assert peer_status(peer).progress == 0.0


async def test_trackers_are_shown_with_seconds_to_go(autojump_clock: MockClock) -> None:
    await trio.sleep(100)
    shown = tracker_status(evolve(TRACKER, seeders=3, leechers=4, error="no route", next_announce=130.0))
    assert (shown.url, shown.seeders, shown.leechers, shown.last_error) == ("http://tracker/announce", 3, 4, "no route")
    assert shown.next_announce == 30.0
    assert tracker_status(evolve(TRACKER, next_announce=50.0)).next_announce == 0.0
    assert tracker_status(TRACKER).next_announce is None


def test_why_nothing_comes_while_nobody_is_connected() -> None:
    assert why() == "no peer is known, and there is no tracker to ask"
    assert why(trackers=(TRACKER,)) == "no peer is known yet"
    failed = evolve(TRACKER, error="connection refused")
    assert why(trackers=(TRACKER, failed)) == "no peer is known; tracker http://tracker/announce: connection refused"
    assert why(known=1, dialing=1) == "1 peer known, none connected (1 being dialled)"
    assert why(known=7) == "7 peers known, none connected (to be tried again)"


async def test_why_nothing_comes_from_those_who_are_connected(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with open_hall(tmp_path, pieces=1) as hall:
        useless, _ = hall.join([0])
        assert why(useless) == "1 peer connected, none with a piece we lack"
        assert why(useless, unobtainable=5) == "1 peer connected, none with a piece we lack; pieces that nobody has: 5"
        choking, _ = hall.join(unchoked=False)
        assert why(useless, choking) == "1 peer with something for us, all choking us"
        silent, _ = hall.join()
        assert why(useless, choking, silent) == ""
        await trio.sleep(REQUEST_TIMEOUT + 1)
        Upkeep(hall.parts.exchange).tick(now=trio.current_time())
        assert why(useless, choking, silent) == "1 peer owing us blocks and sending none"


async def test_a_stalled_download_says_why(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=1) as hall:
        hall.join(unchoked=False)
        status = torrent_status(TORRENT, State.DOWNLOADING, hall.parts)
        assert status.why_slow == "1 peer with something for us, all choking us"
        assert status.wanted - status.verified == len(CONTENT) - PIECE_LENGTH
