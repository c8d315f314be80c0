from torrent_peer.wire.messages import Port


def test_a_port_is_equal_by_its_number_and_shown_with_it() -> None:
    assert Port(6881) == Port(6881) != Port(6882)
    assert repr(Port(6881)) == "Port(port=6881)"
