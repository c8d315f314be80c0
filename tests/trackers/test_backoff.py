"""Failures make a tracker be left alone for longer and longer."""

import pytest

from torrent_peer.trackers.announce import TrackerError
from torrent_peer.trackers.backoff import Backoff

SILENT = TrackerError("connection refused")
REFUSED = TrackerError("it refused: no", answered=True)


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (SILENT, [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (REFUSED, [60, 120, 240, 480, 960, 1920, 3600, 3600]),
    ],
)
def test_the_wait_doubles_up_to_an_hour(error: TrackerError, waits: list[float]) -> None:
    backoff = Backoff()
    assert [backoff.failed(error) for _ in waits] == waits


def test_a_thousand_failures_are_no_overflow() -> None:
    backoff = Backoff(failures=100_000)
    assert backoff.failed(SILENT) == 3600


def test_a_success_starts_it_anew() -> None:
    backoff = Backoff()
    backoff.failed(SILENT)
    backoff.failed(SILENT)
    backoff.succeeded()
    assert backoff.failed(SILENT) == 15


def test_a_tracker_that_asks_for_longer_gets_longer() -> None:
    assert Backoff().failed(TrackerError("it refused: busy", answered=True, retry_in=7200.0)) == 7200
    assert Backoff().failed(TrackerError("it refused: busy", answered=True, retry_in=1.0)) == 60
