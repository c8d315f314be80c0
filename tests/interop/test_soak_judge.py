"""The judge of the soak: what is a fault, and whose."""

import json

import pytest

from tests.interop.soak_judge import Judge

US, ALSO_US, THEM = "10.77.0.2", "10.77.0.3", "10.77.0.9"


def judge() -> Judge:
    return Judge(frozenset({US, ALSO_US}))


def tell(judge: Judge, **told: object) -> None:
    judge.line("ours-seed", US, json.dumps(told).encode() + b"\n")


def finding(judge: Judge, *, peer: str, client: str, severity: str, rule: str = "ST-02") -> None:
    evidence = "choke while choking already"
    tell(judge, event="finding", peer=peer, client=client, rule=rule, severity=severity, evidence=evidence)


@pytest.mark.parametrize(
    ("peer", "client", "severity", "rule", "culprit", "faults"),
    [
        pytest.param(f"{ALSO_US}:1", "torrent_peer/0.1", "redundant", "ST-02", "torrent_peer", 1, id="ours"),
        pytest.param(f"{ALSO_US}:1", "", "redundant", "HS-01", "torrent_peer", 1, id="ours before its name"),
        pytest.param(f"{THEM}:1", "aria2 1.36.0", "deviation", "BF-03", "aria2", 0, id="a stranger's deviation"),
        pytest.param(f"{THEM}:1", "aria2 1.36.0", "violation", "REQ-01", "aria2", 1, id="anybody's violation"),
        pytest.param(
            f"{US}:1", "Enhanced CTorrent 0.3", "redundant", "ST-02", "Enhanced", 0, id="who binds no address"
        ),
        pytest.param(f"{US}:1", "", "violation", "HS-10", "itself", 0, id="a connection to itself"),
    ],
)
def test_what_is_ours_or_a_violation_is_a_fault(
    peer: str, client: str, severity: str, rule: str, culprit: str, faults: int
) -> None:
    seen = judge()
    finding(seen, peer=peer, client=client, severity=severity, rule=rule)
    assert dict(seen.rules) == {(rule, severity, culprit): 1}
    assert seen.fault_count == faults


def test_messages_are_counted_and_one_that_was_sent_with_a_finding_is_a_fault() -> None:
    seen = judge()
    found = {"findings": [{"rule": "ST-02", "severity": "redundant", "evidence": "unchoke again"}]}
    for direction, more in (("sent", {}), ("received", {}), ("received", found), ("sent", found)):
        message = {"event": "message", "peer": f"{THEM}:1", "message": "request 3 [0:16384]", "direction": direction}
        tell(seen, **message, **more)
    assert dict(seen.kinds) == {("sent", "request"): 2, ("received", "request"): 2}
    assert seen.faults == [f"ours-seed sent request 3 [0:16384] to {THEM}:1: {found['findings']}"]


def test_a_conversation_that_we_ended_over_our_own_words_is_a_fault() -> None:
    seen = judge()
    for cause in ("closed", "our fault"):
        tell(seen, event="peer_closed", cause=cause, ended_by="us", detail="request while choked")
    assert dict(seen.ends) == {("closed", "us"): 1, ("our fault", "us"): 1}
    assert seen.faults == ["ours-seed: request while choked"]


def test_a_piece_that_was_wrong_is_a_fault_and_a_line_cut_by_a_kill_is_none() -> None:
    seen = judge()
    tell(seen, event="piece_failed", piece=3, suspects=[f"{THEM}:1"])
    seen.line("ours-seed", US, b'{"event": "mess')
    assert seen.faults == [f"ours-seed: piece 3 was wrong, from ['{THEM}:1']"]
    assert seen.torn == 1
