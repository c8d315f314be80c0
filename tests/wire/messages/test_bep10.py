from torrent_peer.wire.messages import Extended, ExtendedHandshake


def test_a_payload_is_shown_in_short() -> None:
    assert repr(Extended(3, bytes(20))) == "Extended(id=3, payload=<20 bytes>)"


def test_an_extended_handshake_that_says_nothing_shares_nothing_with_another() -> None:
    first, second = ExtendedHandshake(), ExtendedHandshake()
    assert first == second
    assert first.extensions is not second.extensions
    assert first.others is not second.others
