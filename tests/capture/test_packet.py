"""How long a packet may claim to be."""

import pytest

from torrent_peer.capture.packet import LARGEST_PACKET, CaptureError, check_length


def test_a_packet_longer_than_any_link_carries_is_refused_before_it_is_read() -> None:
    check_length(1, LARGEST_PACKET)
    with pytest.raises(CaptureError) as caught:
        check_length(7, LARGEST_PACKET + 1)
    assert str(caught.value) == "packet 7 claims 1048577 bytes; no link carries that: the file is damaged"
