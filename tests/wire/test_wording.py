"""Messages on part of a line."""

import pytest

from tests.wire.scenes import INFO_HASH
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.ids import PeerId
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    Holepunch,
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
    Unknown,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.wording import in_short, name_of

BLOCK = Block(3, 16384, 1000)
PEER = Address("10.0.0.1", 6881)
RANGE = HashRange(bytes(32), 1, 512, 256, 9)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Request(BLOCK), "request 3 [16384:17384]"),
        (Piece(BLOCK, b""), "piece 3 [16384:17384]"),
        (Cancel(BLOCK), "cancel 3 [16384:17384]"),
        (Reject(BLOCK), "reject 3 [16384:17384]"),
        (Have(7), "have 7"),
        (Suggest(7), "suggest 7"),
        (AllowedFast(7), "allowed_fast 7"),
        (Port(6881), "port 6881"),
        (Bitfield(bytes(12)), "bitfield of 12 bytes"),
        (Extended(3, b"abc"), "extended 3 of 3 bytes"),
        (Unknown(99, b"abc"), "unknown 99 of 3 bytes"),
        (Malformed(4, 6, "FR-03", "have of length 6"), "malformed [FR-03]"),
        (Handshake(Reserved(), INFO_HASH, PeerId(bytes(20))), f"handshake {INFO_HASH}"),
        (NotInterested(), "not_interested"),
        (MetadataRequest(3), "metadata_request 3"),
        (MetadataPiece(3, None, b""), "metadata_piece 3"),
        (MetadataReject(3), "metadata_reject 3"),
        (MetadataUnknown(7), "metadata_unknown 7"),
        (PeerExchange((PEER, PEER), b"", (PEER,)), "peer_exchange of 2 added, 1 dropped"),
        (UploadOnly(upload_only=True), "upload_only yes"),
        (UploadOnly(upload_only=False), "upload_only no"),
        (DontHave(7), "dont_have 7"),
        (Holepunch(1, PEER), "holepunch connect 10.0.0.1:6881"),
        (Holepunch(9, PEER), "holepunch 9 10.0.0.1:6881"),
        (HashRequest(RANGE), "hash_request layer 1 [512:768]"),
        (Hashes(RANGE, b""), "hashes layer 1 [512:768]"),
        (HashReject(RANGE), "hash_reject layer 1 [512:768]"),
        (ExtendedHandshake(client="\x1b[2J"), "extended_handshake"),
        (ExtendedHandshake(upload_only=True), "extended_handshake upload_only yes"),
        (ExtendedHandshake(upload_only=False), "extended_handshake upload_only no"),
    ],
)
def test_a_message_in_short_shows_nothing_its_sender_wrote_as_text(message: Message, text: str) -> None:
    assert in_short(message) == text


def test_every_kind_of_message_has_a_word_for_it() -> None:
    assert [name_of(kind) for kind in (NotInterested, Have, ExtendedHandshake, HashReject)] == [
        *("not_interested", "have", "extended_handshake", "hash_reject")
    ]
