"""Lists of peers: compact, as dictionaries, hostile."""

import pytest

from torrent_peer.core.addresses import Address
from torrent_peer.core.bencoding import Value
from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.peers import MAX_PEERS, believable, compact_peers, read_peers, usable

V4 = bytes([192, 0, 2, 1, 0x1A, 0xE1])
V6 = bytes.fromhex("20010db8000000000000000000000001") + b"\x1a\xe1"


@pytest.mark.parametrize(
    ("value", "peers", "oddities"),
    [
        (b"", [], []),
        (V4, [Address("192.0.2.1", 6881)], []),
        (
            V4 * 2 + b"abc",
            [Address("192.0.2.1", 6881)] * 2,
            ["its compact peers end with 3 bytes that are no whole entry of 6"],
        ),
        ([], [], []),
        ([{b"ip": b"192.0.2.1", b"port": 6881, b"peer id": b"x" * 20}], [Address("192.0.2.1", 6881)], []),
        ([{b"ip": b"2001:db8::1", b"port": 6881}], [Address("2001:db8::1", 6881)], []),
        (
            [
                {b"ip": b"victim.example", b"port": 80},
                {b"ip": b"192.0.2.1"},
                {b"port": 1},
                7,
                b"x",
                {b"ip": 1, b"port": b"2"},
            ],
            [],
            ["6 of its 6 peers have no usable ip and port"],
        ),
        ([{b"ip": b"fe80::1%eth0", b"port": 1}], [], ["1 of its 1 peers have no usable ip and port"]),
    ],
)
def test_what_the_key_peers_holds(value: Value, peers: list[Address], oddities: list[str]) -> None:
    noted: list[str] = []
    assert read_peers(value, oddities=noted) == peers
    assert noted == oddities


@pytest.mark.parametrize("value", [7, {b"ip": b"192.0.2.1"}])
def test_peers_of_another_type_are_no_answer(value: Value) -> None:
    with pytest.raises(TrackerError, match=r"^its peers are neither a string nor a list$"):
        read_peers(value, oddities=[])


def test_ipv6_peers_have_18_bytes() -> None:
    assert compact_peers(V6 * 2, ipv6=True, oddities=[]) == [Address("2001:db8::1", 6881)] * 2


def test_an_answer_full_of_peers_is_not_taken_whole() -> None:
    many = b"".join(bytes([10, n >> 16, (n >> 8) & 255, n & 255, 0, 80]) for n in range(170_000))
    assert len(usable(compact_peers(many, ipv6=False, oddities=[]))) <= MAX_PEERS


@pytest.mark.parametrize(
    "address",
    [
        Address("192.0.2.1", 0),
        Address("192.0.2.1", 65536),
        Address("192.0.2.1", -1),
        Address("0.0.0.0", 6881),
        Address("224.0.0.1", 6881),
        Address("255.255.255.255", 6881),
        Address("ff02::1", 6881),
        Address("::", 6881),
    ],
)
def test_addresses_nobody_can_be_dialled_at_are_left_out(address: Address) -> None:
    assert usable([address, Address("192.0.2.1", 6881)]) == (Address("192.0.2.1", 6881),)


def test_an_ipv4_address_in_ipv6_clothes_is_the_same_peer() -> None:
    assert usable([Address("::ffff:192.0.2.1", 1), Address("192.0.2.1", 1)]) == (Address("192.0.2.1", 1),)


NEAR = [Address("127.0.0.1", 22), Address("::1", 22), Address("169.254.169.254", 80), Address("fe80::1", 80)]
FAR = [Address("8.8.8.8", 6881), Address("192.168.1.2", 6881)]


@pytest.mark.parametrize(
    ("tracker", "kept"),
    [
        ("8.8.4.4", FAR),
        ("2606:4700::1", FAR),
        ("127.0.0.1", NEAR + FAR),
        ("192.168.1.1", NEAR + FAR),
        ("::ffff:127.0.0.1", NEAR + FAR),
    ],
)
def test_a_tracker_on_the_internet_cannot_send_us_to_our_own_machine(tracker: str, kept: list[Address]) -> None:
    assert believable(NEAR + FAR, tracker) == tuple(kept)
