"""What is said of every rule: complete, short, and nothing without its rule."""

import re

import pytest

from torrent_peer.wire.catalogue import CATALOGUE, Clients, Entry
from torrent_peer.wire.rules import RULES

REACTION = re.compile(r"[a-z]([^.]|\.\d)*")


def test_every_rule_is_explained() -> None:
    assert {rule.id for rule in RULES.rules} - set(CATALOGUE) == set()


def test_nothing_is_explained_that_is_no_rule() -> None:
    assert set(CATALOGUE) - {rule.id for rule in RULES.rules} == set()


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.rule)
def test_what_is_said_is_short_and_reads_well(entry: Entry) -> None:
    assert re.fullmatch(r"[A-Z].{10,110}\.", entry.instead)
    assert re.match(r"(yes|never)(: | with fast, )[A-Za-z]", entry.races)
    assert not entry.races.endswith(".")
    assert all(example.because.endswith(".") for example in entry.examples)
    assert all(
        REACTION.fullmatch(reaction.replace("0.5", "").replace("2.4", "")) for reaction in entry.clients.reactions()
    )


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.rule)
def test_only_what_the_receiver_can_change_can_race(entry: Entry) -> None:
    """Section 3.2 of the design: these rules lean on what the other side has said, all others are exact."""
    racing = {"REQ-02", "REQ-07", "REQ-11", "CAN-02", "PIECE-02", "PIECE-04", "FAST-02", "EXT-02"}
    assert entry.races.startswith("yes") == (entry.rule in racing)


def test_clients_that_react_alike_stand_together_with_the_version_that_was_seen() -> None:
    clients = Clients(libtorrent="closes°", rain="closes", webtorrent="acts on it°", aria2="closes°")
    assert clients.reactions() == {
        "closes": ["libtorrent 2.1.1°", "rain", "aria2 1.36.0°"],
        "acts on it": ["WebTorrent 2.8.5°"],
    }


def test_rules_about_sending_are_judged_where_it_is_written() -> None:
    at_sender = {entry.rule for entry in CATALOGUE.values() if entry.at_sender}
    assert at_sender == {rule.id for rule in RULES.rules if rule.for_sending} | {"S-19"}
