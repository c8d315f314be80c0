"""Messages on part of a line."""

import pytest

from tests.wire.scenes import INFO_HASH
from torrent_peer.core.block import Block
from torrent_peer.core.ids import PeerId
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Extended,
    ExtendedHandshake,
    Handshake,
    Have,
    Malformed,
    Message,
    NotInterested,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unknown,
)
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.wording import in_short

BLOCK = Block(3, 16384, 1000)


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
        (ExtendedHandshake(client="\x1b[2J"), "extended_handshake"),
    ],
)
def test_a_message_in_short_shows_nothing_its_sender_wrote_as_text(message: Message, text: str) -> None:
    assert in_short(message) == text
