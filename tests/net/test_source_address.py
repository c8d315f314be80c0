import random
import socket

import pytest
import trio

from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.net.announcer import ask_tracker
from torrent_peer.net.source_address import ANYWHERE, SourceAddress
from torrent_peer.testing.tracker import open_local_tracker
from torrent_peer.trackers.announce import AnnounceRequest, TrackerError


def test_an_address_or_an_interface() -> None:
    assert SourceAddress.parse(None) == ANYWHERE
    assert SourceAddress.parse("10.0.0.1") == SourceAddress(address="10.0.0.1")
    assert SourceAddress.parse("::1") == SourceAddress(address="::1")
    assert SourceAddress.parse("tun0") == SourceAddress(interface="tun0")


@pytest.mark.parametrize(
    ("source", "host", "reaches"),
    [
        ("10.0.0.1", "192.0.2.1", True),
        ("10.0.0.1", "2001:db8::1", False),
        ("::1", "192.0.2.1", False),
        ("::1", "2001:db8::1", True),
        ("tun0", "192.0.2.1", True),
        (None, "2001:db8::1", True),
    ],
)
def test_only_the_same_family_is_reached(source: str | None, host: str, reaches: bool) -> None:
    assert SourceAddress.parse(source).reaches(host) is reaches


def test_an_interface_is_a_socket_option() -> None:
    assert SourceAddress.parse("tun0").options == ((socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tun0\0"),)
    assert SourceAddress.parse("10.0.0.1").options == ()


async def test_a_socket_is_bound_to_the_address() -> None:
    with trio.socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        await SourceAddress.parse("127.0.0.9").bind(sock, "127.0.0.1")
        assert sock.getsockname()[0] == "127.0.0.9"


async def test_another_family_is_refused_before_anything_is_sent() -> None:
    with (
        trio.socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock,
        pytest.raises(OSError, match=r"^::1 cannot be reached from 127\.0\.0\.1$"),
    ):
        await SourceAddress.parse("127.0.0.1").bind(sock, "::1")


@pytest.mark.parametrize("scheme", ["http", "udp"])
async def test_a_tracker_hears_us_from_there_and_nowhere_else(scheme: str) -> None:
    request = AnnounceRequest(
        info_hash=InfoHash(bytes(20)), peer_id=PeerId(bytes(20)), port=6881, uploaded=0, downloaded=0, left=1
    )
    with trio.fail_after(5):
        async with open_local_tracker("127.0.0.1") as tracker:
            url = tracker.http_url if scheme == "http" else tracker.udp_url
            dice = random.Random(1)
            await ask_tracker(url, request, dice=dice, source=SourceAddress.parse("127.0.0.7"))
            assert [announced.host for announced in tracker.announces] == ["127.0.0.7"]
            with pytest.raises(TrackerError, match=r": 127\.0\.0\.1 cannot be reached from ::1$"):
                await ask_tracker(url, request, dice=dice, source=SourceAddress.parse("::1"))
            assert len(tracker.announces) == 1
