"""What a connection reports besides messages."""

from torrent_peer.wire.events import NEED_DATA


def test_need_data_is_called_so_in_a_transcript() -> None:
    assert repr(NEED_DATA) == "NEED_DATA"
