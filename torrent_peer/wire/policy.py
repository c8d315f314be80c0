"""What is done about a finding: profile × rule → action. Knows no state and no message, only which rule was broken."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

from torrent_peer.wire.errors import Finding
from torrent_peer.wire.severity import Severity


class Action(Enum):
    """What becomes of a message."""

    ACCEPT = "accept"
    """It counts as said, as if it were legal."""
    DISCARD = "discard"
    """It is dropped, as if it had not been said."""
    REFUSE = "refuse"
    """A request that is owed a `reject` where there is one, and nothing else."""
    CLOSE = "close"
    """The connection is closed at once."""


class Profile(Enum):
    """How much is forgiven."""

    STRICT = "strict"
    """The letter of the BEPs, "first message" meaning the first core message."""
    INTEROPERABLE = "interoperable"
    """Strict, less what deployed clients are known to do in ordinary use."""


DEFAULTS: Final[Mapping[Profile, Mapping[Severity, Action]]] = {
    Profile.STRICT: {
        Severity.VIOLATION: Action.CLOSE,
        Severity.DEVIATION: Action.CLOSE,
        Severity.REDUNDANT: Action.ACCEPT,
    },
    Profile.INTEROPERABLE: {
        Severity.VIOLATION: Action.CLOSE,
        Severity.DEVIATION: Action.ACCEPT,
        Severity.REDUNDANT: Action.ACCEPT,
    },
}

REASONS: Final[Mapping[Profile, Mapping[Severity, str]]] = {
    Profile.STRICT: {
        Severity.VIOLATION: "no honest peer can cause it, whatever crossed on the wire",
        Severity.DEVIATION: "it is against the letter",
        Severity.REDUNDANT: "legal and pointless: counted",
    },
    Profile.INTEROPERABLE: {
        Severity.VIOLATION: "no honest peer can cause it, whatever crossed on the wire",
        Severity.DEVIATION: "deployed clients do it in ordinary use; recorded",
        Severity.REDUNDANT: "legal and pointless: counted",
    },
}
"""Why the defaults are what they are."""

EXCEPTIONS: Final[Mapping[Profile, Mapping[str, tuple[Action, str]]]] = {
    Profile.STRICT: {
        "REQ-11": (Action.REFUSE, "BEP 6: what has been sent already MAY be rejected"),
        "CAN-03": (Action.DISCARD, "the first cancel has done all there is to do"),
        "DHT-02": (Action.DISCARD, "port 0 names no node; no BEP makes it an offence"),
        "META-02": (Action.DISCARD, "BEP 9: what is not recognised MUST be ignored"),
    },
    Profile.INTEROPERABLE: {
        "BF-09": (Action.DISCARD, "an honest leech may complete as many pieces before somebody tells us their number"),
        "FR-04": (Action.DISCARD, "Q-26: BitComet and SimpleBT use ids of their own; framing caps their size"),
        "REQ-02": (Action.REFUSE, "libtorrent and Transmission answer reject; nothing is lost by it"),
        "REQ-05": (Action.REFUSE, "Q-12: ancient clients ask for up to 128 KiB"),
        "REQ-07": (
            Action.REFUSE,
            "BEP 6 says reject; Q-16: aria2 forgets its requests at a choke and overruns the count",
        ),
        "REQ-10": (Action.REFUSE, "Q-34: old clients and WebTorrent never read reqq"),
        "REQ-11": (Action.REFUSE, "BEP 6: what has been sent already MAY be rejected"),
        "CAN-01": (Action.DISCARD, "nothing can have been asked there: harmless"),
        "CAN-02": (Action.DISCARD, "provably wrong, and harmless"),
        "CAN-03": (Action.DISCARD, "the first cancel has done all there is to do"),
        "PIECE-04": (Action.DISCARD, "one answer too many; the data is not used"),
        "FAST-02": (Action.DISCARD, "Q-13: rain rejects what it has just sent"),
        "FAST-04": (Action.DISCARD, "advice about a piece that does not exist"),
        "FAST-05": (Action.DISCARD, "advice about a piece that does not exist"),
        "EXT-01": (Action.DISCARD, "Q-18: rqbit tests its own bits when it is dialled"),
        "EXT-02": (Action.DISCARD, "Q-19: Xunlei's clients use the ids they announced themselves"),
        "EXT-09": (Action.DISCARD, "no id to answer under: there is no answer"),
        "EXT-10": (Action.DISCARD, "Transmission and anacrolix ignore it or act on it"),
        "DHT-01": (Action.DISCARD, "Q-20: old libtorrent and others"),
        "DHT-02": (Action.DISCARD, "port 0 names no node"),
        "META-02": (Action.DISCARD, "BEP 9: what is not recognised MUST be ignored; Q-23"),
        "META-03": (Action.REFUSE, "libtorrent, Transmission and anacrolix answer reject"),
        "META-05": (Action.DISCARD, "an answer too many; what it says is not used"),
        "HASH-03": (Action.REFUSE, "libtorrent and anacrolix answer reject"),
        "HASH-04": (Action.REFUSE, "libtorrent and anacrolix answer reject"),
        "HASH-05": (Action.REFUSE, "libtorrent never looks whether it is a power of two, and takes up to 8192"),
        "HASH-06": (Action.REFUSE, "libtorrent never looks whether it is a multiple"),
        "HASH-07": (Action.REFUSE, "libtorrent and anacrolix answer reject"),
        "HASH-10": (Action.DISCARD, "an answer too many; libtorrent and anacrolix ignore it"),
        "DH-01": (Action.DISCARD, "libtorrent and WebTorrent ignore it"),
        "DH-02": (Action.DISCARD, "Q-36: libtorrent may announce a piece too early, and take it back"),
        "UO-01": (Action.DISCARD, "libtorrent ignores it; it is advice"),
        "HP-02": (Action.DISCARD, "nobody waits for it"),
    },
}
"""Where the default for the severity is not right, and why. A `VIOLATION` has no exceptions."""

FORGIVEN_LIMIT: Final = 10_000
"""Times one deviation is forgiven on one connection. Honest clients stay far below; a flood costs us more than them."""

_NO_COUNTS: Final[Mapping[str, int]] = {}
_ORDER: Final = (Action.ACCEPT, Action.REFUSE, Action.DISCARD, Action.CLOSE)


def verdict(profile: Profile, rule_id: str, severity: Severity) -> tuple[Action, str]:
    """What the profile does when a rule is broken this gravely, and why."""
    if severity is not Severity.VIOLATION and (exception := EXCEPTIONS[profile].get(rule_id)):
        return exception
    return DEFAULTS[profile][severity], REASONS[profile][severity]


def action_for(profile: Profile, finding: Finding) -> Action:
    """What the profile does about one finding."""
    return verdict(profile, finding.rule, finding.severity)[0]


def decide(profile: Profile, findings: Iterable[Finding], *, counts: Mapping[str, int] = _NO_COUNTS) -> Action:
    """What becomes of a message with these findings: the gravest answer of all.

    `counts`: how often each rule was broken on this connection, these findings included.
    """
    findings = tuple(findings)
    if any(f.severity is Severity.DEVIATION and counts.get(f.rule, 0) > FORGIVEN_LIMIT for f in findings):
        return Action.CLOSE
    return max((action_for(profile, finding) for finding in findings), key=_ORDER.index, default=Action.ACCEPT)
