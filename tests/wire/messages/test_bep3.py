import attrs
import pytest

from torrent_peer.core.block import Block
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.messages import Bitfield, Choke, Handshake, Have, Message, Piece, Request
from torrent_peer.wire.reserved import Reserved

BLOCK = Block(1, 0, 3)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (Choke(), "Choke()"),
        (Have(7), "Have(piece=7)"),
        (Request(BLOCK), "Request(block=Block(piece=1, begin=0, length=3))"),
        (Piece(BLOCK, memoryview(b"abc")), "Piece(block=Block(piece=1, begin=0, length=3), data=<3 bytes>)"),
        (Bitfield(bytes(1000)), "Bitfield(bits=<1000 bytes>)"),
        (
            Handshake(Reserved(), InfoHash(b"h" * 20), PeerId(b"-TP0001-\x00\xff1234567890")),
            "Handshake(reserved=Reserved(0000000000000000), info_hash=InfoHash(" + "68" * 20 + "), "
            "peer_id=PeerId(-TP0001-..1234567890))",
        ),
    ],
)
def test_bytes_are_shown_in_short(message: Message, shown: str) -> None:
    assert repr(message) == shown


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(bytearray(b"abc"))])
def test_pieces_are_equal_by_their_bytes_whatever_holds_them(data: bytes | bytearray | memoryview) -> None:
    assert Piece(BLOCK, data) == Piece(BLOCK, b"abc")
    assert hash(Piece(BLOCK, data)) == hash(Piece(BLOCK, b"abc"))
    assert Piece(BLOCK, data) != Piece(BLOCK, b"abd")


@pytest.mark.parametrize("kind", [Have, Request])
def test_what_differs_in_kind_is_not_equal_but_one_kind_is_and_hashes_so(kind: type[Have] | type[Request]) -> None:
    assert kind(BLOCK) == kind(Block(1, 0, 3))  # type: ignore[arg-type]
    assert hash(kind(BLOCK)) == hash(kind(Block(1, 0, 3)))  # type: ignore[arg-type]
    different: set[object] = {Have(1), Request(BLOCK), kind(BLOCK)}  # type: ignore[arg-type]
    assert len(different) == (3 if kind is Have else 2)


def test_messages_that_are_not_hot_are_frozen() -> None:
    bitfield = Bitfield(b"")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        bitfield.bits = b"x"  # type: ignore[misc]


def test_no_message_carries_a_dictionary() -> None:
    for message in (Have(1), Request(BLOCK), Piece(BLOCK, b""), Choke()):
        assert not hasattr(message, "__dict__")
