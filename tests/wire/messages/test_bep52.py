from torrent_peer.wire.messages import Hashes, HashRange


def test_hashes_are_shown_in_short() -> None:
    asked = HashRange(b"\xab" * 32, 0, 512, 2, 1)
    assert repr(Hashes(asked, bytes(64))) == (
        f"Hashes(range=HashRange(pieces_root={'ab' * 32}, base_layer=0, index=512, length=2, proof_layers=1), "
        "hashes=<64 bytes>)"
    )


def test_a_range_is_the_same_only_in_all_five_fields() -> None:
    asked = HashRange(bytes(32), 0, 0, 2, 0)
    others = [(b"\1" * 32, 0, 0, 2, 0), (bytes(32), 1, 0, 2, 0), (bytes(32), 0, 2, 2, 0), (bytes(32), 0, 0, 4, 0)]
    assert asked not in [HashRange(*other) for other in (*others, (bytes(32), 0, 0, 2, 1))]
