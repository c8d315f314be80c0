"""Values on the command line that have a shape: rates, addresses, ports, file numbers; readers raise ValueError."""

import re
from collections.abc import Callable
from typing import Any, Final

import click

from torrent_peer.cli.units import parse_duration, parse_size
from torrent_peer.core.addresses import Address
from torrent_peer.core.values import frozen

HOST_PORT: Final = re.compile(r"(?:\[([^\[\]]+)\]|([^\[\]:]+)):(\d{1,5})", re.ASCII)
LISTEN: Final = re.compile(r"(?:(?:\[([^\[\]]*)\]|([^\[\]:]*)):)?(\d{1,5})(?:-(\d{1,5}))?", re.ASCII)
SELECT_ITEM: Final = re.compile(r"(\d{1,7})(?:-(\d{1,7}))?", re.ASCII)
HIGHEST_PORT: Final = 0xFFFF

Ranges = tuple[tuple[int, int], ...]
"""First and last file number of each range."""


@frozen
class Listen:
    """Where to accept peers."""

    host: str | None
    """`None`: every address of the machine."""
    ports: tuple[int, ...]
    """To try in turn; 0 is any."""


def parse_rate(text: str) -> int:
    """Bytes per second, at least one."""
    rate = parse_size(text)
    if rate < 1:
        raise ValueError("a limit is at least 1 byte/s; leave the flag out for no limit")
    return rate


def parse_patience(text: str) -> float | None:
    """Seconds; "never" and "0" are `None`."""
    return None if text.strip() == "never" else parse_duration(text) or None


def parse_ratio(text: str) -> float:
    """A number from 0 up; "inf" is never met."""
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not ratio >= 0:
        raise ValueError(f"'{text}' is no ratio; write a number like 1.5")
    return ratio


def parse_address(text: str) -> Address:
    """HOST:PORT, an IPv6 address in brackets; the host may be a name."""
    match = HOST_PORT.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not HOST:PORT; write 192.0.2.7:6881, [2001:db8::7]:6881 or name:6881")
    port = int(match[3])
    if not 0 < port <= HIGHEST_PORT:
        raise ValueError(f"port {port} is outside 1-{HIGHEST_PORT}")
    return Address(match[1] or match[2], port)


def parse_listen(text: str) -> Listen:
    """[IP]:PORT, or a range of ports to try."""
    match = LISTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not [IP]:PORT; write :6881, 192.0.2.7:6881, [::1]:6881 or :6881-6889")
    first, last = int(match[3]), int(match[4] or match[3])
    if not first <= last <= HIGHEST_PORT:
        raise ValueError(f"ports {first}-{last} are no range inside 0-{HIGHEST_PORT}")
    return Listen(match[1] or match[2] or None, tuple(range(first, last + 1)))


def parse_selection(text: str) -> Ranges:
    """File numbers and ranges of them, as `show` counts files: 1-3,7."""
    ranges = []
    for item in text.split(","):
        match = SELECT_ITEM.fullmatch(item.strip())
        if match is None:
            raise ValueError(f"'{item}' is no file number; write numbers and ranges like 1-3,7")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last:
            raise ValueError(f"'{item}' is no range of file numbers; they count up from 1")
        ranges.append((first, last))
    return tuple(ranges)


def read(parse: Callable[[str], object], value: object) -> Any:  # noqa: ANN401  # click is untyped here
    """What `parse` makes of an option's text, or of each text of a repeated one; raises `click.BadParameter`."""
    try:
        if isinstance(value, str):
            return parse(value)
        if isinstance(value, tuple):
            return tuple(parse(one) for one in value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return value
