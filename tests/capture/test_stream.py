"""One direction put together: whatever order and copies the segments come in, the bytes come once and in order."""

import random

import pytest

from torrent_peer.capture.stream import CHUNK_COST, HELD, Chunk, Stream

TEXT = bytes(range(256)) * 4


def chunk(data: bytes, number: int = 1) -> Chunk:
    return Chunk(data, 0, number, 0.0)


def add(stream: Stream, offset: int, data: bytes, *, cut: int = 0, fin: bool = False) -> bytes:
    return b"".join(each.data for each in stream.add(offset, chunk(data), cut=cut, fin=fin))


def test_segments_in_order_come_at_once_with_their_packets() -> None:
    stream = Stream(100)
    assert [(each.data, each.number) for each in stream.add(0, chunk(b"ab", 5))] == [(b"ab", 5)]
    assert [(each.data, each.number) for each in stream.add(2, chunk(b"cd", 6))] == [(b"cd", 6)]
    assert (stream.next, stream.waiting, stream.held_bytes) == (4, False, 0)


@pytest.mark.parametrize("seed", range(200))
def test_any_order_copies_and_overlaps_give_the_same_bytes(seed: int) -> None:
    dice = random.Random(seed)
    stream = Stream(2**32 - 500)
    pieces = []
    at = 0
    while at < len(TEXT):
        end = at + dice.randint(1, 90)
        pieces.append((max(0, at - dice.choice([0, 0, 0, 17])), end + dice.choice([0, 0, 9])))
        at = end
    pieces += dice.choices(pieces, k=5)
    for number in range(len(pieces) - 1):
        if dice.random() < 0.4:
            other = min(len(pieces) - 1, number + dice.randint(1, 6))
            pieces[number], pieces[other] = pieces[other], pieces[number]
    got = b""
    for start, end in pieces:
        seq = (2**32 - 500 + start) & 0xFFFFFFFF
        got += add(stream, stream.offset(seq), TEXT[start:end], fin=end >= len(TEXT))
    assert got == TEXT
    assert stream.over
    assert (stream.fault, stream.held_bytes, stream.waiting) == (None, 0, False)


def test_sequence_numbers_wrap_around() -> None:
    stream = Stream(0xFFFFFFFE)
    assert stream.offset(0xFFFFFFFE) == 0
    assert stream.offset(3) == 5
    assert stream.offset(0xFFFFFFFD) == -1
    stream.next = 2**32 + 10
    assert stream.offset(0xFFFFFFFE) == 2**32


def test_a_keep_alive_of_tcp_is_no_data() -> None:
    stream = Stream(0)
    assert add(stream, 0, b"abc") == b"abc"
    assert add(stream, 2, b"\0") == b""
    assert stream.fault is None


def test_what_waits_for_bytes_before_it_is_given_up_when_it_is_too_much() -> None:
    stream = Stream(0)
    size = 60_000
    for number in range(HELD // (size + CHUNK_COST) + 1):
        assert stream.fault is None
        assert add(stream, 1 + number * size, bytes(size)) == b""
    assert stream.fault == "bytes are missing at 0: the capture has lost packets"
    assert add(stream, 0, b"x") == b""
    stream.drop()
    assert stream.held_bytes == 0


def test_many_small_segments_are_no_way_round_that() -> None:
    stream = Stream(0)
    for number in range(HELD // CHUNK_COST):
        add(stream, 1 + number * 2, b"x")
        if stream.fault:
            break
    assert number == HELD // (CHUNK_COST + 1)


def test_a_packet_that_was_cut_ends_it_where_the_bytes_are_missing() -> None:
    stream = Stream(0)
    assert add(stream, 0, b"abc", cut=4) == b"abc"
    assert stream.fault == "packets were captured only in part; capture whole ones (tcpdump -s 0)"


def test_a_packet_that_was_cut_is_no_loss_when_it_comes_again_whole() -> None:
    stream = Stream(0)
    assert add(stream, 0, b"abcdefg") == b"abcdefg"
    assert add(stream, 0, b"abc", cut=4) == b""
    assert stream.fault is None


def test_two_versions_of_the_same_bytes_end_it() -> None:
    stream = Stream(0)
    add(stream, 5, b"same so far, then this")
    add(stream, 5, b"same")
    before = stream.fault
    assert add(stream, 5, b"same so far, then THAT and more") == b""
    assert (before, stream.fault) == (None, "the bytes at 5 were sent in two versions")


def test_the_end_counts_once_all_before_it_has_come() -> None:
    stream = Stream(0)
    assert add(stream, 3, b"de", fin=True) == b""
    before = stream.over
    assert add(stream, 0, b"abc") == b"abcde"
    assert (before, stream.over, stream.next) == (False, True, 6)
