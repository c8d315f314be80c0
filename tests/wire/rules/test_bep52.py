"""Every rule of BEP 52 that a version 1 connection has, broken once, and a legal look-alike."""

import pytest

from tests.wire.scenes import Case, check_case
from torrent_peer.wire.messages import Unknown

CASES = [
    Case(
        judge="hashes_need_version_2",
        rule="HASH-01",
        evidence="hash_request on a connection that does not speak version 2",
        message=Unknown(21, bytes(48)),
        legal=Unknown(20, b""),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)
