"""The list of rules, and finding one."""

import json
import re
import subprocess
import sys

import pytest

from tests.cli.fakes import Invoke
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.rules import in_order
from torrent_peer.wire.rules import RULES


def test_every_rule_is_listed_under_its_section_with_what_each_profile_does(invoke: Invoke) -> None:
    lines = invoke("rules").stdout.splitlines()
    assert lines[0] == "  rule     severity  strict   interop. demands"
    assert "  REQ-05   deviation close    refuse   A request is for 16 KiB at most." in lines
    assert "  S-06     deviation not sent not sent What we ask for is a block of the 16 KiB grid" in "\n".join(lines)
    listed = {line.split()[0] for line in lines if re.match(r"  [A-Z]+-\d\d ", line)}
    assert listed == {rule.id for rule in RULES.rules}
    assert {rule.section for rule in RULES.rules} < set(lines)
    place = lines.index("BEP 6, Reject Request")
    assert lines[place + 1].startswith("  FAST-02  violation close    close ")


def test_the_list_fits_the_terminal(invoke: Invoke) -> None:
    narrow = invoke("rules", COLUMNS="80").stdout.splitlines()
    assert max(map(len, narrow)) <= 80
    assert len(narrow) > len(invoke("rules").stdout.splitlines())


def test_the_list_is_in_reading_order_and_says_nothing_twice() -> None:
    rules = in_order()
    said = [(rule.id, rule.severity, rule.says) for rule in rules]
    assert len(said) == len(set(said))
    ids = list(dict.fromkeys(rule.id for rule in rules))
    assert ids.index("HS-01") < ids.index("FR-02") < ids.index("REQ-01") < ids.index("PIECE-01") < ids.index("EXT-01")
    assert [rule.severity.value for rule in rules if rule.id == "REQ-05"] == ["violation", "deviation"]


def test_the_list_as_json(invoke: Invoke) -> None:
    rows = json.loads(invoke("rules", "--json").stdout)
    assert {
        "id": "FR-04",
        "severity": "deviation",
        "strict": "close",
        "interoperable": "discard",
        "section": "BEP 3, peer messages",
        "demands": "The message id is one that some BEP defines.",
        "instead": "Make new messages under BEP 10: id 20, with an id of their own that the other side has announced.",
    } in rows
    assert len(rows) == len(in_order())


@pytest.mark.parametrize("word", ["REQ-07", "req-07", "req7", "REQ-7", "Req07"])
def test_a_rule_is_found_however_its_id_is_written(invoke: Invoke, word: str) -> None:
    assert invoke("rules", word).stdout.startswith("REQ-07  deviation  Nobody asks while choked")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("CAN-04", "near it are CAN-01, CAN-02, CAN-03; "),
        ("BF-14", "near it are BF-06, BF-07, BF-09; "),
        ("FST-01", "near it are FAST-01, FAST-05, FAST-08; "),
        ("\x1b[2J", ""),
    ],
)
def test_a_rule_that_is_none_is_one_line_with_those_near_it(invoke: Invoke, word: str, said: str) -> None:
    result = invoke("rules", word)
    shown = word.replace("\x1b", "\\x1b")
    assert result.exit_code == Exit.USAGE
    assert result.stdout == ""
    assert result.stderr == f"torrent-peer: there is no rule '{shown}'; {said}'torrent-peer rules' lists them all\n"


def test_a_number_that_is_no_rule_says_what_is_there_instead(invoke: Invoke) -> None:
    assert invoke("rules", "bf8").stdout == "BF-08  no rule that a message can break\n  judged as FAST-01.\n"
    assert json.loads(invoke("rules", "LV-02", "--json").stdout) == {
        "id": "LV-02",
        "elsewhere": "a time-out: unchoked and interested, it asked for nothing for 120 s",
    }
    assert max(map(len, invoke("rules", "HS-14", COLUMNS="60").stdout.splitlines())) <= 60


@pytest.mark.parametrize("words", [[], ["REQ-07"]])
def test_rules_need_neither_trio_nor_httpx2_nor_rich(words: list[str]) -> None:
    program = (
        "import sys\n"
        "from torrent_peer.cli.main import main\n"
        f"sys.argv = ['torrent-peer', '--quiet', 'rules', *{words}]\n"
        "try:\n    main()\n"
        "finally:\n    print(sorted({'trio', 'httpx2', 'rich', 'asyncio', 'ssl'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n")
