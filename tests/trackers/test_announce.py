"""Clamped intervals, and errors that name the tracker without its secrets."""

import pytest

from torrent_peer.trackers.announce import Intervals, TrackerError


@pytest.mark.parametrize(
    ("seconds", "clamped"),
    [
        (1800, 1800.0),
        (60, 60.0),
        (59, 60.0),
        (0, 60.0),
        (-1, 60.0),
        (-(2**62), 60.0),
        (2**62, 86400.0),
        (2**63 - 1, 86400.0),
    ],
)
def test_intervals_stay_between_a_minute_and_a_day(seconds: int, clamped: float) -> None:
    assert Intervals().clamp(seconds) == clamped


def test_a_tracker_of_ones_own_may_be_asked_more_often() -> None:
    assert Intervals(shortest=0.5).clamp(0) == 0.5


def test_no_interval_may_be_nothing() -> None:
    with pytest.raises(ValueError, match="shortest"):
        Intervals(shortest=0)


def test_an_error_about_a_tracker_names_it_and_blots_its_secrets_out() -> None:
    url = "http://t.example/announce?passkey=0123456789abcdef"
    error = TrackerError("it refused: unknown passkey 0123456789abcdef", retry_in=60.0, never=True, answered=True)
    about = error.about(url)
    assert str(about) == "http://t.example/announce?passkey=***: it refused: unknown passkey ***"
    assert (about.reason, about.url) == ("it refused: unknown passkey ***", "http://t.example/announce?passkey=***")
    assert (about.retry_in, about.never, about.answered) == (60.0, True, True)
