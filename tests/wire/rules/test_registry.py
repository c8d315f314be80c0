"""The rule book as a whole: complete, sourced, and nothing in it that no test breaks."""

import re
from collections.abc import Set
from pathlib import Path
from typing import get_args

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
from torrent_peer.wire.extensions import NAMES
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Choke,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Holepunch,
    Interested,
    KeepAlive,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    Port,
    Reject,
    Suggest,
    Unchoke,
)
from torrent_peer.wire.phases import PHASES, Phase
from torrent_peer.wire.rules import RULES, Rule, bep3
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

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
    assert re.fullmatch(r"[A-Z`].{10,}\.", rule.says)
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


def test_the_first_of_several_versions_is_the_one_that_the_id_finds() -> None:
    assert RULES["BF-03"].severity is Severity.DEVIATION


def test_a_finding_has_all_that_its_rule_says() -> None:
    found = RULES["ST-02"].finding("again", Side.LISTENER, Choke(), 7)
    assert (found.rule, found.severity, found.evidence) == ("ST-02", Severity.REDUNDANT, "again")
    assert (found.section, found.sender, found.message, found.offset) == (
        "BEP 3, peer protocol",
        Side.LISTENER,
        Choke(),
        7,
    )
    assert found.quote.startswith("Connections contain two bits of state on either end:")
    assert RULES["ST-02"].finding("again", Side.LISTENER, Choke()).offset is None


def test_a_message_is_held_against_the_rules_of_its_kind_and_a_senders_manners_only_where_it_writes() -> None:
    crossed = {rule.id for rule in RULES.for_message(ExtendedHandshake, crossed=True)}
    written = {rule.id for rule in RULES.for_message(ExtendedHandshake, crossed=False)}
    assert crossed == {"EXT-01", "EXT-04", "EXT-06", "EXT-07", "META-07"}
    assert written == crossed | {"S-03", "S-12"}
    assert RULES.for_message(KeepAlive, crossed=True) == ()


def test_what_names_a_wrong_turn_is_asked_only_out_of_turn() -> None:
    assert [rule.id for rule in RULES.for_turn(Handshake)] == ["HS-13", "S-19"]
    assert RULES.for_turn(str) == ()
    assert not {rule.id for rule in RULES.for_message(Handshake, crossed=False)} & {"HS-13", "S-19"}


def test_what_needs_the_torrents_size_is_asked_again_when_it_is_known() -> None:
    about_size = {rule.id for kind in (Bitfield, Have, AllowedFast, Suggest, DontHave) for rule in RULES.for_size(kind)}
    assert about_size == {"BF-04", "BF-05", "BF-06", "FAST-04", "FAST-05", "DH-01", "DH-02"}
    assert RULES.for_size(KeepAlive) == ()


def test_what_the_size_says_of_a_message_is_the_same_whether_it_crossed_another_or_not() -> None:
    judged = 0
    for case in CASES:
        (rule,) = (rule for rule in RULES.rules if rule.judge.__name__ == case.judge)
        if rule.about_size and case.scene.size_known:
            way = case.scene.legality().direction(case.sender)
            assert rule.judge(way, case.message, True) == rule.judge(way, case.message, False) == case.evidence
            judged += 1
    assert judged >= 7


def test_the_functions_under_a_rule_stay_what_they_are() -> None:
    assert bep3.choking.choking_is_said_when_it_changes is RULES["ST-02"].judge


CORE = {kind for kind, after in PHASES[Phase.READY].items() if after is Phase.ACTIVE}
EXTENSIONS = set(PHASES[Phase.READY]) - CORE - {KeepAlive, Port, ExtendedHandshake}
AVAILABILITY = {Bitfield, HaveAll, HaveNone}
ONE_PIECE = {Have, AllowedFast, Suggest}
KINDS: dict[str, Set[type]] = {
    "with_fast_the_first_word_is_about_pieces": CORE - AVAILABILITY,
    "availability_comes_first": AVAILABILITY,
    "availability_is_said_once": AVAILABILITY,
    "availability_is_not_a_stream": AVAILABILITY,
    "port_does_not_come_before_availability": AVAILABILITY,
    "what_cannot_be_judged_is_plausible": ONE_PIECE,
    "what_cannot_be_judged_is_no_burden": ONE_PIECE,
    "choking_is_said_when_it_changes": {Choke, Unchoke},
    "interest_is_said_when_it_changes": {Interested, NotInterested},
    "the_handshake_comes_first": set(get_args(Message)) - {Handshake, Malformed},
    "nothing_follows_the_end": set(get_args(Message)),
    "fast_messages_need_fast": {HaveAll, HaveNone, Suggest, Reject, AllowedFast},
    "nothing_follows_a_question_for_metadata": {MetadataRequest, MetadataReject},
    "metadata_was_asked_for": {MetadataPiece, MetadataReject},
    "extended_messages_need_the_bit": EXTENSIONS,
    "an_extended_id_was_announced": EXTENSIONS,
    "the_extended_handshake_comes_first": EXTENSIONS,
    "who_asks_can_be_answered": {MetadataRequest, Holepunch},
    "hashes_need_version_2": {HashRequest, Hashes, HashReject},
}


def test_rules_for_several_kinds_are_for_all_of_them() -> None:
    assert {rule.judge.__name__: set(rule.kinds) for rule in RULES.rules if len(rule.kinds) > 1} == KINDS
    assert {*NAMES, Extended} == EXTENSIONS


def test_only_what_names_a_wrong_turn_or_wrong_bytes_is_asked_out_of_turn() -> None:
    out_of_turn = {rule.judge.__name__ for rule in RULES.rules if rule.out_of_turn}
    assert {name for name in out_of_turn if not name.startswith("malformed_")} == {
        *("the_handshake_comes_first", "there_is_one_handshake", "nothing_follows_the_end", "the_id_is_known"),
        *("availability_comes_first", "availability_is_said_once", "availability_is_not_a_stream"),
    }
    assert {rule.judge.__name__ for rule in RULES.rules if set(rule.kinds) == {Malformed}} <= out_of_turn
