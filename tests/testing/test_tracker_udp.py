"""The UDP side of the local tracker, asked packet by packet, by honest and hostile clients."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from attrs import define

from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.testing import tracker_udp
from torrent_peer.testing.tracker import LocalTracker, open_local_tracker
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import AnnounceRequest, Event

INFO_HASH = InfoHash(bytes(range(20)))


def request(number: int = 1, *, num_want: int = -1) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=INFO_HASH,
        peer_id=PeerId(b"-TP0001-%012d" % number),
        port=1000 + number,
        uploaded=0,
        downloaded=0,
        left=1,
        event=Event.STARTED,
        num_want=num_want,
    )


@define
class Client:
    """A socket connected to the tracker."""

    sock: trio.socket.SocketType
    tracker: LocalTracker

    async def ask(self, packet: bytes) -> bytes:
        await self.sock.send(packet)
        return await self.sock.recv(4096)

    async def connect(self) -> int:
        return udp.read_connect_response(await self.ask(udp.connect_request(transaction=1)))

    async def is_still_served(self) -> None:
        """The next answer is to this question: whatever was sent before was not answered."""
        answer = await self.ask(udp.connect_request(transaction=0x600D))
        assert udp.read_header(answer) == (udp.CONNECT, 0x600D)


@asynccontextmanager
async def open_client(host: str = "127.0.0.1") -> AsyncIterator[Client]:
    with trio.fail_after(10):
        async with open_local_tracker(host, interval=900) as tracker:
            family = trio.socket.AF_INET6 if ":" in host else trio.socket.AF_INET
            with trio.socket.socket(family, trio.socket.SOCK_DGRAM) as sock:
                await sock.connect(tracker.address)
                yield Client(sock, tracker)


async def test_connect_then_announce_then_scrape() -> None:
    async with open_client() as client:
        connection = await client.connect()
        await client.ask(udp.announce_request(connection, request(1), transaction=2))
        answer = await client.ask(udp.announce_request(connection, request(2), transaction=3))
        assert answer.hex() == "00000001000000030000038400000002000000007f00000103e9"
        answer = await client.ask(udp.scrape_request(connection, [INFO_HASH, InfoHash(b"x" * 20)], transaction=4))
        assert answer.hex() == "0000000200000004" + "000000000000000000000002" + "00" * 12


async def test_over_ipv6_peers_have_18_bytes_and_no_more_than_fit_a_frame() -> None:
    async with open_client("::1") as client:
        connection = await client.connect()
        for number in range(100):
            answer = await client.ask(udp.announce_request(connection, request(number, num_want=200), transaction=3))
        assert len(answer) == 20 + 79 * 18


async def test_over_ipv4_200_peers_fit_a_frame() -> None:
    async with open_client() as client:
        connection = await client.connect()
        for number in range(210):
            answer = await client.ask(udp.announce_request(connection, request(number, num_want=500), transaction=3))
        assert len(answer) == 20 + 200 * 6


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0" * 15,
        b"\xff" * 15,
        udp.connect_request(transaction=1)[:-1],
        (0).to_bytes(8, "big") + udp.connect_request(transaction=1)[8:],
    ],
)
async def test_what_is_no_question_gets_no_answer(packet: bytes) -> None:
    async with open_client() as client:
        await client.sock.send(packet)
        await client.is_still_served()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda connection: udp.announce_request(connection ^ 1, request(), transaction=7), "connect first"),
        (lambda connection: udp.announce_request(0, request(), transaction=7), "connect first"),
        (lambda connection: udp.announce_request(connection, request(), transaction=7)[:97], "that is no announce"),
        (
            lambda connection: udp.scrape_request(connection, [INFO_HASH], transaction=7)[:-1],
            "a scrape names 1 to 74 torrents, not 0",
        ),
        (
            lambda connection: udp.scrape_request(connection, [INFO_HASH], transaction=7) + INFO_HASH * 74,
            "a scrape names 1 to 74 torrents, not 75",
        ),
        (lambda connection: connection.to_bytes(8, "big") + b"\0\0\0\x09\0\0\0\x07" + bytes(90), "no such action"),
    ],
)
async def test_a_wrong_question_is_refused_in_words(make: Callable[[int], bytes], reason: str) -> None:
    async with open_client() as client:
        question = make(await client.connect())
        answer = await client.ask(question)
        assert answer == udp.error_response(reason, transaction=7)
        if reason == "connect first":
            assert len(answer) <= len(question), "whoever has not proved its address is sent no more than it sent"
        assert not client.tracker.announces


async def test_a_connection_id_is_good_for_one_address_only() -> None:
    async with open_client() as client:
        connection = await client.connect()
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as other:
            await other.bind(("127.0.0.2", 0))
            await other.connect(client.tracker.address)
            await other.send(udp.announce_request(connection, request(), transaction=7))
            assert await other.recv(4096) == udp.error_response("connect first", transaction=7)


async def test_a_connection_id_lives_for_a_minute_and_not_for_three(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_client() as client:
        connection = await client.connect()
        now = trio.current_time()
        for later, good in ((60, True), (121, False)):
            monkeypatch.setattr(trio, "current_time", lambda later=later: now + later)
            answer = await client.ask(udp.announce_request(connection, request(), transaction=7))
            assert (udp.read_header(answer) == (udp.ANNOUNCE, 7)) == good
        monkeypatch.undo()


async def test_answers_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker_udp, "MAX_PENDING", 5)
    async with open_client() as client:
        connection = await client.connect()
        client.tracker.delay = 3600
        for number in range(50):
            await client.sock.send(udp.announce_request(connection, request(number), transaction=7))
        await client.tracker.wait_until(lambda: len(client.tracker.announces) >= 5)
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert len(client.tracker.announces) == 5
