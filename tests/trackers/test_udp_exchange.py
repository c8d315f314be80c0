"""One question to a UDP tracker: the schedule of BEP 15, and who is believed."""

import random

import pytest

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import AnnounceRequest, AnnounceResponse, ScrapeEntry, TrackerError
from torrent_peer.trackers.udp_exchange import Question, UdpExchange

INFO_HASH = InfoHash(bytes(range(20)))
REQUEST = AnnounceRequest(
    info_hash=INFO_HASH, peer_id=PeerId(b"-TP0001-abcdefghijkl"), port=6881, uploaded=0, downloaded=0, left=1
)
PEER = Address("192.0.2.1", 6881)
CONNECTION = 0x1122334455667788


def exchange(question: Question = REQUEST, *, ipv6: bool = False) -> UdpExchange:
    return UdpExchange(question, dice=random.Random(1), now=0.0, ipv6=ipv6)


def sent(machine: UdpExchange, now: float) -> tuple[int, int]:
    """Action and transaction of the packet due now."""
    packet = machine.next_packet(now=now)
    assert packet is not None
    question = udp.read_question(packet)
    assert question is not None
    return question.action, question.transaction


def connect(machine: UdpExchange, now: float = 0.0) -> None:
    action, transaction = sent(machine, now)
    assert action == udp.CONNECT
    machine.receive(udp.connect_response(CONNECTION, transaction=transaction), now=now)


def announce_answer(transaction: int, *, ipv6: bool = False, peer: Address = PEER) -> bytes:
    return udp.announce_response(transaction=transaction, interval=900, leechers=1, seeders=2, peers=[peer], ipv6=ipv6)


def schedule(machine: UdpExchange, until: float, *, connects_at: float | None = None) -> list[tuple[float, int]]:
    """When which action was sent, if the tracker answers only the first connect after `connects_at`."""
    found = []
    while (now := machine.next_deadline()) <= until:
        action, transaction = sent(machine, now)
        found.append((now, action))
        if action == udp.CONNECT and connects_at is not None:
            machine.receive(udp.connect_response(CONNECTION, transaction=transaction), now=now + connects_at)
            connects_at = None
    return found


def test_connect_then_announce_then_the_answer() -> None:
    machine = exchange()
    connect(machine, 0.0)
    action, transaction = sent(machine, 1.0)
    assert action == udp.ANNOUNCE
    machine.receive(announce_answer(transaction), now=2.0)
    assert machine.answer == AnnounceResponse(interval=900.0, peers=(PEER,), seeders=2, leechers=1)
    assert machine.next_packet(now=1e9) is None


def test_over_ipv6_peers_have_18_bytes() -> None:
    machine = exchange(ipv6=True)
    connect(machine)
    _, transaction = sent(machine, 0.0)
    peer = Address("2001:db8::1", 6881)
    machine.receive(announce_answer(transaction, ipv6=True, peer=peer), now=1.0)
    assert isinstance(machine.answer, AnnounceResponse)
    assert machine.answer.peers == (peer,)


def test_a_scrape_is_asked_the_same_way() -> None:
    machine = exchange([INFO_HASH])
    connect(machine)
    action, transaction = sent(machine, 0.0)
    assert action == udp.SCRAPE
    machine.receive(udp.scrape_response([ScrapeEntry(1, 2, 3)], transaction=transaction), now=1.0)
    assert machine.answer == {INFO_HASH: ScrapeEntry(1, 2, 3)}


def test_a_mute_tracker_is_asked_nine_times_in_two_hours_and_given_up() -> None:
    machine = exchange()
    times = [at for at, _ in schedule(machine, 3825)]
    assert times == [0, 15, 45, 105, 225, 465, 945, 1905, 3825]
    assert machine.next_deadline() == 3825 + 3840
    with pytest.raises(TrackerError) as caught:
        machine.next_packet(now=7665)
    assert (str(caught.value), caught.value.answered) == ("it did not answer", False)


def test_an_announce_without_answer_asks_for_a_new_connection_id_after_a_minute() -> None:
    """BEP 15's own example: "Announce times out", connect at 0, announces at 2, 17, 47, connects at 107, 227."""
    machine = exchange()
    found = schedule(machine, 227, connects_at=1.0)
    connect_, announce = udp.CONNECT, udp.ANNOUNCE
    assert found == [(0, connect_), (1, announce), (16, announce), (46, announce), (106, connect_), (226, connect_)]


def test_nothing_is_sent_before_its_time() -> None:
    machine = exchange()
    assert machine.next_packet(now=0.0) is not None
    assert machine.next_packet(now=14.9) is None
    assert machine.next_deadline() == 15.0


def test_a_tracker_that_only_ever_connects_is_given_up() -> None:
    machine = exchange()
    for _ in range(10):
        now = machine.next_deadline()
        action, transaction = sent(machine, now)
        if action == udp.CONNECT:
            machine.receive(udp.connect_response(CONNECTION, transaction=transaction), now=now)
    with pytest.raises(TrackerError, match=r"^it did not answer$"):
        machine.next_packet(now=machine.next_deadline())


@pytest.mark.parametrize("connected", [False, True])
def test_an_answer_to_another_transaction_is_passed_over(connected: bool) -> None:
    machine = exchange()
    if connected:
        connect(machine)
    _, transaction = sent(machine, 0.0)
    for packet in (
        udp.connect_response(1, transaction=transaction ^ 1),
        announce_answer(transaction ^ 1),
        udp.error_response("go away", transaction=transaction ^ 1),
        b"",
        b"\0" * 7,
        b"\xff" * 100,
    ):
        machine.receive(packet, now=1.0)
    assert machine.answer is None
    assert machine.strangers == 6


def test_an_old_connect_answer_does_not_count_twice() -> None:
    machine = exchange()
    _, transaction = sent(machine, 0.0)
    machine.receive(udp.connect_response(CONNECTION, transaction=transaction), now=1.0)
    machine.receive(udp.connect_response(666, transaction=transaction), now=1.0)
    packet = machine.next_packet(now=1.0)
    assert packet is not None
    assert packet[:8] == CONNECTION.to_bytes(8, "big")


def test_a_slow_answer_to_an_earlier_try_still_counts() -> None:
    machine = exchange()
    connect(machine)
    _, first = sent(machine, 0.0)
    _, second = sent(machine, 15.0)
    assert first != second
    machine.receive(announce_answer(first), now=16.0)
    assert isinstance(machine.answer, AnnounceResponse)


@pytest.mark.parametrize("connected", [False, True])
def test_a_refusal_ends_the_exchange(connected: bool) -> None:
    machine = exchange()
    if connected:
        connect(machine)
    _, transaction = sent(machine, 0.0)
    with pytest.raises(TrackerError) as caught:
        machine.receive(udp.error_response("torrent not registered", transaction=transaction), now=1.0)
    assert (str(caught.value), caught.value.answered) == ("it refused: torrent not registered", True)


def test_the_wrong_action_for_our_transaction_is_no_answer() -> None:
    machine = exchange()
    _, transaction = sent(machine, 0.0)
    with pytest.raises(TrackerError) as caught:
        machine.receive(announce_answer(transaction), now=1.0)
    assert str(caught.value) == "it answered with action 1 where 0 was asked"


@pytest.mark.parametrize("length", range(9, 20))
def test_a_truncated_answer_to_our_transaction_is_no_answer(length: int) -> None:
    machine = exchange()
    connect(machine)
    _, transaction = sent(machine, 0.0)
    with pytest.raises(TrackerError) as caught:
        machine.receive(announce_answer(transaction)[:length], now=1.0)
    assert str(caught.value) == f"it sent {length} bytes for an announce answer of at least 20"


def test_transaction_ids_come_from_the_dice() -> None:
    first = [sent(exchange(), 0.0)[1] for _ in range(2)]
    assert first[0] == first[1] == random.Random(1).getrandbits(32)
