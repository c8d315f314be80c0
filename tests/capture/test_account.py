"""What is kept of one conversation."""

from torrent_peer.capture.account import KEPT, KEPT_IN_ALL, Account
from torrent_peer.core.addresses import Address
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Unchoke
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side


def account(room: int = KEPT_IN_ALL) -> Account:
    return Account(dialer=Address("192.0.2.1", 1), listener=Address("192.0.2.2", 2), packet=1, started=0.0, room=room)


def finding(rule: str, severity: Severity = Severity.REDUNDANT, side: Side = Side.DIALER) -> Finding:
    return Finding(rule, severity, "BEP 3", "", "evidence", side, Unchoke(), 68)


def test_all_findings_are_counted_and_the_first_kept() -> None:
    made = account()
    for packet in range(KEPT + 5):
        made.note(finding("ST-02"), packet=packet, at=packet / 10)
    made.note(finding("ST-02", side=Side.LISTENER), packet=99, at=9.9)
    assert made.found == {
        ("ST-02", Severity.REDUNDANT, Side.DIALER): KEPT + 5,
        ("ST-02", Severity.REDUNDANT, Side.LISTENER): 1,
    }
    assert [noted.packet for noted in made.findings] == [*range(KEPT), 99]


def test_there_is_room_for_so_many_and_no_more() -> None:
    made = account(room=2)
    for rule in ("A-01", "B-01", "C-01"):
        made.note(finding(rule), packet=1, at=0.0)
    assert [noted.finding.rule for noted in made.findings] == ["A-01", "B-01"]
    assert len(made.found) == 3


def test_the_worst_is_the_gravest() -> None:
    made = account()
    assert account().worst is None
    made.note(finding("A-01"), packet=1, at=0.0)
    made.note(finding("B-01", Severity.VIOLATION), packet=1, at=0.0)
    made.note(finding("C-01", Severity.DEVIATION), packet=1, at=0.0)
    assert made.worst == Severity.VIOLATION
    assert made.address(Side.LISTENER) == Address("192.0.2.2", 2)
