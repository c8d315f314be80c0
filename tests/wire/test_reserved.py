import pytest

from torrent_peer.wire.reserved import Reserved


@pytest.mark.parametrize(
    ("reserved", "shown"),
    [
        (Reserved(), "0000000000000000"),
        (Reserved.of(fast=True), "0000000000000004"),
        (Reserved.of(extended=True), "0000000000100000"),
        (Reserved.of(dht=True), "0000000000000001"),
        (Reserved.of(v2=True), "0000000000000010"),
        (Reserved.of(fast=True, extended=True, dht=True, v2=True), "0000000000100015"),
    ],
)
def test_each_protocol_has_its_bit(reserved: Reserved, shown: str) -> None:
    assert reserved.hex() == shown
    assert repr(reserved) == f"Reserved({shown})"
    assert Reserved.of(fast=reserved.fast, extended=reserved.extended, dht=reserved.dht, v2=reserved.v2) == reserved


def test_bits_of_other_peoples_protocols_are_kept_and_mean_nothing_here() -> None:
    everything_else = Reserved(bytes([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xEF, 0xFF, 0xEA]))
    known = [everything_else.fast, everything_else.extended, everything_else.dht, everything_else.v2]
    assert known == [False] * 4


@pytest.mark.parametrize("length", [0, 7, 9])
def test_there_are_eight_of_them(length: int) -> None:
    with pytest.raises(ValueError, match=rf"^there are 8 reserved bytes, not {length}$"):
        Reserved(bytes(length))
