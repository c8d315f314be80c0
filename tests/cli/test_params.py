"""Values with a shape: what is taken, and what is said of the rest."""

import pytest

from torrent_peer.cli.params import (
    Listen,
    parse_address,
    parse_listen,
    parse_patience,
    parse_rate,
    parse_ratio,
    parse_selection,
)
from torrent_peer.core.addresses import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7:6881", Address("192.0.2.7", 6881)),
        ("[2001:db8::7]:51413", Address("2001:db8::7", 51413)),
        ("seedbox.example:1", Address("seedbox.example", 1)),
    ],
)
def test_a_peer_is_host_and_port(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "host", "host:", ":6881", "2001:db8::7:6881", "[::1]", "host:port", "[::1:6881"])
def test_what_is_no_peer_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_address(text)
    assert str(caught.value) == (f"'{text}' is not HOST:PORT; write 192.0.2.7:6881, [2001:db8::7]:6881 or name:6881")


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_outside_its_range_is_named(port: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_address(f"host:{port}")
    assert str(caught.value) == f"port {port} is outside 1-65535"


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("6881", Listen(None, (6881,))),
        (":0", Listen(None, (0,))),
        (":6881-6883", Listen(None, (6881, 6882, 6883))),
        ("127.0.0.1:7000", Listen("127.0.0.1", (7000,))),
        ("[::1]:7000", Listen("::1", (7000,))),
    ],
)
def test_where_to_listen(text: str, listen: Listen) -> None:
    assert parse_listen(text) == listen


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("::1", "'::1' is not [IP]:PORT; write :6881, 192.0.2.7:6881, [::1]:6881 or :6881-6889"),
        (":70000", "ports 70000-70000 are no range inside 0-65535"),
        (":9-3", "ports 9-3 are no range inside 0-65535"),
    ],
)
def test_nowhere_to_listen(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_listen(text)
    assert str(caught.value) == said


def test_files_are_selected_by_number_and_range() -> None:
    assert parse_selection("1-3, 7") == ((1, 3), (7, 7))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,,2", "'' is no file number; write numbers and ranges like 1-3,7"),
        ("a", "'a' is no file number; write numbers and ranges like 1-3,7"),
        ("0", "'0' is no range of file numbers; they count up from 1"),
        ("5-2", "'5-2' is no range of file numbers; they count up from 1"),
    ],
)
def test_a_wrong_selection_is_named(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_selection(text)
    assert str(caught.value) == said


def test_a_limit_of_nothing_is_refused() -> None:
    assert parse_rate("1.5M") == 1572864
    with pytest.raises(ValueError) as caught:
        parse_rate("0")
    assert str(caught.value) == "a limit is at least 1 byte/s; leave the flag out for no limit"


@pytest.mark.parametrize(("text", "seconds"), [("never", None), ("0", None), ("5m", 300.0)])
def test_patience_may_be_endless(text: str, seconds: float | None) -> None:
    assert parse_patience(text) == seconds


@pytest.mark.parametrize(("text", "ratio"), [("0", 0.0), ("1.5", 1.5), ("2", 2.0), ("inf", float("inf"))])
def test_a_ratio_is_a_number_from_0_up(text: str, ratio: float) -> None:
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize("text", ["-1", "nan", "", "two", "1,5"])
def test_what_is_no_ratio_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_ratio(text)
    assert str(caught.value) == f"'{text}' is no ratio; write a number like 1.5"
