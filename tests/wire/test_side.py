from torrent_peer.wire.side import Side


def test_each_side_is_the_others_other() -> None:
    assert Side.DIALER.other is Side.LISTENER
    assert Side.LISTENER.other is Side.DIALER
