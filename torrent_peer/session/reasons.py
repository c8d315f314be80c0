"""Why a peer hung up without a word: what the evidence allows to say, ranked, and no more.

BitTorrent has no goodbye. What is left is the phase, the timing, the last message each way and how the stream ended;
deployed clients have habits and timers that can be recognised in them. A reason is never blame, and "unknown" (an
empty answer) is a valid result.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from torrent_peer.core.values import frozen


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
    client: str = ""
    """What it calls itself; empty when it has not said. A client's habits are looked for in no other known one."""
    same_host: bool = False
    """We have another connection to its address."""
    we_have_all: bool = False
    """We had nothing left to fetch."""
    they_choke: bool = False
    """They choked us."""
    they_want: bool = False
    """They were interested in what we have."""


@frozen
class Likely:
    """One possible reason."""

    reason: str
    confidence: float
    """0…1; a guess stays below 0.5."""
    evidence: str


PROMPT: Final = 0.1
"""Seconds: a close within this, or two round trips, of our message is an answer to it."""

Timer = tuple[float, float, str, str]
"""Seconds, slack either way, the clients it is known of, what it is."""

HANDSHAKE_TIMERS: Final[tuple[Timer, ...]] = (
    (4.0, 0.2, "anacrolix", ""),
    (10.0, 1.0, "libtorrent, rain or rqbit", ""),
    (21.0, 1.0, "aria2", ""),
    (25.0, 1.0, "WebTorrent", ""),
    (30.0, 0.5, "Transmission", ""),
)
"""After which clients give up a handshake that they take for incomplete or encrypted."""
SILENCE_TIMERS: Final[tuple[Timer, ...]] = (
    (10.0, 1.0, "rqbit", "read time-out"),
    (120.0, 1.0, "libtorrent or rain", "idle limit"),
    (150.0, 0.2, "anacrolix", "idle limit"),
    (180.0, 3.0, "aria2", "idle limit"),
    (270.0, 30.0, "Transmission", "idle limit, shorter when its slots are taken"),
)
"""After so much silence of ours clients hang up."""
FAMILIES: Final = (
    *((name, name) for name in ("anacrolix", "aria2", "libtorrent", "rqbit", "Transmission", "WebTorrent")),
    ("libTorrent", "rTorrent"),  # which is another library
    ("rTorrent", "rTorrent"),
    ("rain", "rain"),
    ("qBittorrent", "libtorrent"),
    ("Deluge", "libtorrent"),
)
"""How clients call themselves, and whose habits they have."""
TIMER_SLACK: Final = 1.0
"""Seconds either side of the timers that depend on what was going on."""
COMPLETING: Final = ("bitfield", "have_all", "extended_handshake")
"""What tells a seed that we are one, too."""


def _family(client: str) -> str | None:
    """Whose habits it has; None when that is not known."""
    return next((family for name, family in FAMILIES if name in client), None)


def _is_theirs(e: Evidence, clients: str) -> bool:
    """Whether a habit of these clients may be the peer's: it is one of them, or may be for all that is known."""
    family = _family(e.client)
    return family is None or family in clients


def _sure(e: Evidence, confidence: float) -> float:
    """A habit is a weaker reason when it is not known whose habits it has."""
    return confidence if _family(e.client) else round(confidence - 0.2, 2)


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
    if e.same_host:
        yield Likely("it takes one connection from an address", 0.5, f"{seen}; we are connected to its address already")
    if e.since_ours <= max(0.5, 2 * e.round_trip + 0.05):
        yield Likely("it does not have this torrent, or has it paused", 0.45, seen)
        yield Likely("it wants an encrypted connection", 0.3, seen)
        yield Likely("it has no room, or blocks our address", 0.2, seen)
        return
    for seconds, slack, who, _ in HANDSHAKE_TIMERS:
        if abs(e.since_ours - seconds) <= slack:
            yield Likely(
                f"our handshake looked incomplete or encrypted to it ({who})",
                0.4,
                f"{seen}; such a timer has {seconds:.0f} s",
            )
    if 2.0 <= e.since_ours <= 3.0:
        yield Likely("it does not have this torrent (aria2)", 0.4, seen)


def _greeted(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.GREETED:
        return
    seen = f"closed {_ago(e.since_theirs)} after its handshake, before any message"
    if e.since_theirs is not None and e.since_theirs <= max(PROMPT, 2 * e.round_trip):
        yield Likely("it has a connection to us already", 0.4, seen)
        yield Likely("it has no room left", 0.3, seen)
        yield Likely("it bans us", 0.15, seen)


def _complete(e: Evidence) -> Iterator[Likely]:
    if e.stage not in {Stage.GREETED, Stage.TALKING}:  # ctorrent hangs up on a seed without saying what it has
        return
    if e.both_complete:
        yield Likely("both sides have everything", 0.8, "neither had anything to fetch from the other")
    elif e.we_have_all and not e.they_want and (e.our_last or "").startswith(COMPLETING) and _is_prompt(e):
        yield Likely("it is a seed, and so are we", 0.5, f"closed {_ago(e.since_ours)} after our {e.our_last}")
    elif e.they_completed:
        yield Likely(
            "it finished downloading and closed what it no longer needs", 0.6, "its last `have` made it complete"
        )


def _answer(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.TALKING or e.both_complete or e.our_last is None or not _is_prompt(e):
        return
    seen = f"closed {_ago(e.since_ours)} after our {e.our_last}"
    if e.our_last.startswith("piece "):
        yield Likely("it has what it wanted", 0.4, seen)
        yield Likely("what we sent failed its check", 0.1, seen)
    elif e.our_last.startswith("metadata_request"):
        yield Likely("it gives no metadata, or not that piece of it", 0.5, seen)
    elif e.our_last.startswith("peer_exchange"):
        yield Likely("our peer exchange came too soon for it", 0.45, seen)
    else:
        yield Likely(f"it did not accept our {e.our_last}", 0.45 if e.own_slip is None else 0.6, seen)


def _timers(e: Evidence) -> Iterator[Likely]:
    if e.stage is not Stage.TALKING or e.since_ours is None:
        return
    quiet = min(e.since_ours, e.since_theirs if e.since_theirs is not None else e.since_ours)
    ours = f"our last byte was {_ago(e.since_ours)} ago"
    for holds, at, since, who, reason, evidence in (
        (e.no_interest, 30.0, quiet, "aria2", "neither side wanted anything for 30 s", f"quiet for {_ago(quiet)}"),
        (e.we_idled, 60.0, e.since_ours, "libtorrent, aria2", "we asked for nothing for a minute", ours),
        (e.they_waited, 30.0, e.since_ours, "WebTorrent", "we owed it a block for 30 s", ours),
        (e.they_choke and _last_was(e, "request"), 2.0, e.since_ours, "libtorrent", "we asked while choked", ours),
        (e.they_want and _last_was(e, "choke"), 5.0, e.since_ours, "WebTorrent", "we choked it for 5 s", ours),
    ):
        if holds and abs(since - at) <= TIMER_SLACK and _is_theirs(e, who):
            yield Likely(f"{reason} ({who})", _sure(e, 0.7), evidence)
    for seconds, slack, who, what in SILENCE_TIMERS:
        if abs(e.since_ours - seconds) <= slack and _is_theirs(e, who):
            yield Likely(f"we were silent too long: {what} ({who})", _sure(e, 0.6), ours)


def _is_prompt(e: Evidence) -> bool:
    """Whether the close can be an answer to our last message."""
    return e.since_ours is not None and e.since_ours <= max(PROMPT, 2 * e.round_trip)


def _last_was(e: Evidence, word: str) -> bool:
    return e.our_last is not None and e.our_last.split(" ")[0] == word


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
