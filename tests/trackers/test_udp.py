"""The packets of BEP 15, byte for byte, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.trackers import udp
from torrent_peer.trackers.announce import (
    AnnounceRequest,
    AnnounceResponse,
    Event,
    Intervals,
    ScrapeEntry,
    TrackerError,
)

INFO_HASH = InfoHash(bytes(range(20)))
PEER_ID = PeerId(b"-TP0001-abcdefghijkl")


def request(event: Event = Event.REGULAR, *, uploaded: int = 1, downloaded: int = 2, left: int = 3) -> AnnounceRequest:
    return AnnounceRequest(
        info_hash=INFO_HASH,
        peer_id=PEER_ID,
        port=0x1AE1,
        uploaded=uploaded,
        downloaded=downloaded,
        left=left,
        event=event,
        num_want=-1,
        key=0xDEADBEEF,
    )


def test_a_connect_request() -> None:
    assert udp.connect_request(transaction=0x01020304).hex() == "00000417271019800000000001020304"


@pytest.mark.parametrize(
    ("event", "number"), [(Event.REGULAR, 0), (Event.COMPLETED, 1), (Event.STARTED, 2), (Event.STOPPED, 3)]
)
def test_an_announce_request(event: Event, number: int) -> None:
    packet = udp.announce_request(0x1122334455667788, request(event), transaction=0x0A0B0C0D)
    assert packet.hex() == (
        "1122334455667788"
        "00000001"
        "0a0b0c0d" + INFO_HASH.hex() + PEER_ID.hex() + "0000000000000002"
        "0000000000000003"
        "0000000000000001" + f"{number:08x}"
        "00000000"
        "deadbeef"
        "ffffffff"
        "1ae1"
    )
    assert len(packet) == 98 == udp.ANNOUNCE_REQUEST_LENGTH


@pytest.mark.parametrize("event", list(Event))
def test_a_tracker_reads_what_a_client_wrote(event: Event) -> None:
    assert udp.read_announce_request(udp.announce_request(7, request(event), transaction=9)) == request(event)


def test_byte_counts_beyond_63_bits_are_held_there() -> None:
    packet = udp.announce_request(7, request(uploaded=2**70, downloaded=2**64, left=2**63), transaction=9)
    assert packet[56:80] == (2**63 - 1).to_bytes(8, "big") * 3


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("", b""),
        ("/dir?a=b&c=d", b"\x02\x0c/dir?a=b&c=d"),
        ("/" + "x" * 299, b"\x02\xff/" + b"x" * 254 + b"\x02\x2d" + b"x" * 45),
    ],
)
def test_the_urls_path_and_query_follow_the_announce(data: str, options: bytes) -> None:
    packet = udp.announce_request(7, request(), transaction=9, url_data=data)
    assert packet[98:] == options
    assert udp.read_url_data(packet) == data


@pytest.mark.parametrize(
    ("options", "data"),
    [
        (b"\x01\x01\x02\x02/a\x00\x02\x02/b", "/a"),
        (b"\x02\x02/a\x01\x02\x02/b\x00", "/a/b"),
        (b"\x05\x03abc\x02\x02/a", "/a"),
        (b"\x02", ""),
        (b"\x02\xff/a", "/a"),
        (b"\x02\x00", ""),
        (b"\x02\x01\xff", "�"),
    ],
)
def test_options_are_read_as_bep_41_says(options: bytes, data: str) -> None:
    assert udp.read_url_data(udp.announce_request(7, request(), transaction=9) + options) == data


def test_a_scrape_request() -> None:
    packet = udp.scrape_request(0x1122334455667788, [INFO_HASH, INFO_HASH], transaction=0x0A0B0C0D)
    assert packet.hex() == "1122334455667788000000020a0b0c0d" + INFO_HASH.hex() * 2


@pytest.mark.parametrize("count", [0, 75])
def test_a_scrape_has_1_to_74_torrents(count: int) -> None:
    with pytest.raises(ValueError) as caught:
        udp.scrape_request(1, [INFO_HASH] * count, transaction=1)
    assert str(caught.value) == f"1 to 74 torrents can be scraped at once, not {count}"


def test_a_connect_response() -> None:
    packet = udp.connect_response(0x1122334455667788, transaction=5)
    assert packet.hex() == "00000000000000051122334455667788"
    assert udp.read_header(packet) == (udp.CONNECT, 5)
    assert udp.read_connect_response(packet) == 0x1122334455667788


V4 = [Address("192.0.2.1", 6881), Address("192.0.2.2", 80)]
V6 = [Address("2001:db8::1", 6881), Address("2001:db8::2", 80)]


@pytest.mark.parametrize(("ipv6", "peers"), [(False, V4), (True, V6)])
def test_an_announce_response_has_the_peers_of_its_sockets_family(ipv6: bool, peers: list[Address]) -> None:
    packet = udp.announce_response(transaction=5, interval=900, leechers=1, seeders=2, peers=V4 + V6, ipv6=ipv6)
    assert len(packet) == 20 + 2 * (18 if ipv6 else 6)
    assert udp.read_announce_response(packet, ipv6=ipv6) == AnnounceResponse(
        interval=900.0, peers=tuple(peers), seeders=2, leechers=1
    )


@pytest.mark.parametrize(("interval", "clamped"), [(0, 60.0), (59, 60.0), (0x7FFFFFFF, 86400.0), (0xFFFFFFFF, 86400.0)])
def test_a_hostile_interval_is_clamped(interval: int, clamped: float) -> None:
    packet = udp.announce_response(transaction=5, interval=interval, leechers=0, seeders=0, peers=[], ipv6=False)
    assert udp.read_announce_response(packet, ipv6=False).interval == clamped
    assert udp.read_announce_response(packet, ipv6=False, intervals=Intervals(shortest=1)).interval == max(
        1.0, min(float(interval), 86400.0)
    )


def test_a_cut_off_peer_is_left_out_and_noted() -> None:
    packet = udp.announce_response(transaction=5, interval=900, leechers=0, seeders=0, peers=V4, ipv6=False)[:-1]
    answer = udp.read_announce_response(packet, ipv6=False)
    assert answer.peers == (V4[0],)
    assert answer.oddities == ("its compact peers end with 5 bytes that are no whole entry of 6",)


def test_opentrackers_way_of_refusing_a_torrent_is_understood() -> None:
    with pytest.raises(TrackerError) as caught:
        udp.read_announce_response(bytes.fromhex("0000000100000005"), ipv6=False)
    assert str(caught.value) == "it answered with nothing, as opentracker does for a torrent it does not track"


@pytest.mark.parametrize("length", range(9, 20))
def test_a_truncated_announce_response_is_none(length: int) -> None:
    packet = udp.announce_response(transaction=5, interval=900, leechers=0, seeders=0, peers=[], ipv6=False)[:length]
    with pytest.raises(TrackerError) as caught:
        udp.read_announce_response(packet, ipv6=False)
    assert str(caught.value) == f"it sent {length} bytes for an announce answer of at least 20"


@pytest.mark.parametrize("length", range(8, 16))
def test_a_truncated_connect_response_is_none(length: int) -> None:
    with pytest.raises(TrackerError) as caught:
        udp.read_connect_response(udp.connect_response(1, transaction=5)[:length])
    assert str(caught.value) == f"it sent {length} bytes for a connect answer of at least 16"


def test_a_scrape_response() -> None:
    other = InfoHash(b"x" * 20)
    first, second = ScrapeEntry(1, 2, 3), ScrapeEntry(4, 5, 6)
    packet = udp.scrape_response([first, second], transaction=5)
    assert packet.hex() == "0000000200000005000000010000000200000003000000040000000500000006"
    assert udp.read_scrape_response(packet, [INFO_HASH, other]) == {INFO_HASH: first, other: second}
    assert udp.read_scrape_response(packet[:-1], [INFO_HASH, other]) == {INFO_HASH: first}
    assert udp.read_scrape_response(packet, [INFO_HASH]) == {INFO_HASH: first}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("no such torrent", "it refused: no such torrent"),
        ("", "it refused: without a reason"),
        ("a\nb\0", "it refused: a b"),
    ],
)
def test_an_error_response(message: str, reason: str) -> None:
    error = udp.read_error(udp.error_response(message, transaction=5))
    assert (str(error), error.answered) == (reason, True)


@pytest.mark.parametrize("length", range(8))
def test_a_packet_without_a_header_has_none(length: int) -> None:
    assert udp.read_header(bytes(length)) is None


@pytest.mark.parametrize("length", [0, 15, 16, 97])
def test_a_truncated_question_is_none(length: int) -> None:
    packet = udp.announce_request(7, request(), transaction=9)[:length]
    assert (udp.read_question(packet) is None) == (length < 16)
    assert udp.read_announce_request(packet) is None


def test_an_unknown_event_is_no_announce() -> None:
    packet = bytearray(udp.announce_request(7, request(), transaction=9))
    packet[83] = 4
    assert udp.read_announce_request(bytes(packet)) is None


@given(st.binary(max_size=120), st.booleans())
def test_no_datagram_raises_anything_but_a_tracker_error(packet: bytes, ipv6: bool) -> None:
    udp.read_header(packet)
    udp.read_question(packet)
    udp.read_announce_request(packet)
    udp.read_url_data(packet)
    udp.read_error(packet)
    udp.read_scrape_response(packet, [INFO_HASH] * 3)
    if len(packet) >= 20:
        udp.read_announce_response(packet, ipv6=ipv6)
