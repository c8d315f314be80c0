"""Every number of the catalogue is a rule, or is said to be none, and why."""

import re

import pytest

from torrent_peer.wire.catalogue import CATALOGUE, ELSEWHERE

NUMBERS = {
    "HS": 15,
    "MSE": 4,
    "FR": 7,
    "ST": 5,
    "BF": 13,
    "REQ": 13,
    "CAN": 3,
    "PIECE": 9,
    "FAST": 10,
    "EXT": 11,
    "META": 10,
    "PEX": 9,
    "DHT": 4,
    "HASH": 12,
    "DH": 3,
    "HP": 3,
    "UO": 1,
    "PRV": 1,
    "KA": 3,
    "LV": 5,
    "S": 19,
}
"""How many there are of each family."""


def test_every_number_is_a_rule_or_none_and_never_both() -> None:
    numbers = {f"{family}-{number:02}" for family, count in NUMBERS.items() for number in range(1, count + 1)}
    assert set(CATALOGUE) | set(ELSEWHERE) == numbers
    assert set(CATALOGUE) & set(ELSEWHERE) == set()


@pytest.mark.parametrize(("number", "why"), ELSEWHERE.items())
def test_what_is_no_rule_has_its_reason_and_the_rules_it_names_exist(number: str, why: str) -> None:
    assert re.fullmatch(r"[a-z].{10,140}[^.]", why), number
    assert set(re.findall(r"[A-Z]+-\d\d", why)) <= set(CATALOGUE) | set(ELSEWHERE) - {number}
