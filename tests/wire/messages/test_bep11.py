from torrent_peer.wire.messages import PeerExchange


def test_an_exchange_that_says_nothing_names_nobody() -> None:
    message = PeerExchange()
    assert (message.added, message.flags, message.dropped, message.ignored) == ((), b"", (), ())
