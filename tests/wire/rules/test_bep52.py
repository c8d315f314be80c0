"""Every rule of BEP 52 broken once, and a legal look-alike."""

import pytest
from attrs import evolve

from tests.wire.scenes import Case, Scene, check_case
from torrent_peer.wire.messages import Choke, Hashes, HashRange, HashReject, HashRequest, Malformed, Message
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
ROOT = b"r" * 32
RANGE = HashRange(ROOT, 0, 4, 4, 3)
OTHER = HashRange(ROOT, 0, 4, 4, 2)
NO_TREES = Scene(v2=True)
TREES = Scene(v2=True, trees={ROOT: 5})
ASKED = Scene(v2=True, here=D, then=[(D, HashRequest(RANGE))])
DUE = bytes(6 * 32)
"""Four hashes, and the uncles of the second and third layer above them: they cover the first themselves."""


def _request(judge: str, rule: str, evidence: str, asked: HashRange, legal: HashRange, scene: Scene = TREES) -> Case:
    return Case(
        judge=judge, rule=rule, evidence=evidence, scene=scene, message=HashRequest(asked), legal=HashRequest(legal)
    )


def _only_with_trees(case: Case) -> Case:
    return evolve(case, legal_scene=NO_TREES, legal=None)


FILE = _request(
    "a_hash_request_names_a_file",
    "HASH-03",
    f"hash_request for the root {'78' * 32}, which no file has",
    evolve(RANGE, pieces_root=b"x" * 32),
    RANGE,
)
LAYER = _request(
    "a_hash_request_names_a_layer",
    "HASH-04",
    "hash_request for layer 6: the highest is 5",
    evolve(RANGE, base_layer=6),
    HashRange(ROOT, 4, 0, 2, 1),
)
END = _request(
    "a_hash_request_stays_in_its_layer",
    "HASH-06",
    "hash_request layer 1 [16:24]: there are 16",
    HashRange(ROOT, 1, 16, 8, 0),
    HashRange(ROOT, 1, 8, 8, 0),
)
PROOF = _request(
    "a_proof_ends_at_the_root",
    "HASH-07",
    "hash_request with 6 layers of proof: the tree has 5",
    evolve(RANGE, proof_layers=6),
    evolve(RANGE, proof_layers=5),
)

CASES = [
    *(
        Case(
            judge="hashes_need_version_2",
            rule="HASH-01",
            evidence=f"{name} on a connection that does not speak version 2",
            message=message,
            legal_scene=NO_TREES,
        )
        for name, message in (
            ("hash_request", HashRequest(RANGE)),
            ("hashes", Hashes(RANGE, DUE)),
            ("hash_reject", HashReject(RANGE)),
        )
    ),
    Case(
        judge="malformed_hash_02",
        rule="HASH-02",
        evidence="hash request of length 48: it is always 49",
        message=Malformed(21, 48, "HASH-02", "hash request of length 48: it is always 49"),
        legal=Malformed(4, 6, "FR-03", "have of length 6: it is always 5"),
    ),
    *(FILE, LAYER, END, PROOF),
    *map(_only_with_trees, (FILE, LAYER, END, PROOF)),
    *(
        _request(
            "hashes_are_asked_for_in_subtrees",
            "HASH-05",
            f"hash_request for {length} hashes",
            HashRange(ROOT, 0, 0, length, 0),
            HashRange(ROOT, 0, 0, 2, 0),
            NO_TREES,
        )
        for length in (0, 1, 3, 6)
    ),
    _request(
        "no_more_than_512_hashes_are_asked_for",
        "HASH-05",
        "hash_request for 1024 hashes at once",
        HashRange(ROOT, 0, 0, 1024, 0),
        HashRange(ROOT, 0, 0, 512, 0),
        NO_TREES,
    ),
    _request(
        "a_hash_request_stays_in_its_layer",
        "HASH-06",
        "hash_request for 4 hashes from 6 on, which is no multiple",
        HashRange(ROOT, 0, 6, 4, 0),
        HashRange(ROOT, 0, 8, 4, 0),
        NO_TREES,
    ),
    Case(
        judge="hashes_were_asked_for",
        rule="HASH-08",
        evidence="hashes layer 0 [4:8], which are not requested",
        scene=ASKED,
        sender=L,
        message=Hashes(OTHER, bytes(5 * 32)),
        legal=Hashes(RANGE, DUE),
    ),
    Case(
        judge="hashes_are_complete",
        rule="HASH-08",
        evidence="5 hashes for 4 with 3 layers of proof: 6 are due",
        scene=ASKED,
        sender=L,
        message=Hashes(RANGE, DUE[32:]),
        legal=Hashes(RANGE, DUE),
    ),
    Case(
        judge="a_hash_reject_answers_a_request",
        rule="HASH-10",
        evidence="hash_reject layer 0 [4:8], which is not requested",
        scene=Scene(v2=True, here=D, then=[*ASKED.then, (L, Hashes(RANGE, DUE))]),
        sender=L,
        message=HashReject(RANGE),
        legal_scene=ASKED,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_is_named_and_its_look_alike_passes(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize(
    ("length", "proof_layers", "due"), [(2, 0, 2), (2, 1, 3), (4, 1, 4), (512, 8, 512), (512, 9, 513), (512, 0, 512)]
)
def test_a_layer_of_proof_that_the_hashes_cover_is_left_out_but_counted(
    length: int, proof_layers: int, due: int
) -> None:
    asked = HashRange(ROOT, 0, 0, length, proof_layers)
    legality = Scene(v2=True, here=D, then=[(D, HashRequest(asked))]).legality()
    for count in (due - 1, due, due + 1):
        findings = legality.check(L, Hashes(asked, bytes(32 * count)), crossed=True)
        assert [finding.rule for finding in findings] == ([] if count == due else ["HASH-08"])


@pytest.mark.parametrize("message", [HashRequest(RANGE), HashReject(RANGE), Hashes(RANGE, DUE)])
def test_hashes_may_be_asked_for_and_sent_while_choking(message: Message) -> None:
    """HASH-11."""
    asked: list[tuple[Side, Message]] = [(D, HashRequest(RANGE)), (L, HashRequest(RANGE))]
    for choking in ([], [(D, Choke()), (L, Choke())]):
        assert Scene(v2=True, then=[*asked, *choking]).judge(D, message) == ()


def test_a_layer_above_the_root_is_no_reason_to_count_it() -> None:
    (finding,) = TREES.judge(D, HashRequest(HashRange(ROOT, 9, 0, 2, 0)))
    assert finding.rule == "HASH-04"


def test_the_root_is_a_layer_too_but_has_just_one_hash() -> None:
    (finding,) = TREES.judge(D, HashRequest(HashRange(ROOT, 5, 0, 2, 0)))
    assert (finding.rule, finding.evidence) == ("HASH-06", "hash_request layer 5 [0:2]: there are 1")


def test_one_more_than_512_hashes_are_too_many_and_no_power_of_two() -> None:
    found = [finding.evidence for finding in NO_TREES.judge(D, HashRequest(HashRange(ROOT, 0, 0, 513, 0)))]
    assert found == ["hash_request for 513 hashes", "hash_request for 513 hashes at once"]
