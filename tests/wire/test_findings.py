"""What was found on one connection."""

from torrent_peer.wire.errors import Finding
from torrent_peer.wire.findings import FINDINGS_KEPT, Findings
from torrent_peer.wire.messages import Have
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side


def finding(rule: str, number: int) -> Finding:
    return Finding(rule, Severity.REDUNDANT, "BEP 3", "", f"evidence {number}", Side.DIALER, Have(number))


def test_what_is_noted_can_be_taken_once_and_is_counted_for_good() -> None:
    findings = Findings()
    findings.note([finding("HV-02", 1), finding("ST-02", 2)])
    findings.note([finding("HV-02", 3)])
    assert len(findings) == 3
    assert [each.evidence for each in findings.take()] == ["evidence 1", "evidence 2", "evidence 3"]
    assert (len(findings), findings.take()) == (0, [])
    assert findings.counts == {"HV-02": 2, "ST-02": 1}


def test_the_oldest_go_when_nobody_takes_them() -> None:
    findings = Findings()
    for number in range(5 * FINDINGS_KEPT + 7):
        findings.note([finding("HV-02", number)])
        assert len(findings) <= FINDINGS_KEPT
    taken = findings.take()
    assert (len(taken), taken[-1].evidence) == (FINDINGS_KEPT, f"evidence {5 * FINDINGS_KEPT + 6}")
    assert findings.counts["HV-02"] == 5 * FINDINGS_KEPT + 7
