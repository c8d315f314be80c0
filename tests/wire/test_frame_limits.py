import pytest

from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.messages import Malformed


@pytest.mark.parametrize(
    ("limits", "message_id", "limit"),
    [
        (FrameLimits(), 0, 1),
        (FrameLimits(), 4, 5),
        (FrameLimits(), 6, 13),
        (FrameLimits(), 9, 3),
        (FrameLimits(), 5, 1 + 256 * 1024),
        (FrameLimits(piece_count=1), 5, 1 + 1 + 1),
        (FrameLimits(piece_count=8), 5, 1 + 1 + 1),
        (FrameLimits(piece_count=9), 5, 1 + 2 + 1),
        (FrameLimits(piece_count=4_000_000), 5, 1 + 500_000 + 1),
        (FrameLimits(), 7, 9 + 16384),
        (FrameLimits(max_block=32768), 7, 9 + 32768),
        (FrameLimits(), 20, 2 + 65536),
        (FrameLimits(max_extended=100), 20, 2 + 100),
        (FrameLimits(), 21, 49),
        (FrameLimits(), 22, 49 + 32 * 544),
        (FrameLimits(), 23, 49),
        (FrameLimits(), 10, 1 + 1024),
        (FrameLimits(), 255, 1 + 1024),
    ],
)
def test_each_id_has_its_limit(limits: FrameLimits, message_id: int, limit: int) -> None:
    assert limits.limit(message_id) == limit
    assert limits.header_fault(limit, message_id) is None
    assert limits.prefix_fault(limit) is None
    assert limits.header_fault(limit + 1, message_id) is not None


@pytest.mark.parametrize(
    ("limits", "largest"),
    [
        (FrameLimits(), 1 + 256 * 1024),
        (FrameLimits(piece_count=10), 2 + 65536),
        (FrameLimits(piece_count=4_000_000), 1 + 500_000 + 1),
        (FrameLimits(piece_count=10, max_block=131_072), 9 + 131_072),
        (FrameLimits(piece_count=10, max_extended=0), 49 + 32 * 544),
        (FrameLimits(piece_count=10, max_extended=0, max_block=1), 49 + 32 * 544),
    ],
)
def test_no_message_is_longer_than_the_longest_of_them(limits: FrameLimits, largest: int) -> None:
    assert limits.largest == largest == max(limits.limit(message_id) for message_id in range(256))
    assert limits.prefix_fault(largest) is None
    assert limits.prefix_fault(largest + 1) is not None


def test_the_limits_of_a_connection_follow_what_it_learns() -> None:
    limits = FrameLimits()
    assert limits.prefix_fault(100_000) is None
    limits.piece_count = 20
    assert limits.prefix_fault(100_000) is not None
    limits.max_block = 100_000
    assert limits.header_fault(100_009, 7) is None


def test_a_second_handshake_is_named_by_its_first_four_bytes() -> None:
    fault = FrameLimits().prefix_fault(int.from_bytes(b"\x13Bit"))
    assert fault == Malformed(None, 0x13426974, "HS-13", "a second handshake on the same connection")
