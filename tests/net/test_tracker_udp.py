"""UDP trackers over real sockets: honest, mute, forged and refusing ones."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net import tracker_udp
from torrent_peer.net.tracker_udp import announce_udp, scrape_udp
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import AnnounceRequest, AnnounceResponse, Event, ScrapeEntry, TrackerError

INFO_HASH = InfoHash(bytes(range(20)))
PEER = Address("192.0.2.1", 6881)


def request(number: int = 1) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=INFO_HASH,
        peer_id=PeerId(b"-TP0001-%012d" % number),
        port=7000 + number,
        uploaded=0,
        downloaded=0,
        left=1,
        event=Event.STARTED,
    )


async def announce(url: str, *, number: int = 1, deadline: float = 5.0) -> AnnounceResponse:
    with trio.fail_after(10):
        return await announce_udp(url, request(number), dice=random.Random(number), deadline=deadline)


Reply = Callable[[bytes], list[bytes]]


@asynccontextmanager
async def answering(reply: Reply) -> AsyncIterator[str]:
    """A UDP tracker that answers each packet with whatever `reply` makes of it; its URL."""
    with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock:
        await sock.bind(("127.0.0.1", 0))

        async def serve() -> None:
            while True:
                packet, sender = await sock.recvfrom(2048)
                for answer in reply(packet):
                    await sock.sendto(answer, sender)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            yield f"udp://127.0.0.1:{sock.getsockname()[1]}/announce"
            nursery.cancel_scope.cancel()


def honest(packet: bytes) -> bytes:
    question = udp.read_question(packet)
    assert question is not None
    if question.action == udp.CONNECT:
        return udp.connect_response(7, transaction=question.transaction)
    return udp.announce_response(
        transaction=question.transaction, interval=900, leechers=0, seeders=1, peers=[PEER], ipv6=False
    )


def transaction_of(packet: bytes) -> int:
    return int.from_bytes(packet[12:16], "big")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_local_tracker_is_asked_and_believed(host: str) -> None:
    async with open_local_tracker(host, interval=900) as tracker:
        first = await announce(tracker.udp_url)
        second = await announce(tracker.udp_url, number=2)
        counts = await scrape_udp(tracker.udp_url, [INFO_HASH, InfoHash(b"x" * 20)], dice=random.Random(3))
    assert (first.peers, first.seeders, first.leechers) == ((), 0, 1)
    assert second == AnnounceResponse(interval=900.0, peers=(Address(host, 7001),), seeders=0, leechers=2)
    assert counts == {INFO_HASH: ScrapeEntry(0, 0, 2), InfoHash(b"x" * 20): ScrapeEntry(0, 0, 0)}


@pytest.mark.parametrize(
    ("path", "said"),
    [("", ""), ("/", ""), ("/announce", ""), ("/announce?passkey=1", "/announce?passkey=1"), ("/x", "/x")],
)
async def test_the_urls_own_path_and_query_are_said_when_they_matter(path: str, said: str) -> None:
    async with open_local_tracker() as tracker:
        await announce(tracker.udp_url.removesuffix("/announce") + path)
        assert tracker.announces[0].path == said


async def test_forged_answers_are_passed_over() -> None:
    def reply(packet: bytes) -> list[bytes]:
        wrong = transaction_of(packet) ^ 0x80000000
        return [
            udp.error_response("forged", transaction=wrong),
            udp.announce_response(transaction=wrong, interval=1, leechers=9, seeders=9, peers=[], ipv6=False),
            b"",
            b"short",
            honest(packet),
        ]

    async with answering(reply) as url:
        assert (await announce(url)).peers == (PEER,)


async def test_an_answer_from_another_address_is_passed_over() -> None:
    """Even one that has learnt the transaction id: the socket is connected, so the kernel drops it."""
    with (
        trio.socket.socket(type=trio.socket.SOCK_DGRAM) as sock,
        trio.socket.socket(type=trio.socket.SOCK_DGRAM) as spoof,
    ):
        await sock.bind(("127.0.0.1", 0))
        await spoof.bind(("127.0.0.2", 0))
        port = sock.getsockname()[1]

        async def serve() -> None:
            while True:
                packet, sender = await sock.recvfrom(2048)
                await spoof.sendto(udp.error_response("forged", transaction=transaction_of(packet)), sender)
                await sock.sendto(honest(packet), sender)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            assert (await announce(f"udp://127.0.0.1:{port}")).peers == (PEER,)
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("reply", "reason", "answered"),
    [
        (lambda packet: [], "no answer within 0 s", False),
        (lambda packet: [b"\xff" * 100], "no answer within 0 s", False),
        (lambda packet: [honest(packet)[:12]], "it sent 12 bytes for a connect answer of at least 16", True),
        (
            lambda packet: [udp.error_response("go\naway", transaction=transaction_of(packet))],
            "it refused: go away",
            True,
        ),
    ],
)
async def test_what_no_tracker_should_answer(reply: Reply, reason: str, answered: bool) -> None:
    async with answering(reply) as url:
        with pytest.raises(TrackerError) as caught:
            await announce(url.replace("announce", "0123456789abcdef"), deadline=0.1)
    assert (caught.value.reason, caught.value.answered) == (reason, answered)
    assert str(caught.value) == f"{url.replace('announce', '***')}: {reason}"


async def test_nobody_there_is_said_so_at_once() -> None:
    with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(TrackerError) as caught:
        await announce(f"udp://127.0.0.1:{port}")
    assert caught.value.reason == "connection refused"


async def test_a_mute_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_local_tracker("127.0.0.1") as tracker:
        with trio.socket.socket(type=trio.socket.SOCK_DGRAM) as mute:
            await mute.bind(("127.0.0.2", tracker.address.port))

            async def both(*_: object) -> list[str]:
                return ["127.0.0.2", "127.0.0.1"]

            monkeypatch.setattr(tracker_udp, "look_up", both)
            await announce(tracker.udp_url, deadline=1.0)
        assert tracker.events() == [Event.STARTED]


async def test_a_name_that_is_none_is_said_so() -> None:
    with pytest.raises(TrackerError) as caught:
        await announce("udp://tracker.invalid:80/announce")
    assert str(caught.value) == "udp://tracker.invalid:80/announce: the name tracker.invalid could not be found"
