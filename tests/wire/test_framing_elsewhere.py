"""What the framer keeps of a message, for those who read it and what follows themselves."""

import pytest

from torrent_peer.core.block import Block
from torrent_peer.wire.codec import encode
from torrent_peer.wire.framing import FrameLimits, Framer
from torrent_peer.wire.handshake import HANDSHAKE_LENGTH
from torrent_peer.wire.messages import Have, Piece

MESSAGE = encode(Piece(Block(1, 16384, 16384), bytes(range(256)) * 64))
FIRST = encode(Have(3))


def begun(cut: int) -> Framer:
    """Has read one message, and so many bytes of the next."""
    framer = Framer(FrameLimits(piece_count=10))
    framer.feed(FIRST + MESSAGE[:cut])
    assert framer.next_message() == Have(3)
    assert framer.next_message() is None
    return framer


@pytest.mark.parametrize("cut", [0, 3, 13, 5000])
def test_what_has_begun_is_at_hand(cut: int) -> None:
    framer = begun(cut)
    assert bytes(framer.begun) == MESSAGE[:cut]
    assert framer.pending == cut


@pytest.mark.parametrize("cut", [0, 3, 13, 5000])
@pytest.mark.parametrize("more", [0, 2])
def test_behind_what_was_read_elsewhere_it_goes_on_at_the_right_place(cut: int, more: int) -> None:
    """The rest of the message and some more whole ones were received and read by somebody else."""
    framer = begun(cut)
    framer.pass_by(len(MESSAGE) - cut + more * len(MESSAGE))
    assert (framer.pending, bytes(framer.begun), framer.missing, framer.awaiting) == (0, b"", 0, None)
    end = HANDSHAKE_LENGTH + len(FIRST) + (1 + more) * len(MESSAGE)
    assert framer.position == end
    framer.feed(encode(Have(7))[:5])
    assert framer.next_message() is None
    framer.feed(encode(Have(7))[5:])
    assert (framer.next_message(), framer.offset) == (Have(7), end)
