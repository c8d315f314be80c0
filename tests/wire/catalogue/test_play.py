"""Every example is run: it breaks its own rule and no other, and its look-alike breaks nothing."""

import pytest

from torrent_peer.wire.catalogue import CATALOGUE, Entry, Example
from torrent_peer.wire.catalogue.play import play_alike, play_breach
from torrent_peer.wire.rules import RULES

CASES = [
    pytest.param(entry, example, id=f"{entry.rule} {number}")
    for entry in CATALOGUE.values()
    for number, example in enumerate(entry.examples, 1)
]
AS_WELL = {"META-07": {"EXT-07"}}
"""Rules that the same message cannot but break."""
CLOSED_BY = {"S-19": "FR-03"}
"""A connection is closed by breaking a rule, so one rule must be broken after another."""


@pytest.mark.parametrize(("entry", "example"), CASES)
def test_the_example_breaks_this_rule_alone(entry: Entry, example: Example) -> None:
    *before, last = play_breach(example, at_sender=entry.at_sender)
    assert [finding.rule for line in before for finding in line.findings] == [
        rule for rule in [CLOSED_BY.get(entry.rule)] if rule
    ]
    assert last.findings[0].rule == entry.rule
    assert {finding.rule for finding in last.findings} - AS_WELL.get(entry.rule, set()) == {entry.rule}


@pytest.mark.parametrize(("entry", "example"), CASES)
def test_the_look_alike_breaks_nothing(entry: Entry, example: Example) -> None:
    lines = play_alike(example, at_sender=entry.at_sender)
    assert [str(finding) for line in lines for finding in line.findings] == []


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.rule)
def test_there_is_an_example_for_each_severity(entry: Entry) -> None:
    broken = set()
    for example in entry.examples:
        findings = play_breach(example, at_sender=entry.at_sender)[-1].findings
        broken.add([finding.severity for finding in findings if finding.rule == entry.rule][-1])
    assert broken == {rule.severity for rule in RULES.rules if rule.id == entry.rule}
