"""Metadata put together from what passed by."""

from torrent_peer.capture.metadata import TORRENTS, MetadataShelf
from torrent_peer.core.ids import InfoHash
from torrent_peer.wire.extensions import METADATA_SIZE_LIMIT
from torrent_peer.wire.messages import MetadataPiece

A, B = InfoHash(b"a" * 20), InfoHash(b"b" * 20)
WHOLE = bytes(range(250)) * 80
"""20,000 bytes: two pieces."""


def piece(number: int, whole: bytes = WHOLE) -> MetadataPiece:
    return MetadataPiece(number, len(whole), whole[number * 16384 : (number + 1) * 16384])


def test_pieces_in_any_order_make_the_whole() -> None:
    shelf = MetadataShelf()
    shelf.add(A, piece(1))
    assert shelf.whole() == {}
    shelf.add(A, piece(1))
    shelf.add(B, MetadataPiece(0, 3, b"abc"))
    shelf.add(A, piece(0))
    assert shelf.whole() == {A: WHOLE, B: b"abc"}


def test_what_does_not_fit_is_left_out() -> None:
    shelf = MetadataShelf()
    for wrong in (
        MetadataPiece(0, None, b"abc"),
        MetadataPiece(0, 0, b""),
        MetadataPiece(0, METADATA_SIZE_LIMIT + 1, bytes(16384)),
        MetadataPiece(2, len(WHOLE), b""),
        MetadataPiece(0, len(WHOLE), b"short"),
    ):
        shelf.add(A, wrong)
    assert shelf.whole() == {}
    shelf.add(A, piece(0))
    shelf.add(A, MetadataPiece(1, len(WHOLE) + 1, WHOLE[16384:] + b"x"))
    assert shelf.whole() == {}
    shelf.add(A, piece(1))
    assert shelf.whole() == {A: WHOLE}


def test_many_torrents_and_endless_metadata_are_no_burden() -> None:
    shelf = MetadataShelf()
    for number in range(TORRENTS + 10):
        shelf.add(InfoHash(number.to_bytes(20)), MetadataPiece(0, 1, b"x"))
    assert len(shelf.whole()) == TORRENTS
    shelf = MetadataShelf()
    for name in (A, B):
        for number in range(METADATA_SIZE_LIMIT // 16384):
            shelf.add(name, MetadataPiece(number, METADATA_SIZE_LIMIT, bytes(16384)))
    assert list(shelf.whole()) == [A]
