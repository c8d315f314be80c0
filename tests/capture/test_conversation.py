"""One TCP connection: whatever the packets go through, the referee hears the same; and what is missing is noticed."""

import random
from collections.abc import Iterable

import pytest

from tests.capture.frames import ENDS, RST, Talk, numbered, talk, tcp
from torrent_peer.capture.account import Account
from torrent_peer.capture.packet import Packet
from torrent_peer.capture.recording import judge_packets
from torrent_peer.wire.catalogue.exchange import GEOMETRY, INFO_HASH, OPEN, A, Step, dialer, handshake, listener
from torrent_peer.wire.messages import Piece, Request
from torrent_peer.wire.side import Side

BLOCKS = [GEOMETRY.block(0, number) for number in range(6)]
STEPS = [
    dialer(*(Request(block) for block in BLOCKS)),
    *(listener(Piece(block, bytes(block.length))) for block in BLOCKS),
]
PIECE_LENGTH = 13 + A.length


def judged(packets: Iterable[bytes] | Iterable[Packet]) -> Account:
    """The account of the only conversation there is."""
    listed = list(packets)
    ready = [each for each in listed if isinstance(each, Packet)] or numbered(e for e in listed if isinstance(e, bytes))
    recording = judge_packets(ready, {INFO_HASH: GEOMETRY})
    assert len(recording.accounts) == 1
    return recording.accounts[0]


def told(account: Account) -> tuple[object, ...]:
    """What must not depend on the packets."""
    return account.messages, account.found, account.stopped, account.unread, account.ended, account.bytes


def whole(size: int = 1400) -> Talk:
    """A download of six blocks, closed by the dialler."""
    made = talk(OPEN)
    for step in STEPS:
        made.say(step.sender, step.encoded(), size=size)
    return made.close(Side.DIALER).close(Side.LISTENER)


@pytest.fixture(scope="module")
def plain() -> Account:
    return judged(whole().packets)


def test_a_conversation_is_read_from_its_first_packet_to_its_last(plain: Account) -> None:
    assert plain.messages[Side.DIALER]["request"] == plain.messages[Side.LISTENER]["piece"] == 6
    assert (plain.found, plain.stopped, plain.unread) == ({}, None, None)
    assert plain.ended == "the dialer closed it"
    assert plain.bytes[Side.LISTENER] > 6 * PIECE_LENGTH
    assert plain.clients == {Side.DIALER: "XX 0.0.0.1", Side.LISTENER: "XX 0.0.0.1"}


@pytest.mark.parametrize("size", [120, 1000, 40_000])
def test_it_does_not_matter_how_the_bytes_are_cut(plain: Account, size: int) -> None:
    assert told(judged(whole(size).packets)) == told(plain)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 67, 68, 69])
def test_not_even_the_handshakes(size: int) -> None:
    made = Talk().open()
    for step in (*(Step(side, (handshake(side),)) for side in Side), *OPEN.steps, dialer(Request(A))):
        made.say(step.sender, step.encoded(), size=size)
    account = judged(made.packets)
    assert account.messages[Side.DIALER] == {"handshake": 1, "have_none": 1, "interested": 1, "request": 1}
    assert (account.found, account.stopped) == ({}, None)


@pytest.mark.parametrize("seed", range(25))
def test_copies_and_disorder_do_not_matter(plain: Account, seed: int) -> None:
    """Packets are swapped with near ones, those of the other direction too, and some come twice."""
    dice, packets = random.Random(seed), whole().packets
    packets = [each for each in packets for _ in range(1 + (dice.random() < 0.1))]
    for number in range(3, len(packets) - 4):
        if dice.random() < 0.2:
            other = number + dice.randint(1, 3)
            packets[number], packets[other] = packets[other], packets[number]
    account = judged(packets)
    assert (account.messages, account.found, account.stopped) == (plain.messages, plain.found, None)


def test_the_directions_out_of_step_accuse_nobody() -> None:
    """The piece is in the file before the request that it answers: its acknowledgement tells that it came after."""
    made = talk(OPEN)
    at = len(made.packets)
    made.say(Side.DIALER, dialer(Request(A)).encoded())
    made.say(Side.LISTENER, listener(Piece(A, bytes(A.length))).encoded(), size=65_000)
    made.packets[at:] = made.packets[at:][::-1]
    account = judged(made.packets)
    assert account.messages[Side.LISTENER]["piece"] == 1
    assert (account.found, account.stopped) == ({}, None)


MISSING = "bytes are missing: they were lost, or not captured"


@pytest.mark.parametrize("lost", range(3, 11))
def test_a_packet_that_was_not_captured_ends_the_judging_and_accuses_nobody(lost: int) -> None:
    packets = whole(65_000).packets
    del packets[lost]
    account = judged(packets)
    assert account.found == {}
    assert (account.stopped, account.unread) in ((MISSING, None), (None, "it ended before the handshake was whole"))


def test_a_request_that_was_not_captured_is_noticed_by_what_acknowledges_it() -> None:
    made = talk(OPEN)
    at = len(made.packets)
    for step in STEPS:
        made.say(step.sender, step.encoded(), size=65_000)
    del made.packets[at]
    account = judged(made.packets)
    assert account.messages[Side.LISTENER]["piece"] == 0
    assert (account.found, account.stopped) == ({}, MISSING)


def test_packets_cut_by_the_snap_length_are_named() -> None:
    packets = whole(1400).packets
    cut = [data[:96] for data in packets]
    account = judged(cut)
    assert account.found == {}
    assert account.stopped == "of the dialer, packets were captured only in part; capture whole ones (tcpdump -s 0)"


def test_a_reset_ends_it() -> None:
    account = judged(talk(OPEN, dialer(Request(A))).reset(Side.LISTENER).packets)
    assert account.ended == "the listener broke it off (RST)"
    assert account.messages[Side.DIALER]["request"] == 1
    assert account.stopped is None


def test_what_comes_after_a_reset_is_not_read() -> None:
    made = talk(OPEN).reset(Side.LISTENER).say(Side.DIALER, dialer(Request(A)).encoded())
    assert judged(made.packets).messages[Side.DIALER]["request"] == 0


def test_one_that_goes_on_when_the_capture_ends() -> None:
    assert judged(talk(OPEN).packets).ended == "it was going on when the capture ended"
    assert judged(talk(OPEN).close(Side.LISTENER).packets).ended == "the listener closed it"


def test_ports_used_again_are_another_conversation() -> None:
    first, second = whole(), Talk(next={Side.DIALER: 77_000, Side.LISTENER: 5})
    second.open().say(Side.DIALER, dialer(handshake(Side.DIALER)).encoded())
    for ended in (first.packets, first.packets[:-2]):
        recording = judge_packets(numbered([*ended, *second.packets]), {INFO_HASH: GEOMETRY})
        assert [each.messages[Side.DIALER]["handshake"] for each in recording.accounts] == [1, 1]
        assert recording.accounts[1].packet == len(ended) + 1


def test_an_opening_that_is_sent_twice_opens_once() -> None:
    packets = whole().packets
    assert judged([packets[0], packets[0], packets[1], packets[1], packets[2], packets[1], *packets[3:]]).found == {}


def test_an_answer_to_the_opening_that_comes_late_is_no_opening() -> None:
    packets = whole().packets
    packets[1], packets[2] = packets[2], packets[1]
    account = judged(packets)
    assert (account.stopped, account.messages[Side.LISTENER]["piece"]) == (None, 6)


def test_without_the_opening_who_speaks_first_has_dialled() -> None:
    account = judged(whole().packets[3:])
    assert str(account.dialer) == "192.0.2.1:50000"
    assert (account.stopped, account.messages[Side.LISTENER]["piece"]) == (None, 6)


def test_without_its_beginning_nobody_is_accused() -> None:
    packets = whole(65_000).packets[6:]
    account = judged(packets)
    assert account.unread == "its beginning was not captured"
    assert account.found == {}
    assert account.ended == "the dialer closed it"


def test_one_direction_alone_is_not_judged() -> None:
    packets = [data for data in whole().packets if data[12:16] == bytes([192, 0, 2, 1])]
    account = judged(packets)
    assert account.found == {}
    assert account.stopped == MISSING


def test_a_connection_that_was_refused_said_nothing() -> None:
    made = Talk()
    made.open()
    refused = tcp(ENDS[Side.LISTENER], ENDS[Side.DIALER], ack=1001, flags=RST)
    account = judged([made.packets[0], refused])
    assert account.unread == "nothing was said"
    assert account.ended == "the listener broke it off (RST)"


def test_acknowledgements_of_what_never_comes_hold_back_no_more_than_they_may() -> None:
    made = talk(OPEN)
    made.next[Side.DIALER] += 1000
    for _ in range(80):
        made.say(Side.LISTENER, bytes(65_000), size=65_000)
    account = judged(made.packets)
    assert account.stopped == "bytes that were acknowledged are not in the capture: it has lost packets"
