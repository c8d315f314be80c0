"""Info-hashes and peer ids are exactly twenty bytes and print short."""

import pytest

from torrent_peer.core.ids import InfoHash, PeerId


@pytest.mark.parametrize("length", [0, 19, 21, 32])
def test_any_other_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"^an info-hash has 20 bytes, not {length}$"):
        InfoHash(bytes(length))
    with pytest.raises(ValueError, match=f"^a peer id has 20 bytes, not {length}$"):
        PeerId(bytes(length))


def test_an_info_hash_prints_as_hex() -> None:
    info_hash = InfoHash(b"\x01" * 19 + b"\xab")
    assert str(info_hash) == "01" * 19 + "ab"
    assert repr(info_hash) == f"InfoHash({'01' * 19}ab)"


def test_a_peer_id_prints_what_can_be_printed() -> None:
    peer_id = PeerId(b"-LT2110-\x00\x1b[31m \xff~!ab")
    assert str(peer_id) == "-LT2110-..[31m..~!ab"
    assert repr(peer_id) == f"PeerId({peer_id})"


def test_both_are_the_bytes_they_stand_for() -> None:
    assert InfoHash(b"a" * 20) == b"a" * 20
    assert {PeerId(b"a" * 20): 1}[b"a" * 20] == 1  # type: ignore[index]  # bytes find it, too
