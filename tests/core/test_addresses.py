"""Addresses, their compact form, and which of them may be dialled."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.addresses import Address, from_compact, is_dialable, to_compact


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("192.0.2.1", 6881), "192.0.2.1:6881"),
        (Address("2001:db8::1", 6881), "[2001:db8::1]:6881"),
        (Address("seed.example", 80), "seed.example:80"),
    ],
)
def test_an_address_prints_as_people_write_it(address: Address, text: str) -> None:
    assert str(address) == text


def test_a_compact_list_is_read_entry_by_entry() -> None:
    data = b"\xc0\x00\x02\x01\x1a\xe1" + b"\x7f\x00\x00\x01\x00\x00"
    assert list(from_compact(data)) == [Address("192.0.2.1", 6881), Address("127.0.0.1", 0)]


@pytest.mark.parametrize("tail", range(6))
def test_a_tail_shorter_than_an_entry_is_left_out(tail: int) -> None:
    assert list(from_compact(b"\xc0\x00\x02\x01\x1a\xe1" + bytes(tail))) == [Address("192.0.2.1", 6881)]
    assert list(from_compact(bytes(tail))) == []


@given(st.ip_addresses(), st.integers(0, 0xFFFF))
def test_the_compact_form_is_read_back(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> None:
    address = Address(str(ip), port)
    compact = to_compact(address)
    assert len(compact) == (6 if ip.version == 4 else 18)
    assert list(from_compact(compact, ipv6=ip.version == 6)) == [address]


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range_has_no_compact_form(port: int) -> None:
    with pytest.raises(ValueError, match=f"^port {port} is outside 0-65535$"):
        to_compact(Address("192.0.2.1", port))


def test_a_name_has_no_compact_form() -> None:
    with pytest.raises(ValueError, match=r"seed\.example"):
        to_compact(Address("seed.example", 80))


@pytest.mark.parametrize(
    ("host", "dialable"),
    [
        ("192.0.2.1", True),
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("2001:db8::1", True),
        ("fe80::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("seed.example", False),
        ("", False),
    ],
)
def test_what_may_be_dialled(host: str, dialable: bool) -> None:
    assert is_dialable(Address(host, 6881)) is dialable


@pytest.mark.parametrize(("port", "dialable"), [(-1, False), (0, False), (1, True), (65535, True), (65536, False)])
def test_ports_that_may_be_dialled(port: int, dialable: bool) -> None:
    assert is_dialable(Address("192.0.2.1", port)) is dialable
