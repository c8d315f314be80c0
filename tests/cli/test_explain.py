"""One rule explained, in full and as JSON."""

import json

import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.explain import as_document, explain
from torrent_peer.wire.rules import RULES

IDS = sorted({rule.id for rule in RULES.rules})
CANCEL = """\
CAN-02  deviation  A cancel takes back a request that is unanswered, or whose
                   answer it has crossed.

  BEP 3, peer messages: “'cancel' messages have the same payload as request
  messages.”

A deviation
  strict        close: it is against the letter
  interoperable discard: provably wrong, and harmless

Instead
  Cancel what is unanswered; what has arrived needs no cancel.

Can it race?
  Yes: the answer may cross the cancel, and so may a choke that drops the
  request; the last answers are remembered, a queue of them.

What clients do about it
  ignores it: libtorrent 2.1.1°, Transmission, anacrolix/torrent, rqbit,
  WebTorrent 2.8.5°, aria2 1.36.0°
  rejects it: rain
  °: seen on loopback with this version; the others: read in their source,
  August 2026.

Example that breaks it
  Behind the handshakes (both set fast, extended); ten pieces:
  dialer                                              listener
  <-------------------------------------------------- have_all
  have_none ------------------------------------------------->
  interested ------------------------------------------------>
  <--------------------------------------------------- unchoke
  cancel 0 [0:16384] ---------------------------------------->
    ^ CAN-02 deviation: cancel of piece 0 [0:16384], which is not requested

Example that looks alike and is legal
  Behind the handshakes (both set fast, extended); ten pieces:
  dialer                                              listener
  <-------------------------------------------------- have_all
  have_none ------------------------------------------------->
  interested ------------------------------------------------>
  <--------------------------------------------------- unchoke
  request 0 [0:16384] --------------------------------------->
  <----------------------------------------- piece 0 [0:16384]
  cancel 0 [0:16384] ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~>
  ~~~: written before the line above it was read.
  Legal: the cancel was on its way when the block was sent."""


def test_a_rule_is_explained_in_full() -> None:
    assert explain("CAN-02", width=80) == CANCEL.splitlines()


@pytest.mark.parametrize("rule_id", IDS)
def test_every_explanation_fits_80_columns(rule_id: str) -> None:
    lines = explain(rule_id, width=80)
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith(f"{rule_id}  ")
    assert lines == [line.rstrip() for line in lines]


def test_each_severity_has_its_demand_its_verdicts_and_its_example() -> None:
    lines = explain("REQ-05", width=80)
    assert lines[:3] == [
        "REQ-05  deviation  A request is for 16 KiB at most.",
        "        violation  No client ever asked for more than 128 KiB at once.",
        "",
    ]
    at = lines.index("A violation")
    assert lines[at + 1] == "  strict        close: no honest peer can cause it, whatever crossed on the wire"
    assert "Example 1 that breaks it" in lines
    assert "    ^ REQ-05 violation: request for 131073 bytes at once" in lines
    assert "Broken by" in lines


def test_what_only_we_are_held_to_is_said_so() -> None:
    assert "  strict        not sent: we hold ourselves to it, and nobody else" in explain("S-12", width=80)


@pytest.mark.parametrize(
    ("rule_id", "said"),
    [
        ("HS-01", "  From the first byte:"),
        ("EXT-01", "  Behind the handshakes (both set fast); ten pieces:"),
        ("DHT-02", "  Behind the handshakes (both set fast, extended, DHT); ten pieces:"),
        ("PIECE-09", "  Behind the handshakes (both set fast, extended); the size not known yet:"),
        ("REQ-12", "  Read in their source, August 2026."),
    ],
)
def test_it_is_said_where_a_conversation_starts_and_how_clients_were_studied(rule_id: str, said: str) -> None:
    assert said in explain(rule_id, width=80)


def test_json_has_the_examples_with_what_is_found_in_them(invoke: Invoke) -> None:
    document = json.loads(invoke("rules", "fast-02", "--json").stdout)
    assert document == as_document("FAST-02")
    assert [level["severity"] for level in document["levels"]] == ["deviation", "violation"]
    assert document["levels"][0]["interoperable"] == {
        "action": "discard",
        "because": "Q-13: rain rejects what it has just sent",
    }
    assert document["clients"]["ignores it"][0] == "libtorrent 2.1.1°"
    breaks, legal = document["examples"][0]["breaks"], document["examples"][0]["legal"]
    assert breaks[-1] == {
        "sender": "listener",
        "says": "reject 0 [16384:32768]",
        "crossed": False,
        "findings": [
            {
                "rule": "FAST-02",
                "severity": "violation",
                "evidence": "reject of piece 0 [16384:32768], which was never requested",
            }
        ],
    }
    assert document["examples"][0]["given"] == "Behind the handshakes (both set fast, extended); ten pieces"
    assert [step["findings"] for step in legal] == [[]] * len(legal)
