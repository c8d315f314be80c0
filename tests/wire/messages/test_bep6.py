from torrent_peer.core.block import Block
from torrent_peer.wire.messages import AllowedFast, Cancel, HaveAll, HaveNone, Reject, Suggest


def test_messages_with_the_same_fields_are_told_apart_by_kind() -> None:
    block = Block(1, 0, 3)
    assert len({Reject(block), Cancel(block), HaveAll(), HaveNone(), Suggest(1), AllowedFast(1)}) == 6
    assert Reject(block) == Reject(Block(1, 0, 3))


def test_they_are_shown_with_their_fields() -> None:
    assert [repr(message) for message in (HaveAll(), Suggest(1), AllowedFast(2), Reject(Block(1, 0, 3)))] == [
        "HaveAll()",
        "Suggest(piece=1)",
        "AllowedFast(piece=2)",
        "Reject(block=Block(piece=1, begin=0, length=3))",
    ]
