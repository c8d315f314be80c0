"""What a tracker knows, and how little a hostile client can make it keep."""

import random

import pytest

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.testing import tracker_swarms
from torrent_peer.testing.tracker_swarms import SwarmBook, Told
from torrent_peer.trackers.announce import AnnounceRequest, Event, ScrapeEntry, TrackerError

INFO_HASH = InfoHash(bytes(20))


def info_hash(number: int) -> InfoHash:
    return InfoHash(number.to_bytes(20, "big"))


def request(
    number: int,
    event: Event = Event.STARTED,
    *,
    left: int = 1,
    num_want: int = -1,
    torrent: InfoHash = INFO_HASH,
    port: int | None = None,
) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=torrent,
        peer_id=PeerId(b"-TP0001-%012d" % number),
        port=1000 + number if port is None else port,
        uploaded=0,
        downloaded=0,
        left=left,
        event=event,
        num_want=num_want,
    )


def book(lifetime: float = 100.0) -> SwarmBook:
    return SwarmBook(lifetime=lifetime, dice=random.Random(1))


def announce(kept: SwarmBook, asked: AnnounceRequest, *, host: str = "192.0.2.1", now: float = 0.0) -> Told:
    return kept.announce(host, asked, now=now)


def ports(told: Told) -> set[int]:
    return {peer.address.port for peer in told.peers}


def test_peers_are_told_of_each_other_and_never_of_themselves() -> None:
    kept = book()
    assert ports(announce(kept, request(1))) == set()
    assert ports(announce(kept, request(2))) == {1001}
    assert ports(announce(kept, request(3))) == {1001, 1002}
    assert ports(announce(kept, request(1, Event.REGULAR))) == {1002, 1003}


def test_a_peer_with_two_addresses_is_not_told_of_its_other_one() -> None:
    kept = book()
    announce(kept, request(1))
    assert announce(kept, request(1), host="2001:db8::1").peers == ()


def test_seeders_and_leechers_are_counted_the_asker_included() -> None:
    kept = book()
    announce(kept, request(1, left=0))
    told = announce(kept, request(2))
    assert (told.seeders, told.leechers) == (1, 1)
    told = announce(kept, request(2, Event.COMPLETED, left=0))
    assert (told.seeders, told.leechers) == (2, 0)
    assert kept.swarm(INFO_HASH).entry == ScrapeEntry(seeders=2, completed=1, leechers=0)


def test_completed_counts_once_per_peer() -> None:
    kept = book()
    announce(kept, request(1))
    for _ in range(3):
        announce(kept, request(1, Event.COMPLETED, left=0))
    assert kept.swarm(INFO_HASH).completed == 1


def test_stopped_removes_the_peer_and_is_told_of_nobody() -> None:
    kept = book()
    announce(kept, request(1))
    announce(kept, request(2))
    assert announce(kept, request(2, Event.STOPPED)) == Told(0, 1, ())
    assert set(kept.swarm(INFO_HASH).peers) == {Address("192.0.2.1", 1001)}
    announce(kept, request(1, Event.STOPPED))
    assert len(kept) == 0


def test_stopped_for_an_unknown_torrent_makes_none() -> None:
    kept = book()
    assert announce(kept, request(1, Event.STOPPED)) == Told(0, 0, ())
    assert len(kept) == 0


def test_a_peer_not_heard_of_for_a_lifetime_is_forgotten() -> None:
    kept = book(lifetime=100)
    announce(kept, request(1), now=0)
    announce(kept, request(2), now=50)
    announce(kept, request(1, Event.REGULAR), now=60)
    assert ports(announce(kept, request(3), now=149)) == {1001, 1002}
    assert ports(announce(kept, request(3), now=150)) == {1001}
    assert ports(announce(kept, request(3), now=160)) == set()
    kept.expire(now=1000)
    assert len(kept) == 0


@pytest.mark.parametrize(("num_want", "given"), [(-1, 50), (0, 0), (3, 3), (60, 60), (10_000, 200)])
def test_as_many_peers_as_wanted_within_reason(num_want: int, given: int) -> None:
    kept = book()
    for number in range(300):
        announce(kept, request(number))
    assert len(announce(kept, request(999, num_want=num_want)).peers) == given


def test_a_peer_nobody_could_dial_is_answered_but_not_kept() -> None:
    kept = book()
    announce(kept, request(1))
    assert ports(announce(kept, request(2, port=0))) == {1001}
    assert set(kept.swarm(INFO_HASH).peers) == {Address("192.0.2.1", 1001)}


def test_the_peers_of_one_torrent_are_bounded_and_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_swarms, "MAX_SWARM_PEERS", 10)
    kept = book()
    for number in range(100):
        announce(kept, request(number))
    assert {address.port for address in kept.swarm(INFO_HASH).peers} == set(range(1090, 1100))


def test_all_peers_together_are_bounded_and_the_largest_torrent_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_swarms, "MAX_PEERS", 10)
    kept = book()
    announce(kept, request(1, torrent=info_hash(1)))
    for number in range(100):
        announce(kept, request(number, torrent=info_hash(2)))
    assert len(kept.swarm(info_hash(1)).peers) == 1
    assert len(kept.swarm(info_hash(2)).peers) == 9


def test_torrents_are_bounded_and_a_further_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_swarms, "MAX_SWARMS", 3)
    kept = book(lifetime=100)
    for number in range(3):
        announce(kept, request(1, torrent=info_hash(number)))
    with pytest.raises(TrackerError) as caught:
        announce(kept, request(1, torrent=info_hash(3)))
    assert str(caught.value) == "this tracker tracks as many torrents as it can"
    announce(kept, request(1, torrent=info_hash(3)), now=100)
    assert list(kept) == [info_hash(3)]


def test_torrents_that_were_only_completed_and_left_do_not_fill_the_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_swarms, "MAX_SWARMS", 3)
    kept = book()
    for number in range(10):
        announce(kept, request(1, Event.COMPLETED, left=0, torrent=info_hash(number)))
        announce(kept, request(1, Event.STOPPED, left=0, torrent=info_hash(number)))
    assert len(kept) == 3
    assert kept.swarm(info_hash(9)).completed == 1


def test_random_announces_keep_the_count_of_peers_true() -> None:
    kept = book(lifetime=20)
    dice = random.Random(3)
    for now in range(3000):
        event = dice.choice([*Event, Event.REGULAR, Event.REGULAR])
        number, torrent = dice.randrange(8), info_hash(dice.randrange(4))
        announce(kept, request(number, event, left=dice.randrange(2), torrent=torrent), now=now)
        assert kept.peer_count == sum(len(kept.swarm(name).peers) for name in kept)
