import pytest

from torrent_peer.session.liveness import Clocks, keep_alive_due, overdue


def clocks(**changes: float) -> Clocks:
    """Connected and greeted at 0, heard and speaking at 0."""
    times: dict[str, float] = {"connected": 0.0, "received": 0.0, "sent": 0.0, "handshake": 0.0, "wanted": 0.0}
    return Clocks(**(times | changes))


@pytest.mark.parametrize(
    ("state", "now", "awaiting", "rule"),
    [
        (Clocks(connected=0, received=19, sent=0), 20.0, None, None),
        (Clocks(connected=0, received=20, sent=0), 20.1, None, "HS-08"),
        (clocks(wanted=180), 180.0, None, None),
        (clocks(wanted=180), 180.1, None, "KA-01"),
        (clocks(wanted=200, payload=10), 200.0, None, None),
        (clocks(wanted=241, payload=10), 240.1, None, "KA-01"),
        (clocks(received=31, wanted=31, message_begun=0), 30.0, 16393, None),
        (clocks(received=31, wanted=31, message_begun=0), 30.1, 16393, "FR-07"),
        (clocks(received=31, wanted=31, message_begun=0), 30.1, None, None),
        (clocks(received=99, wanted=99, message_begun=0), 99.0, 102_400, None),
        (clocks(received=99, wanted=99, message_begun=0), 100.1, 102_400, "FR-07"),
        (clocks(received=300), 300.0, None, None),
        (clocks(received=300), 300.1, None, "LV-01"),
        (clocks(received=500, wanted=500, could_ask=380), 500.0, None, None),
        (clocks(received=500, wanted=500, could_ask=380), 500.1, None, "LV-02"),
        (clocks(wanted=0, message_begun=0, could_ask=0, kept_waiting=10), 1000.0, 16393, None),  # it is we who are slow
    ],
)
def test_a_passed_deadline_is_named(state: Clocks, now: float, awaiting: int | None, rule: str | None) -> None:
    late = overdue(state, now=now, awaiting=awaiting)
    assert (late.rule if late else None) == rule


def test_the_sentence_gives_the_figure() -> None:
    late = overdue(clocks(received=60, wanted=60, message_begun=0), now=70.0, awaiting=16393)
    assert late is not None
    assert late.sentence == "a message of 16393 bytes did not arrive whole within 30 s"


@pytest.mark.parametrize(("sent", "now", "due"), [(0, 90.0, False), (0, 90.1, True), (50, 90.1, False)])
def test_we_say_that_we_are_there_after_90_seconds_of_silence(sent: float, now: float, due: bool) -> None:
    assert keep_alive_due(clocks(sent=sent), now=now) is due


def test_no_keep_alive_before_the_handshakes_are_complete() -> None:
    assert not keep_alive_due(Clocks(connected=0, received=0, sent=0), now=1000.0)
