from torrent_peer.cli.findings import MOST_RULES, findings_line
from torrent_peer.wire.severity import Severity


def test_the_worst_kind_and_the_commonest_rule_come_first() -> None:
    rules = {"BF-03": 1, "ST-02": 2, "PIECE-05": 1}
    severities = {Severity.REDUNDANT: 2, Severity.VIOLATION: 1, Severity.DEVIATION: 1}
    said = "1 violation, 1 deviation, 2 pointless messages: ST-02 ×2, BF-03, PIECE-05"
    assert findings_line(rules, severities) == said


def test_many_rules_are_counted() -> None:
    line = findings_line({f"REQ-{n:02}": 1 for n in range(20)}, {Severity.DEVIATION: 20})
    assert line.endswith(f"REQ-07 and {20 - MOST_RULES} more")
