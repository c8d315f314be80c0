from pathlib import Path

from attrs import evolve

from tests.session.hall import open_hall
from tests.session.stage import CONTENT, GEOMETRY, PIECE_LENGTH, TORRENT
from torrent_peer.core.addresses import Address
from torrent_peer.net.announcer import TrackerState
from torrent_peer.session.events import MessageSeen, TrackerAnswered, TrackerFailed
from torrent_peer.wire.side import Side


async def test_what_is_left_are_the_bytes_not_verified(tmp_path: Path) -> None:
    async with open_hall(tmp_path, pieces=2) as hall:
        assert hall.parts.left == len(CONTENT) - 2 * PIECE_LENGTH
        assert hall.parts.exchange.verified_bytes == 2 * PIECE_LENGTH
        stats = hall.parts._transfer_stats()
        assert (stats.uploaded, stats.downloaded, stats.left) == (0, 0, hall.parts.left)


async def test_addresses_from_trackers_are_learnt(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        hall.parts._learn([Address("10.1.2.3", 6881), Address("10.1.2.3", 0)], "http://tracker/announce")
        assert list(hall.parts.swarm.book) == [Address("10.1.2.3", 6881)]


async def test_trackers_news_become_events(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        state = TrackerState(
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
        hall.parts._tracker_changed(evolve(state, error="no route"))
        hall.parts._tracker_changed(evolve(state, answered=True, peers=3, seeders=2, leechers=1, warning="slow down"))
        hall.parts._tracker_changed(state)
        assert hall.events == [
            TrackerFailed("http://tracker/announce", "no route"),
            TrackerAnswered("http://tracker/announce", 3, 2, 1, "slow down"),
        ]


async def test_connections_we_make_name_the_torrent_and_say_how_much_we_take(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        connection = hall.parts._new_connection()
        assert connection.side is Side.DIALER
        assert connection.info_hash == TORRENT.info_hash
        assert connection.geometry == GEOMETRY
        assert connection.extended_handshake(client="x", listen_port=None).request_queue == 500


async def test_without_a_transcript_messages_are_no_events(tmp_path: Path) -> None:
    async with open_hall(tmp_path) as hall:
        hall.join()
        assert not hall.all(MessageSeen)
