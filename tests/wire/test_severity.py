from torrent_peer.wire.severity import Severity


def test_a_violation_is_worse_than_a_deviation_is_worse_than_redundancy() -> None:
    ranked = sorted(Severity, key=lambda severity: severity.gravity, reverse=True)
    assert ranked == [Severity.VIOLATION, Severity.DEVIATION, Severity.REDUNDANT]
