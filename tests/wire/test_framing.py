import itertools
import random
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.block import Block
from torrent_peer.wire.codec import encode, encode_requests
from torrent_peer.wire.framing import FrameLimits, Framer
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    Extended,
    ExtendedHandshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    KeepAlive,
    Malformed,
    Message,
    NotInterested,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
)

Cuts = Callable[[bytes], Iterator[list[bytes]]]
BLOCK = Block(1, 16384, 16384)
RANGE = HashRange(bytes(32), 0, 0, 2, 0)
EVERY_MESSAGE: tuple[Message, ...] = (
    KeepAlive(),
    Choke(),
    Unchoke(),
    Interested(),
    NotInterested(),
    Have(9),
    Bitfield(b"\xff\x80"),
    Bitfield(b""),
    Request(BLOCK),
    Piece(Block(1, 0, 5), b"block"),
    Piece(Block(1, 0, 0), b""),
    Cancel(BLOCK),
    Port(6881),
    Suggest(3),
    HaveAll(),
    HaveNone(),
    Reject(BLOCK),
    AllowedFast(4),
    ExtendedHandshake({"ut_metadata": 1}, client="c"),
    Extended(1, b"payload"),
    Extended(2, b""),
    Unknown(10, b""),
    Unknown(0xA0, b"something"),
    HashRequest(RANGE),
    Hashes(RANGE, bytes(64)),
    HashReject(RANGE),
)


def kept(message: Message) -> Message:
    """The message with its data copied, to compare after the buffer has gone."""
    return Piece(message.block, bytes(message.data)) if isinstance(message, Piece) else message


def drain(framer: Framer) -> list[tuple[int, Message]]:
    found = []
    while (message := framer.next_message()) is not None:
        found.append((framer.offset, kept(message)))
    return found


def read(fragments: list[bytes], limits: FrameLimits | None = None) -> list[tuple[int, Message]]:
    """Offsets and messages, each fragment in a buffer that is overwritten as soon as the framer has had it."""
    framer = Framer(FrameLimits(piece_count=9) if limits is None else limits)
    found = []
    for fragment in fragments:
        buffer = bytearray(fragment)
        framer.feed(buffer)
        found += drain(framer)
        buffer[:] = b"\xee" * len(buffer)
        buffer += b"the framer holds no view of it"
    return found


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=repr)
def test_a_message_arrives_however_it_is_cut_with_one_in_front_and_one_behind(
    message: Message, ways_to_cut: Cuts
) -> None:
    frame = encode(message)
    end = 68 + 5 + len(frame)
    for fragments in ways_to_cut(encode(Choke()) + frame + encode(Have(1))):
        assert read(fragments) == [(68, Choke()), (73, message), (end, Have(1))]
    for fragments in ways_to_cut(frame):
        assert read(fragments) == [(68, message)]


def test_all_messages_in_one_stream_arrive_however_it_is_cut(ways_to_cut: Cuts) -> None:
    stream, expected = b"", []
    for message in (*EVERY_MESSAGE, Piece(BLOCK, bytes(16384)), *EVERY_MESSAGE):
        expected.append((68 + len(stream), message))
        stream += encode(message)
    for fragments in ways_to_cut(stream):
        assert read(fragments) == expected


def test_a_full_block_arrives_byte_by_byte() -> None:
    piece = Piece(BLOCK, random.Random(1).randbytes(16384))
    frame = encode(piece)
    assert read([frame[i : i + 1] for i in range(len(frame))]) == [(68, piece)]


def test_the_data_of_a_whole_piece_is_a_view_into_what_was_fed() -> None:
    buffer = bytearray(encode(Piece(BLOCK, bytes(16384))))
    framer = Framer(FrameLimits())
    framer.feed(memoryview(buffer))
    piece = framer.next_message()
    assert isinstance(piece, Piece)
    buffer[13] = 0x55
    assert piece.data[0] == 0x55


def test_the_data_of_a_piece_that_came_in_parts_is_good_until_the_next_feed() -> None:
    first, second = encode(Piece(BLOCK, b"a" * 16384)), encode(Piece(BLOCK, b"b" * 16384))
    framer = Framer(FrameLimits())
    framer.feed(first[:9000])
    assert framer.next_message() is None
    framer.feed(first[9000:] + second[:9000])
    piece = framer.next_message()
    assert framer.next_message() is None
    assert isinstance(piece, Piece)
    assert bytes(piece.data) == b"a" * 16384


def test_what_was_fed_without_asking_for_messages_is_not_lost() -> None:
    framer = Framer(FrameLimits())
    framer.feed(encode(Have(1)) + encode(Have(2)) + encode(Have(3))[:6])
    assert framer.next_message() == Have(1)
    framer.feed(encode(Have(3))[6:] + encode(Have(4))[:2])
    framer.feed(b"")
    framer.feed(encode(Have(4))[2:])
    assert drain(framer) == [(77, Have(2)), (86, Have(3)), (95, Have(4))]


def test_the_offset_is_that_of_the_message_last_returned() -> None:
    framer = Framer(FrameLimits(), offset=1000)
    assert framer.offset == 1000
    framer.feed(encode(Have(1)) + encode(Choke())[:3])
    framer.next_message()
    assert (framer.offset, framer.next_message(), framer.offset) == (1000, None, 1000)
    framer.feed(encode(Choke())[3:] + encode(Unchoke()))
    assert (framer.next_message(), framer.offset) == (Choke(), 1009)
    assert (framer.next_message(), framer.offset) == (Unchoke(), 1014)
    assert (framer.next_message(), framer.offset) == (None, 1014)


@pytest.mark.parametrize(
    ("received", "pending", "awaiting", "cut"),
    [
        (b"", 0, None, None),
        (encode(Have(1)), 0, None, None),
        (b"\x00\x00\x00\x00", 0, None, None),
        (b"\x00", 1, None, "the stream ends 1 bytes into a length prefix"),
        (encode(Choke()) + b"\x00\x00\x40", 3, None, "the stream ends 3 bytes into a length prefix"),
        (b"\x00\x00\x00\x05", 4, 9, "the stream ends 4 bytes into a message of 9"),
        (encode(Have(1))[:5], 5, 9, "the stream ends 5 bytes into a have of 9"),
        (encode(Piece(BLOCK, bytes(16384)))[:-1], 16396, 16397, "the stream ends 16396 bytes into a piece of 16397"),
        (encode(Unknown(99, b"??"))[:6], 6, 7, "the stream ends 6 bytes into a message 99 of 7"),
    ],
)
def test_a_stream_may_end_between_messages_and_is_cut_inside_one(
    received: bytes, pending: int, awaiting: int | None, cut: str | None, ways_to_cut: Cuts
) -> None:
    for fragments in ways_to_cut(received) if len(received) < 100 else [[received]]:
        framer = Framer(FrameLimits())
        for fragment in fragments:
            framer.feed(fragment)
            drain(framer)
        assert (framer.pending, framer.awaiting, framer.cut) == (pending, awaiting, cut)
        assert framer.missing == (awaiting - pending if awaiting is not None and pending > 4 else 0)


PREFIXES = sorted(
    {2**k + d for k in range(19, 33) for d in (-1, 0, 1) if 2**k + d < 2**32} | set(range(0xFFFFFFFB, 0x100000000))
)


@pytest.mark.parametrize("length", PREFIXES, ids=hex)
def test_an_impossible_length_is_refused_at_its_fourth_byte(length: int) -> None:
    framer = Framer(FrameLimits())
    prefix = length.to_bytes(4)
    for i in range(3):
        framer.feed(prefix[i : i + 1])
        assert framer.next_message() is None
        assert framer.pending == i + 1
    framer.feed(prefix[3:])
    reason = f"a message of length {length}: none is longer than 262145 here"
    assert framer.next_message() == Malformed(None, length, "FR-02", reason)
    assert (framer.pending, framer.offset, framer.next_message()) == (0, 68, None)


def test_a_second_handshake_is_named() -> None:
    framer = Framer(FrameLimits())
    framer.feed(encode(Choke()) + b"\x13Bit")
    assert framer.next_message() == Choke()
    reason = "a second handshake on the same connection"
    assert framer.next_message() == Malformed(None, 0x13426974, "HS-13", reason)
    assert framer.offset == 73


HEADERS = [
    (4, 0x4001, "FR-03", "have of length 16385: it is always 5"),
    (0, 2, "FR-03", "choke of length 2: it is always 1"),
    (6, 17, "FR-03", "request of length 17: it is always 13"),
    (7, 8, "FR-05", "piece of length 8: it is at least 9"),
    (7, 9 + 16385, "FR-02", "piece of length 16394: it is at most 16393 here"),
    (20, 1, "FR-05", "extended of length 1: it is at least 2"),
    (20, 2 + 65537, "FR-02", "extended of length 65539: it is at most 65538 here"),
    (21, 50, "HASH-02", "hash request of length 50: it is always 49"),
    (22, 49 + 32 * 544 + 1, "FR-02", "hashes of length 17458: it is at most 17457 here"),
    (23, 50, "HASH-02", "hash reject of length 50: it is always 49"),
    (10, 1026, "FR-02", "message 10 of length 1026: it is at most 1025 here"),
    (255, 65536, "FR-02", "message 255 of length 65536: it is at most 1025 here"),
]


@pytest.mark.parametrize(("message_id", "length", "rule", "reason"), HEADERS)
def test_a_header_is_refused_at_its_fifth_byte_however_it_is_cut(
    message_id: int, length: int, rule: str, reason: str, ways_to_cut: Cuts
) -> None:
    header = length.to_bytes(4) + bytes([message_id])
    refusal = Malformed(message_id, length, rule, reason)
    for fragments in ways_to_cut(encode(Choke()) + header):
        assert read(fragments, FrameLimits()) == [(68, Choke()), (73, refusal)]
    assert read([header[:4], header[4:] + bytes(length)], FrameLimits()) == [(68, refusal)]


@pytest.mark.parametrize(
    ("limits", "size", "outcome"),
    [
        (FrameLimits(piece_count=9), 1, Bitfield(bytes(1))),
        (FrameLimits(piece_count=9), 3, Bitfield(bytes(3))),
        (FrameLimits(piece_count=9), 4, Malformed(5, 5, "BF-04", "a bitfield of 4 bytes: 9 pieces need 2")),
        (FrameLimits(), 4, Bitfield(bytes(4))),
        (FrameLimits(), 262_144, Bitfield(bytes(262_144))),
        (
            FrameLimits(max_block=500_000),
            262_145,
            Malformed(5, 262_146, "FR-02", "bitfield of length 262146: it is at most 262145 here"),
        ),
    ],
)
def test_a_bitfield_of_nearly_the_right_size_is_left_to_the_rules(
    limits: FrameLimits, size: int, outcome: Message
) -> None:
    assert read([encode(Bitfield(bytes(size)))], limits) == [(68, outcome)]


def test_a_body_that_is_no_message_is_refused_when_it_is_whole(ways_to_cut: Cuts) -> None:
    frame = encode(Extended(0, b"le"))
    refusal = Malformed(20, 4, "EXT-03", "extended handshake is not a dictionary")
    for fragments in ways_to_cut(frame + encode(Choke())):
        assert read(fragments) == [(68, refusal)]


def test_after_a_refusal_there_is_nothing_more_for_ever() -> None:
    framer = Framer(FrameLimits())
    framer.feed(b"\x00\x00\x00\x02\x00" + encode(Choke()))
    assert isinstance(framer.next_message(), Malformed)
    for _ in range(3):
        assert framer.next_message() is None
        framer.feed(encode(Choke()))
    assert (framer.pending, framer.awaiting, framer.cut, framer.offset) == (0, None, None, 68)


def test_limits_may_grow_while_the_connection_lives() -> None:
    limits = FrameLimits(piece_count=1)
    framer = Framer(limits)
    framer.feed(encode(Piece(Block(0, 0, 16384), bytes(16384))))
    assert isinstance(framer.next_message(), Piece)
    limits.max_block = 32768
    framer.feed(encode(Piece(Block(0, 0, 32768), bytes(32768))))
    assert isinstance(framer.next_message(), Piece)


def test_an_idle_connection_keeps_next_to_nothing() -> None:
    framer = Framer(FrameLimits())
    framer.feed(encode(Piece(BLOCK, bytes(16384)))[:-1])
    framer.next_message()
    framer.feed(b"\x00")
    framer.next_message()
    assert framer.next_message() is None
    kept_alive = [getattr(framer, name) for name in Framer.__slots__]
    assert sum(sys.getsizeof(part) for part in (framer, *kept_alive)) < 700


def test_requests_encoded_together_are_read_one_by_one() -> None:
    blocks = [Block(7, begin, 16384) for begin in range(0, 1 << 20, 16384)]
    assert [message for _, message in read([encode_requests(blocks)])] == [Request(block) for block in blocks]


def test_streams_that_begin_with_random_bytes_raise_nothing() -> None:
    dice = random.Random(6)
    outcomes: set[type] = set()
    for _ in range(2_000):
        length = dice.choice((0, 1, 3, 5, 13, dice.randrange(40), dice.randrange(2**32)))
        framer = Framer(FrameLimits())
        for size in (2, 3, 30):
            framer.feed((length.to_bytes(4) + dice.randbytes(31))[: size + 5])
            outcomes |= {type(message) for _, message in drain(framer)}
    assert {Malformed, KeepAlive, Unknown, Have, Request, Choke, Port} <= outcomes


@given(
    st.lists(st.sampled_from(EVERY_MESSAGE) | st.binary(min_size=1, max_size=8), max_size=12),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_fragments_never_change_what_is_read(parts: list[Message | bytes], cuts: list[int]) -> None:
    stream = b"".join(part if isinstance(part, bytes) else encode(part) for part in parts)
    places = [0, *sorted(cuts), len(stream)]
    fragments = [stream[a:b] for a, b in itertools.pairwise(places)]
    assert read(fragments) == read([stream])


# ── the short way of blocks, see `hot` ───────────────────────────────────────────────────────────────────────────────


def test_whoever_reads_messages_out_of_the_data_itself_says_how_far() -> None:
    framer = Framer(FrameLimits())
    framer.feed(encode(Have(1)) + encode(Have(2)) + encode(Have(3)))
    assert framer.next_message() == Have(1)
    data, at = framer.unread()
    assert (bytes(data[at:]), framer.position) == (encode(Have(2)) + encode(Have(3)), 68 + 9)
    framer.skip_to(at + 9)
    assert framer.position == 68 + 18
    assert (framer.next_message(), framer.offset) == (Have(3), 68 + 18)


def test_a_message_whose_header_somebody_else_has_judged_is_kept_and_given_whole() -> None:
    piece = Piece(Block(0, 0, 40), bytes(40))
    framer = Framer(FrameLimits())
    framer.feed(encode(piece)[:20])
    framer.keep(53)
    assert (framer.pending, framer.awaiting, framer.whole()) == (20, 53, None)
    framer.feed(encode(piece)[20:50])
    assert (framer.whole(), framer.pending) == (None, 50)
    framer.feed(encode(piece)[50:] + encode(Have(1)))
    assert bytes(framer.whole() or b"") == encode(piece)
    framer.skip_whole()
    assert (framer.pending, framer.position, framer.whole()) == (0, 68 + 53, None)
    assert framer.next_message() == Have(1)


def test_a_message_whose_header_was_cut_is_not_given_whole() -> None:
    framer = Framer(FrameLimits())
    framer.feed(encode(Have(1))[:3])
    assert framer.next_message() is None
    framer.feed(encode(Have(1))[3:])
    assert framer.whole() is None
    assert framer.next_message() == Have(1)


def test_while_there_is_something_to_read_nothing_is_missing() -> None:
    framer = Framer(FrameLimits())
    missing: list[int | None] = []
    framer.feed(encode(Choke()) + encode(Have(1))[:-1])
    missing.append(framer.missing)
    framer.skip_to(5)
    missing.append(framer.missing)
    assert framer.next_message() is None
    missing.append(framer.missing)
    framer.feed(encode(Have(1))[-1:] + encode(Choke()))
    assert framer.next_message() == Have(1)
    framer.skip_to(1 + 5)
    missing.append(framer.missing)
    assert missing == [None, None, 1, 0]
    assert framer.unread() == (memoryview(b""), 0)
    assert framer.position == 68 + 19
