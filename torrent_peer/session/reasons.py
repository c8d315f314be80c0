"""Why a peer hung up without a word: what the evidence allows to say, ranked, and no more.

BitTorrent has no goodbye. What is left is the phase, the timing, the last message each way and how the stream ended;
deployed clients have habits and timers that can be recognised in them. A reason is never blame, and "unknown" (an
empty answer) is a valid result.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from attrs import frozen


class Signal(Enum):
    """How the stream ended."""

    REFUSED = "refused"
    NO_ROUTE = "unreachable"
    DIAL_TIMEOUT = "no answer to the connection attempt"
    FIN = "closed in order"
    RST = "reset"
    CUT = "closed inside a message"


class Stage(Enum):
    """How far the conversation had come."""

    DIALING = "dialing"
    SILENT = "connected, not a byte back"
    HANDSHAKE = "inside their handshake"
    GREETED = "handshake answered, nothing since"
    TALKING = "messages exchanged"


@frozen(kw_only=True)
class Evidence:
    """What was seen of one conversation when it ended."""

    signal: Signal
    stage: Stage
    since_connect: float
    """Seconds."""
    since_ours: float | None
    """Seconds since our last byte, None when we sent nothing."""
    since_theirs: float | None
    """Seconds since their last byte."""
    our_last: str | None = None
    """Our last message in short form."""
    round_trip: float = 0.05
    """Seconds."""
    both_complete: bool = False
    """Neither side had anything to fetch from the other."""
    they_completed: bool = False
    """Their last `have` made them complete."""
    no_interest: bool = False
    """Neither side was interested."""
    we_idled: bool = False
    """We were unchoked and interested and asked for nothing."""
    they_waited: bool = False
    """They were unchoked by us, and owed blocks by us."""
    own_slip: str | None = None
    """The rule our own last messages bent, if any."""
    others_gone: int = 0
    """Peers that left within the same second."""


@frozen
class Likely:
    """One possible reason."""

    reason: str
    confidence: float
    """0…1; a guess stays below 0.5."""
    evidence: str


PROMPT: Final = 0.1
"""Seconds: a close within this, or two round trips, of our message is an answer to it."""

HANDSHAKE_TIMERS: Final = ((4.0, "anacrolix"), (10.0, "libtorrent, rain or rqbit"), (21.0, "aria2"),
                           (25.0, "webtorrent"), (30.0, "Transmission"))  # fmt: skip
"""Seconds after which clients give up a handshake that they take for incomplete or encrypted."""
SILENCE_TIMERS: Final = ((10.0, "rqbit's read time-out"), (120.0, "libtorrent's or rain's idle limit"),
                         (150.0, "anacrolix's idle limit"), (180.0, "aria2's idle limit"),
                         (295.0, "Transmission's idle limit"))  # fmt: skip
"""Seconds of our silence after which clients hang up."""
TIMER_SLACK: Final = 1.0
"""Seconds either side of a timer."""


def explain(evidence: Evidence) -> tuple[Likely, ...]:
    """The reasons the evidence allows, most likely first; empty when it allows none."""
    found = [likely for reasoner in _REASONERS for likely in reasoner(evidence)]
    return tuple(sorted(found, key=lambda likely: -likely.confidence))


def _slip(e: Evidence) -> Iterator[Likely]:
    if e.own_slip is not None:
        yield Likely("our own last message bent a rule", 0.7, f"rule {e.own_slip} was noted on our side just before")


def _dialing(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.DIALING:
        return
    if e.signal is Signal.REFUSED:
        yield Likely("nobody listens on that port", 0.8, "the connection attempt was refused")
    elif e.signal is Signal.DIAL_TIMEOUT:
        yield Likely("a firewall, a NAT or a machine that is off", 0.6, "no answer to the connection attempt")
    else:
        yield Likely("no route to that address", 0.8, e.signal.value)


def _silent(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.SILENT:
        return
    if e.since_ours is None:
        yield Likely("we are blocked there, or it has no room", 0.5, "closed before we had said anything")
        return
    seen = f"closed {_ago(e.since_ours)} after our handshake, without a byte"
    if e.since_ours <= max(0.5, 2 * e.round_trip + 0.05):
        yield Likely("it does not have this torrent, or has it paused", 0.45, seen)
        yield Likely("it wants an encrypted connection", 0.3, seen)
        yield Likely("it has no room, or blocks our address", 0.2, seen)
        return
    for seconds, who in HANDSHAKE_TIMERS:
        if abs(e.since_ours - seconds) <= TIMER_SLACK:
            yield Likely(
                f"our handshake looked incomplete or encrypted to it ({who})",
                0.5,
                f"{seen}; its timer is {seconds:.0f} s",
            )
    if 2.0 <= e.since_ours <= 3.0:
        yield Likely("it does not have this torrent (aria2)", 0.4, seen)


def _greeted(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.GREETED:
        return
    seen = f"closed {_ago(e.since_theirs)} after its handshake, before any message"
    if e.since_connect <= 1.0 + 2 * e.round_trip:
        yield Likely("it has a connection to us already", 0.4, seen)
        yield Likely("it has no room left", 0.3, seen)
        yield Likely("it bans us", 0.15, seen)


def _complete(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.TALKING:
        return
    if e.both_complete:
        yield Likely("both sides have everything", 0.8, "neither had anything to fetch from the other")
    elif e.they_completed:
        yield Likely(
            "it finished downloading and closed what it no longer needs", 0.6, "its last `have` made it complete"
        )


def _answer(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.TALKING or e.both_complete or e.our_last is None or e.since_ours is None:
        return
    if e.since_ours <= max(PROMPT, 2 * e.round_trip):
        seen = f"closed {_ago(e.since_ours)} after our {e.our_last}"
        if e.our_last.startswith("piece "):
            yield Likely("it has what it wanted", 0.4, seen)
        else:
            yield Likely(f"it did not accept our {e.our_last}", 0.45 if e.own_slip is None else 0.6, seen)


def _timers(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.TALKING or e.since_ours is None:
        return
    quiet = min(e.since_ours, e.since_theirs if e.since_theirs is not None else e.since_ours)
    if e.no_interest and abs(quiet - 30.0) <= TIMER_SLACK:
        yield Likely("neither side wanted anything for 30 s (aria2)", 0.7, f"quiet for {_ago(quiet)}")
    if e.we_idled and abs(e.since_ours - 60.0) <= TIMER_SLACK:
        yield Likely(
            "we asked for nothing for a minute (libtorrent, aria2)", 0.7, f"our last byte was {_ago(e.since_ours)} ago"
        )
    if e.they_waited and abs(e.since_ours - 30.0) <= TIMER_SLACK:
        yield Likely("we owed it a block for 30 s (webtorrent)", 0.5, f"our last byte was {_ago(e.since_ours)} ago")
    for seconds, who in SILENCE_TIMERS:
        if abs(e.since_ours - seconds) <= TIMER_SLACK:
            yield Likely(f"we were silent too long: {who}", 0.6, f"our last byte was {_ago(e.since_ours)} ago")


def _together(e: Evidence) -> Iterator[Likely]:
    if e.others_gone >= 3:
        yield Likely(
            "our own network went away, or theirs", 0.5, f"{e.others_gone} other peers left in the same second"
        )


def _transport(e: Evidence) -> Iterator[Likely]:
    if e.signal is Signal.CUT:
        yield Likely("it crashed, was killed, or lost its network", 0.4, "the stream ended inside a message")
    elif e.signal is Signal.RST and e.stage is Stage.TALKING:
        yield Likely("it closed with our bytes still unread, or stopped", 0.3, "the connection was reset")


_REASONERS: Final[tuple[Callable[[Evidence], Iterator[Likely]], ...]] = (
    _slip,
    _dialing,
    _silent,
    _greeted,
    _complete,
    _answer,
    _timers,
    _together,
    _transport,
)


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "some time"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
