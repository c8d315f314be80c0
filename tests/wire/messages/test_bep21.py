from torrent_peer.wire.messages import UploadOnly


def test_the_two_things_it_can_say_differ() -> None:
    assert UploadOnly(upload_only=True) != UploadOnly(upload_only=False)
