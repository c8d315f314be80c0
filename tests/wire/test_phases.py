"""The table of turns, in full."""

from typing import get_args

import pytest

from tests.wire.scenes import EMPTY, INFO_HASH
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import PeerId
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
    HaveNone,
    Holepunch,
    Interested,
    KeepAlive,
    Malformed,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
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
from torrent_peer.wire.phases import PHASES, Phase
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.side import Side

BLOCK = Block(0, 0, 16384)
RANGE = HashRange(bytes(32), 0, 0, 2, 0)
ONE_OF_EACH: dict[type, Message] = {
    type(message): message
    for message in (
        Handshake(Reserved(), INFO_HASH, PeerId(bytes(20))),
        *(KeepAlive(), Choke(), Unchoke(), Interested(), NotInterested(), Have(1), EMPTY, HaveAll(), HaveNone()),
        *(Request(BLOCK), Piece(BLOCK, b""), Cancel(BLOCK), Reject(BLOCK), Suggest(1), AllowedFast(1)),
        *(ExtendedHandshake(), Extended(1, b""), Port(6881)),
        *(MetadataRequest(0), MetadataPiece(0, 1, b"m"), MetadataReject(0), MetadataUnknown(3)),
        *(PeerExchange(), UploadOnly(upload_only=True), DontHave(1), Holepunch(0, Address("10.0.0.1", 6881))),
        *(HashRequest(RANGE), Hashes(RANGE, b""), HashReject(RANGE)),
        *(Unknown(99, b""), Malformed(4, 6, "FR-03", "have of length 6: it is always 5")),
    )
}


def test_there_is_one_of_each_kind_of_message() -> None:
    assert set(ONE_OF_EACH) == set(get_args(Message))


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("crossed", [True, False])
@pytest.mark.parametrize("sender", Side)
def test_either_the_table_moves_a_message_or_a_rule_is_named(
    phase: Phase, fast: bool, extended: bool, crossed: bool, sender: Side
) -> None:
    for kind, message in ONE_OF_EACH.items():
        legality = Legality(geometry=Geometry(10 * 32768, 32768))
        for side in Side:
            state = legality.state.of(side)
            state.reserved = Reserved.of(fast=fast, extended=extended)
            state.phase = phase
        legality.state.negotiate()
        findings = legality.check(sender, message, crossed=crossed)
        assert legality.state.of(sender).phase is phase
        following = PHASES[phase].get(kind)
        if following is None:
            named = {rule.id for rule in RULES.for_turn(kind)}
            assert named & {finding.rule for finding in findings}, (kind, findings)
        legality.apply(sender, message, crossed=crossed)
        assert legality.state.of(sender).phase is (phase if following is None else following)
        legality.apply(sender, message, crossed=crossed)


def test_every_phase_can_be_reached_and_the_last_one_is_mute() -> None:
    reached = {phase for turns in PHASES.values() for phase in turns.values()}
    assert reached == set(Phase) - {Phase.HANDSHAKE, Phase.CLOSED}
    assert PHASES[Phase.CLOSED] == {}


def test_only_availability_messages_lose_their_turn_with_the_first_core_message() -> None:
    assert set(PHASES[Phase.READY]) - set(PHASES[Phase.ACTIVE]) == {Bitfield, HaveAll, HaveNone}
    assert set(PHASES[Phase.ACTIVE]) < set(PHASES[Phase.READY])
