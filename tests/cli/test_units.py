"""Sizes and durations, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.cli.units import (
    count,
    format_duration,
    format_rate,
    format_size,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("123", 123), ("1K", 1024), ("1.5M", 1572864), ("2 GiB", 2 * 1024**3), ("3tb", 3 * 1024**4)],
)
def test_sizes_are_powers_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "-1", "1,5M", "1e3", "1X", "inf", "nan", "٣", "9" * 400])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_size(text)
    assert str(caught.value) == f"'{text}' is not a size; write 500K, 1.5M or 2G (K, M, G = 1024)"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("1h 30m", 5400), ("2d", 172800), ("0.5h", 1800)],
)
def test_durations_add_up(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "-5m", "5 weeks", "1:30", "inf"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(text)
    assert str(caught.value) == f"'{text}' is not a duration; write 90s, 30m, 1h30m or 2d"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1023 * 1024 + 600, "1.0 MiB"),
        (1536 * 1024, "1.5 MiB"),
        (300 * 1024**2, "300 MiB"),
        (5000 * 1024**4, "5000 TiB"),
    ],
)
def test_sizes_are_shown_short(size: int, shown: str) -> None:
    assert format_size(size) == shown
    assert format_rate(size) == f"{shown}/s"


@given(st.floats(0, 2**60))
def test_a_size_never_takes_more_than_nine_columns(size: float) -> None:
    if size < 1024**5:
        assert len(format_size(size)) <= 9


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.04, "0.0 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3 * 86400 + 4 * 3600, "3 d 4 h"),
    ],
)
def test_durations_are_shown_in_two_units(seconds: float, shown: str) -> None:
    assert format_duration(seconds) == shown


def test_one_is_singular() -> None:
    assert (count(1, "peer"), count(0, "peer"), count(2, "address", "addresses")) == (
        "1 peer",
        "0 peers",
        "2 addresses",
    )
