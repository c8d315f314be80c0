"""What each profile does about a finding."""

import pytest
from attrs import evolve

from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Choke
from torrent_peer.wire.policy import DEFAULTS, EXCEPTIONS, FORGIVEN_LIMIT, Action, Profile, action_for, decide, verdict
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

FINDING = Finding("XX-01", Severity.VIOLATION, "BEP 3, x", "", "evidence", Side.DIALER, Choke())


def _finding(rule: str, severity: Severity) -> Finding:
    return evolve(FINDING, rule=rule, severity=severity)


@pytest.mark.parametrize("profile", Profile)
def test_a_violation_closes_whatever_the_profile_and_the_rule(profile: Profile) -> None:
    for rule in RULES.rules:
        assert action_for(profile, _finding(rule.id, Severity.VIOLATION)) is Action.CLOSE


def test_a_deviation_closes_in_the_strict_profile_only() -> None:
    for rule in RULES.rules:
        if rule.severity is Severity.DEVIATION:
            assert action_for(Profile.STRICT, _finding(rule.id, Severity.DEVIATION)) is Action.CLOSE
            assert action_for(Profile.INTEROPERABLE, _finding(rule.id, Severity.DEVIATION)) is not Action.CLOSE


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        *((rule, Action.REFUSE) for rule in ("REQ-02", "REQ-05", "REQ-07", "REQ-10")),
        *((rule, Action.DISCARD) for rule in ("CAN-01", "CAN-02", "PIECE-04", "FAST-02", "FAST-04", "FAST-05")),
        *((rule, Action.ACCEPT) for rule in ("HS-11", "FAST-01", "EXT-07")),
        *((rule, Action.DISCARD) for rule in ("BF-09", "FR-04", "EXT-01", "EXT-09", "EXT-10", "DHT-01")),
        *((rule, Action.ACCEPT) for rule in ("BF-01", "BF-02", "BF-03", "BF-05", "REQ-09", "PIECE-05")),
        *((rule, Action.ACCEPT) for rule in ("EXT-04", "EXT-06", "DHT-04", "META-04", "META-06", "META-07")),
        *((rule, Action.ACCEPT) for rule in ("PEX-02", "PEX-04", "PEX-05", "HP-01")),
        *((rule, Action.REFUSE) for rule in ("META-03", "HASH-03", "HASH-04", "HASH-05", "HASH-06", "HASH-07")),
        *((rule, Action.DISCARD) for rule in ("EXT-02", "META-05", "HASH-10", "DH-01", "DH-02", "UO-01", "HP-02")),
    ],
)
def test_what_deployed_clients_do_is_borne(rule: str, action: Action) -> None:
    assert action_for(Profile.INTEROPERABLE, _finding(rule, Severity.DEVIATION)) is action


@pytest.mark.parametrize("profile", Profile)
def test_what_is_redundant_is_counted_and_no_more(profile: Profile) -> None:
    for rule in RULES.rules:
        if rule.severity is Severity.REDUNDANT:
            action = action_for(profile, _finding(rule.id, Severity.REDUNDANT))
            refused = {Profile.STRICT: ("REQ-11",), Profile.INTEROPERABLE: ("HASH-05", "REQ-11")}[profile]
            expected = Action.REFUSE if rule.id in refused else Action.ACCEPT
            assert action is (Action.DISCARD if rule.id in ("CAN-03", "DHT-02", "META-02") else expected)


@pytest.mark.parametrize("profile", Profile)
def test_exceptions_name_rules_that_exist_give_reasons_and_change_something(profile: Profile) -> None:
    for rule_id, (action, reason) in EXCEPTIONS[profile].items():
        forgivable = [r.severity for r in RULES.rules if r.id == rule_id and r.severity is not Severity.VIOLATION]
        assert forgivable
        assert any(DEFAULTS[profile][severity] is not action for severity in forgivable)
        assert reason


def test_the_gravest_finding_decides() -> None:
    refused, discarded = _finding("REQ-02", Severity.DEVIATION), _finding("CAN-02", Severity.DEVIATION)
    accepted = _finding("REQ-08", Severity.REDUNDANT)
    assert decide(Profile.INTEROPERABLE, [accepted]) is Action.ACCEPT
    assert decide(Profile.INTEROPERABLE, [accepted, refused]) is Action.REFUSE
    assert decide(Profile.INTEROPERABLE, [refused, discarded]) is Action.DISCARD
    assert decide(Profile.INTEROPERABLE, [refused, FINDING]) is Action.CLOSE
    assert decide(Profile.STRICT, []) is Action.ACCEPT


def test_a_deviation_is_not_forgiven_for_ever() -> None:
    deviation, redundant = _finding("PIECE-04", Severity.DEVIATION), _finding("ST-02", Severity.REDUNDANT)
    profile, counts = Profile.INTEROPERABLE, {"PIECE-04": FORGIVEN_LIMIT, "ST-02": 2 * FORGIVEN_LIMIT}
    assert decide(profile, [deviation, redundant], counts=counts) is Action.DISCARD
    counts["PIECE-04"] += 1
    assert decide(profile, [redundant], counts=counts) is Action.ACCEPT
    assert decide(profile, [deviation], counts=counts) is Action.CLOSE


@pytest.mark.parametrize(
    ("profile", "rule", "severity", "expected"),
    [
        (Profile.STRICT, "REQ-07", Severity.DEVIATION, (Action.CLOSE, "it is against the letter")),
        (
            Profile.INTEROPERABLE,
            "REQ-05",
            Severity.DEVIATION,
            (Action.REFUSE, "Q-12: ancient clients ask for up to 128 KiB"),
        ),
        (
            Profile.INTEROPERABLE,
            "REQ-05",
            Severity.VIOLATION,
            (Action.CLOSE, "no honest peer can cause it, whatever crossed on the wire"),
        ),
        (
            Profile.INTEROPERABLE,
            "BF-05",
            Severity.DEVIATION,
            (Action.ACCEPT, "deployed clients do it in ordinary use; recorded"),
        ),
        (Profile.STRICT, "ST-02", Severity.REDUNDANT, (Action.ACCEPT, "legal and pointless: counted")),
    ],
)
def test_every_verdict_has_its_reason(
    profile: Profile, rule: str, severity: Severity, expected: tuple[Action, str]
) -> None:
    assert verdict(profile, rule, severity) == expected
