from torrent_peer.core.client_names import client_name
from torrent_peer.net.identity import PREFIX, new_peer_id


def test_ids_begin_with_our_name_and_are_never_the_same() -> None:
    ids = {new_peer_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {bytes(peer_id[:8]) for peer_id in ids} == {PREFIX}
    assert {len(peer_id) for peer_id in ids} == {20}


def test_others_read_our_name_from_it() -> None:
    assert client_name(new_peer_id()).startswith("torrent_peer")
