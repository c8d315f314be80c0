"""The page about the room is made from the tables, and is not stale."""

import runpy
from pathlib import Path

import pytest

from torrent_peer.wire.catalogue import CATALOGUE, ELSEWHERE
from torrent_peer.wire.rules import RULES

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def text() -> str:
    made = runpy.run_path(str(ROOT / "scripts" / "wire_readme"))["text"]()
    assert isinstance(made, str)
    return made


def test_the_page_is_up_to_date_run_scripts_wire_readme_if_not(text: str) -> None:
    assert (ROOT / "torrent_peer" / "wire" / "README.md").read_text() == text


def test_every_rule_is_on_the_page(text: str) -> None:
    for rule in RULES.rules:
        assert f"| {rule.id} | {rule.severity.value} | {rule.says} |" in text


def test_what_to_do_instead_is_on_the_page(text: str) -> None:
    for entry in CATALOGUE.values():
        assert f"| {entry.rule} | {entry.instead} | {entry.races} |" in text


def test_what_is_no_rule_is_on_the_page(text: str) -> None:
    assert all(f"| {number} | {why} |" in text for number, why in ELSEWHERE.items())
