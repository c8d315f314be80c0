"""The table as a whole: soundness and completeness under chance, and the short way against the long one."""

from collections import deque
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.scenes import EMPTY, EVERY_EXTENSION, FULL, GEOMETRY, INFO_HASH, Scene
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.ids import PeerId
from torrent_peer.wire import hot
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.legality import Legality
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    Holepunch,
    Interested,
    KeepAlive,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

D, L = Side.DIALER, Side.LISTENER
RANGE = HashRange(bytes(32), 0, 0, 2, 0)
PEER = Address("10.0.0.1", 6881)
HALF = {D: Bitfield(b"\xf8\x00"), L: Bitfield(b"\x07\xc0")}
BLOCKS = [GEOMETRY.block(piece, number) for piece in (0, 5, 9) for number in (0, 1)]
MESSAGES: list[Message] = [
    *(Choke(), Unchoke(), Interested(), NotInterested(), KeepAlive(), Port(6881), Suggest(1), Extended(1, b"")),
    *(Have(piece) for piece in (0, 5)),
    *(AllowedFast(piece) for piece in (0, 5)),
    *(kind(block) for kind in (Request, Cancel, Reject) for block in BLOCKS),
    *(Piece(block, b"") for block in BLOCKS),
    *(DontHave(piece) for piece in (0, 5)),
    *(MetadataRequest(0), MetadataRequest(1), MetadataPiece(0, 100, bytes(100)), MetadataReject(0), MetadataReject(1)),
    *(HashRequest(RANGE), Hashes(RANGE, bytes(64)), HashReject(RANGE), UploadOnly(upload_only=True)),
    *(PeerExchange((PEER,), b"\0"), PeerExchange(dropped=(PEER,)), Holepunch(0, PEER), Holepunch(2, PEER, 1)),
]
STEPS = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(0, 2), st.sampled_from(MESSAGES)), min_size=50, max_size=300
)


class Wire:
    """Two ends and the queues between them."""

    def __init__(self, *, fast: bool) -> None:
        self.ends = {side: Legality(info_hash=INFO_HASH, geometry=GEOMETRY) for side in Side}
        self.queues: dict[Side, deque[Message]] = {side: deque() for side in Side}
        reserved = Reserved.of(fast=fast, extended=True, dht=True, v2=True)
        for side in Side:
            peer_id = PeerId(side.value.encode().ljust(20, b"-"))
            self.must_say(side, Handshake(reserved, INFO_HASH, peer_id))
        for side in Side:
            self.hear_all(side)
        for side in Side:
            self.must_say(side, ExtendedHandshake(EVERY_EXTENSION, request_queue=3, metadata_size=100))
            self.must_say(side, HALF[side])
        for side in Side:
            self.hear_all(side)

    def must_say(self, side: Side, message: Message) -> None:
        assert self.say(side, message)

    def say(self, side: Side, message: Message) -> bool:
        if self.ends[side].admit(side, message, crossed=False):
            return False
        self.queues[side.other].append(message)
        return True

    def hear(self, side: Side) -> Sequence[Finding]:
        return self.ends[side].admit(side.other, self.queues[side].popleft(), crossed=True)

    def hear_all(self, side: Side) -> None:
        while self.queues[side]:
            assert self.hear(side) == ()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(fast=st.booleans(), steps=STEPS)
def test_what_one_end_may_say_the_other_never_blames(fast: bool, steps: list[tuple[Side, int, Message]]) -> None:
    wire = Wire(fast=fast)
    for side, heard, message in steps:
        wire.say(side, message)
        for _ in range(min(heard, len(wire.queues[side]))):
            assert wire.hear(side) == ()
    for side in Side:
        wire.hear_all(side)
    for side in Side:
        ours, theirs = (wire.ends[end].state.of(side) for end in (side, side.other))
        assert (ours.choking, ours.interested, ours.pieces) == (theirs.choking, theirs.interested, theirs.pieces)
        if fast:  # without it, what crossed a choke is known to one side only
            assert ours.requests.live == theirs.requests.live


LIES: list[tuple[Message, set[str]]] = [
    (Handshake(Reserved(), INFO_HASH, PeerId(bytes(20))), {"HS-13"}),
    (Have(10), {"BF-06"}),
    (FULL, {"BF-03"}),
    (Bitfield(bytes(3)), {"BF-03", "BF-04"}),
    (Request(Block(10, 0, 16384)), {"REQ-01"}),
    (Request(Block(0, 0, 0)), {"REQ-03"}),
    (Request(Block(0, 16385, 16384)), {"REQ-04"}),
    (Request(Block(0, 0, 200_000)), {"REQ-04", "REQ-05"}),
    (Piece(Block(3, 0, 16384), b""), {"PIECE-02"}),
    (Piece(Block(10, 0, 16384), b""), {"PIECE-01"}),
    (Cancel(Block(3, 0, 16384)), {"CAN-02"}),
    (Extended(9, b""), {"EXT-02"}),
    (DontHave(3), {"DH-02"}),
    (DontHave(10), {"DH-01"}),
    (MetadataRequest(0, trailing=1), {"META-04"}),
    (MetadataRequest(5), {"META-03"}),
    (MetadataReject(3), {"META-05"}),
    (MetadataPiece(3, 100, bytes(100)), {"META-05", "META-06"}),
    (PeerExchange((PEER, PEER), bytes(2)), {"PEX-05"}),
    (PeerExchange(), {"PEX-06"}),
    (Holepunch(1, PEER, None), {"HP-01"}),
    (HashRequest(HashRange(bytes(32), 0, 1, 2, 0)), {"HASH-06"}),
    (HashRequest(HashRange(bytes(32), 0, 0, 3, 0)), {"HASH-05"}),
    (Hashes(HashRange(bytes(32), 1, 0, 2, 0), bytes(64)), {"HASH-08"}),
    (HashReject(HashRange(bytes(32), 1, 0, 2, 0)), {"HASH-10"}),
    (Malformed(20, 5, "META-01", "ut_metadata message without a msg_type"), {"META-01"}),
    (Unknown(99, b""), {"FR-04"}),
    (Malformed(4, 6, "FR-03", "have of length 6: it is always 5"), {"FR-03"}),
]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(fast=st.booleans(), steps=STEPS, sender=st.sampled_from(Side), lie=st.sampled_from(LIES))
def test_one_lie_anywhere_is_caught_under_its_own_name(
    fast: bool, steps: list[tuple[Side, int, Message]], sender: Side, lie: tuple[Message, set[str]]
) -> None:
    wire = Wire(fast=fast)
    for side, heard, message in steps:
        wire.say(side, message)
        for _ in range(min(heard, len(wire.queues[side]))):
            wire.hear(side)
    wire.hear_all(sender.other)
    message, rules = lie
    # what depends on the moment as well: choking, interest, what is on offer, how much is asked already
    circumstances = {"PIECE-05", "REQ-02", "REQ-07", "REQ-08", "REQ-10"}
    found = {finding.rule for finding in wire.ends[sender.other].check(sender, message, crossed=True)}
    assert found - circumstances == rules


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    fast=st.booleans(),
    steps=STEPS,
    block=st.one_of(
        st.sampled_from(BLOCKS), st.builds(Block, st.integers(0, 11), st.integers(0, 40_000), st.integers(0, 20_000))
    ),
)
def test_what_the_short_way_lets_pass_breaks_no_rule(
    fast: bool, steps: list[tuple[Side, int, Message]], block: Block
) -> None:
    wire = Wire(fast=fast)
    for side, heard, message in steps:
        wire.say(side, message)
        for _ in range(min(heard, len(wire.queues[side]))):
            wire.hear(side)
    for here in Side:
        legality = wire.ends[here]
        for sender in Side:
            for said, take in ((Request(block), hot.take_request), (Piece(block, b""), hot.take_answer)):
                findings = legality.check(sender, said, crossed=sender is not here)
                if take(legality.direction(sender), block):
                    assert findings == ()


def test_the_gravest_finding_comes_first() -> None:
    findings = Scene(fast=False).judge(D, HaveAll())
    assert [finding.rule for finding in findings] == ["FAST-01", "BF-03"]


def test_checking_changes_nothing_and_admitting_what_is_illegal_neither() -> None:
    legality = Scene(opened=False, fast=False).legality()
    assert legality.check(D, FULL, crossed=True) == ()
    assert legality.state.of(D).pieces is None
    assert [finding.rule for finding in legality.admit(D, Bitfield(bytes(3)), crossed=True)] == ["BF-04"]
    assert legality.state.of(D).pieces is None
    assert legality.admit(D, EMPTY, crossed=True) == ()
    assert legality.state.of(D).pieces is not None


def test_ordinary_requests_and_blocks_are_not_held_against_the_rules_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    legality, block = Scene(then=[(L, Unchoke())]).legality(), GEOMETRY.block(0, 0)
    monkeypatch.setattr(Legality, "check", None)
    assert legality.admit(D, Request(block), crossed=True) == ()
    assert legality.admit(L, Piece(block, b""), crossed=False) == ()
    with pytest.raises(TypeError, match="'NoneType' object is not callable"):
        legality.admit(D, KeepAlive(), crossed=True)


def test_the_offset_is_handed_on() -> None:
    (finding,) = Scene().legality().check(D, Choke(), crossed=True, offset=1234)
    assert (finding.offset, finding.sender) == (1234, D)
