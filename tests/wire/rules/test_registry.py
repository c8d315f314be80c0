"""The rule book as a whole: complete, sourced, and nothing in it that no test breaks."""

import re
from pathlib import Path

import pytest

from tests.wire.rules import (
    test_bep5,
    test_bep6,
    test_bep9,
    test_bep10,
    test_bep11,
    test_bep21,
    test_bep52,
    test_bep54,
    test_bep55,
)
from tests.wire.rules.bep3 import (
    test_availability,
    test_blocks,
    test_choking,
    test_framing,
    test_handshake,
    test_requests,
)
from torrent_peer.wire import codec, extensions, frame_limits, handshake, payloads
from torrent_peer.wire.rules import RULES, Rule

BEP3 = (test_availability, test_blocks, test_choking, test_framing, test_handshake, test_requests)
OTHERS = (test_bep5, test_bep6, test_bep9, test_bep10, test_bep11, test_bep21, test_bep52, test_bep54, test_bep55)
CASES = [case for module in (*BEP3, *OTHERS) for case in module.CASES]


def test_every_rule_is_broken_somewhere() -> None:
    broken = {case.judge for case in CASES} | {"nothing_follows_the_end"}
    assert {rule.judge.__name__ for rule in RULES.rules} == broken


def test_no_two_rules_share_a_function_name() -> None:
    names = [rule.judge.__name__ for rule in RULES.rules]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.judge.__name__)
def test_every_rule_says_what_it_demands_and_where_that_is_written(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]+-\d\d", rule.id)
    assert re.match(r"BEP \d+, ", rule.section)
    assert rule.says.endswith(".")
    assert rule.kinds


@pytest.mark.parametrize("module", [codec, extensions, frame_limits, handshake, payloads])
def test_every_rule_that_bytes_can_break_is_in_the_book(module: object) -> None:
    source = Path(str(getattr(module, "__file__", ""))).read_text()
    named = set(re.findall(r'alformed\([^"]*"([A-Z]+-\d\d)"', source))
    known = {rule.id for rule in RULES.rules if rule.judge.__name__.startswith("malformed_")}
    assert named
    assert named <= known


def test_a_rule_is_found_by_its_id() -> None:
    assert RULES["REQ-05"].judge.__name__ == "a_request_is_for_16_kib_at_most"
    with pytest.raises(KeyError, match="REQ-99"):
        RULES["REQ-99"]
