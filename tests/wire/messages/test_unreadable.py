from torrent_peer.wire.messages import Malformed, Unknown


def test_a_payload_is_shown_in_short() -> None:
    assert repr(Unknown(99, bytes(20))) == "Unknown(id=99, payload=<20 bytes>)"


def test_a_malformed_frame_shows_what_is_wrong() -> None:
    fault = Malformed(4, 3, "FR-03", "have of length 3: it is always 5")
    assert repr(fault) == "Malformed(id=4, length=3, rule='FR-03', reason='have of length 3: it is always 5')"
