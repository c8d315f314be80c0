"""A local tracker that answers wrongly on request, as our own announcer sees it."""

import random
import re

import pytest
import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.announcer import ask_tracker
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.testing.tracker_desk import Fault
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import AnnounceRequest, Event, TrackerError

DICE = random.Random(1)
REQUEST = AnnounceRequest(
    info_hash=InfoHash(bytes(20)),
    peer_id=PeerId(b"-TP0001-abcdefghijkl"),
    port=7001,
    uploaded=0,
    downloaded=0,
    left=1,
    event=Event.STARTED,
)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (Fault(status=503), "it answered 503 Service Unavailable"),
        (Fault(body=b"<html>"), "it answered with a web page, not as a tracker"),
        (Fault(body=b""), "its answer is empty"),
        (Fault(cut_to=5), "it does not speak HTTP properly: peer closed connection without sending complete message"),
        (Fault(hang_up=True), "it does not speak HTTP properly: Server disconnected without sending a response"),
    ],
)
async def test_a_wrong_http_answer_is_one_errors_worth(fault: Fault, complaint: str) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.faults.append(fault)
            with pytest.raises(TrackerError, match=re.escape(complaint)):
                await ask_tracker(tracker.http_url, REQUEST, dice=DICE)
            assert len(tracker.announces) == 1
            await ask_tracker(tracker.http_url, REQUEST, dice=DICE)  # only one was to be wrong
            assert len(tracker.announces) == 2


@pytest.mark.parametrize(
    "fault", [Fault(hang_up=True), Fault(wrong_transaction=True), Fault(cut_to=7)], ids=["silent", "other's", "cut"]
)
async def test_what_is_no_answer_over_udp_is_waited_through(fault: Fault) -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.fault = fault
            with trio.move_on_after(0.1) as waited:
                await ask_tracker(tracker.udp_url, REQUEST, dice=DICE)
            assert waited.cancelled_caught
            assert len(tracker.announces) == 1


async def test_a_packet_of_ones_own_is_sent_as_it_is() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.fault = Fault(body=b"whatever", cut_to=4)
            with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
                await sock.connect(tracker.address)
                await sock.send(udp.connect_request(transaction=1))
                connection = udp.read_connect_response(await sock.recv(100))
                await sock.send(udp.announce_request(connection, REQUEST, transaction=2))
                assert await sock.recv(100) == b"what"


async def test_faults_for_the_next_answers_come_before_the_lasting_one() -> None:
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.fault = Fault(status=500)
            tracker.faults += [Fault(status=502), Fault()]
            with pytest.raises(TrackerError, match="502"):
                await ask_tracker(tracker.http_url, REQUEST, dice=DICE)
            await ask_tracker(tracker.http_url, REQUEST, dice=DICE)
            with pytest.raises(TrackerError, match="500"):
                await ask_tracker(tracker.http_url, REQUEST, dice=DICE)
            tracker.fault = None
            await ask_tracker(tracker.http_url, REQUEST, dice=DICE)


@pytest.mark.parametrize("over", ["http_url", "udp_url"])
async def test_everybody_can_be_told_of_other_peers(over: str) -> None:
    invented = (Address("127.0.0.9", 9), Address("127.0.0.8", 8))
    with trio.fail_after(10):
        async with open_local_tracker() as tracker:
            tracker.peers = invented
            assert (await ask_tracker(getattr(tracker, over), REQUEST, dice=DICE)).peers == invented
            assert [peer.port for peer in tracker.swarm(REQUEST.info_hash).peers] == [7001]
            tracker.compact = False
            assert (await ask_tracker(getattr(tracker, over), REQUEST, dice=DICE)).peers == invented
