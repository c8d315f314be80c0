"""FR: every rule broken, and a legal look-alike."""

import pytest

from tests.wire.scenes import Case, Scene, check_case
from torrent_peer.wire.messages import (
    Malformed,
    Unknown,
)
from torrent_peer.wire.side import Side

SILENT = Scene(greeted=False)
FRESH = Scene(opened=False)


CASES = [
    *(
        Case(
            judge="malformed_" + rule.lower().replace("-", "_"),
            rule=rule,
            evidence="what framing found",
            scene=SILENT if rule in ("HS-01", "HS-02") else FRESH,
            message=Malformed(5, 1000, rule, "what framing found"),
            legal=Malformed(5, 1000, "FR-03" if rule != "FR-03" else "FR-02", "something else"),
        )
        for rule in ("HS-01", "HS-02", "HS-13", "FR-02", "FR-03", "FR-05", "BF-04", "EXT-03")
    ),
    Case(
        judge="the_id_is_known",
        rule="FR-04",
        evidence="message id 99 is nobody's",
        message=Unknown(99, b""),
        legal=Malformed(21, 1, "HASH-02", "hash request of length 1: it is always 49"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


def test_what_nobody_defined_breaks_another_rule_where_nothing_may_be_said() -> None:
    legality = FRESH.legality()
    legality.close(Side.DIALER)
    found = [finding.rule for finding in legality.check(Side.DIALER, Unknown(99, b""), crossed=True)]
    assert found == ["S-19"]
