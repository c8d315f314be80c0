from torrent_peer.wire.messages import MetadataPiece, MetadataRequest


def test_a_piece_of_metadata_is_shown_in_short() -> None:
    assert repr(MetadataPiece(3, 100, bytes(20))) == "MetadataPiece(piece=3, total_size=100, data=<20 bytes>)"


def test_questions_with_and_without_trailing_bytes_are_not_the_same() -> None:
    assert MetadataRequest(3) == MetadataRequest(3, trailing=0) != MetadataRequest(3, trailing=1)
