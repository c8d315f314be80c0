"""A whole capture: conversations told apart, what is not read is noted, and nothing grows beyond its bounds."""

import random
from io import BytesIO

import pytest
from attrs import evolve

from tests.capture.frames import ENDS, SYN, Talk, ethernet, numbered, pcap, talk, tcp, udp
from torrent_peer.capture import recording
from torrent_peer.capture.packet import CaptureError
from torrent_peer.capture.recording import judge, judge_packets
from torrent_peer.wire.catalogue.exchange import ASKED, GEOMETRY, INFO_HASH, A, handshake, listener
from torrent_peer.wire.codec import encode
from torrent_peer.wire.messages import Piece
from torrent_peer.wire.side import Side

SIZES = {INFO_HASH: GEOMETRY}
DONE = talk(ASKED, listener(Piece(A, bytes(A.length))))


def between(dialer: str, listener: str, port: int = 50_000) -> Talk:
    """A conversation of two handshakes between other ends."""
    made = Talk(ends={Side.DIALER: (dialer, port), Side.LISTENER: (listener, 6881)}).open()
    for side in Side:
        made.say(side, encode(handshake(side)))
    return made


def test_a_file_is_judged_and_may_be_read_from_anything() -> None:
    found = judge(BytesIO(pcap(map(ethernet, DONE.packets))), SIZES)
    assert (found.packets, found.notes) == (len(DONE.packets), ())
    assert [account.messages[Side.LISTENER]["piece"] for account in found.accounts] == [1]
    with pytest.raises(CaptureError):
        judge(BytesIO(b"nonsense"), SIZES)


def test_a_file_cut_off_is_judged_as_far_as_it_goes_and_accuses_nobody() -> None:
    whole = pcap(map(ethernet, DONE.packets))
    for end in range(40, len(whole), 97):
        found = judge(BytesIO(whole[:end]), SIZES)
        assert all(account.found == {} for account in found.accounts)


def test_conversations_are_told_apart_in_the_order_of_their_beginning() -> None:
    one, two, six = between("192.0.2.1", "192.0.2.2"), between("192.0.2.1", "192.0.2.2", 50_001), between("::1", "::2")
    mixed = [packet for three in zip(one.packets, two.packets, six.packets, strict=True) for packet in three]
    accounts = judge_packets(numbered(mixed), SIZES).accounts
    assert [str(each.dialer) for each in accounts] == ["192.0.2.1:50000", "192.0.2.1:50001", "[::1]:50000"]
    assert [each.messages[Side.LISTENER]["handshake"] for each in accounts] == [1, 1, 1]
    assert [each.packet for each in accounts] == [1, 2, 3]


def test_an_end_that_talks_to_itself_is_no_harm() -> None:
    assert judge_packets(numbered(between("192.0.2.1", "192.0.2.1", 6881).packets), SIZES).packets == 5


def test_segments_that_belong_to_nothing_are_left_out() -> None:
    ends = ENDS[Side.DIALER], ENDS[Side.LISTENER]
    assert judge_packets(numbered([tcp(*ends, ack=7), tcp(*ends, flags=4), tcp(*ends, flags=1)]), {}).accounts == ()


def test_other_links_and_utp_are_noted() -> None:
    utp = b"\x41\x00" + bytes(18)
    one, other = ENDS[Side.DIALER], ENDS[Side.LISTENER]
    packets = numbered([udp(one, other, utp), udp(other, one, utp), udp(one, other, b"d1:ae")])
    packets += [evolve(packet, link=147) for packet in packets[:2]]
    found = judge_packets(packets, {})
    assert found.notes == (
        "2 packets of link type 147 were skipped: only Ethernet, Linux cooked, loopback and raw IP can be read",
        "1 connections over uTP, which is not read; switch it off to record them",
    )


def test_only_so_many_conversations_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FOLLOWED", 3)
    packets = [packet for port in range(5) for packet in between("192.0.2.1", "192.0.2.2", port + 1).packets]
    found = judge_packets(numbered(packets), {})
    assert len(found.accounts) == 3
    assert found.notes == ("8 packets of more than 3 conversations were not read",)


def test_only_so_many_are_followed_at_once_and_those_that_are_over_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "AT_ONCE", 2)
    talks = [between("192.0.2.1", "192.0.2.2", port + 1) for port in range(3)]
    talks[1].reset(Side.DIALER)
    more = talks[0].packets.copy()
    packets = [*talks[0].packets, *talks[1].packets, *talks[2].packets]
    assert [each.stopped for each in judge_packets(numbered(packets), {}).accounts] == [None, None, None]
    packets = [*more, *talks[2].packets, *between("192.0.2.9", "192.0.2.2").packets]
    stopped = "too much is going on at once to follow it all"
    assert [each.stopped for each in judge_packets(numbered(packets), {}).accounts] == [stopped, None, None]


def test_only_so_much_is_kept_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "HELD_IN_ALL", 300_000)
    talks = [between("192.0.2.1", "192.0.2.2", port + 1) for port in range(8)]
    for made in talks:
        made.next[Side.DIALER] += 1
        made.say(Side.DIALER, bytes(60_000), size=60_000)
    found = judge_packets(numbered(packet for made in talks for packet in made.packets), {})
    given_up = [each for each in found.accounts if each.stopped == "too much is going on at once to follow it all"]
    assert len(given_up) == 4
    missing = [each for each in found.accounts if each.stopped == "bytes are missing: they were lost, or not captured"]
    assert len(missing) == 4


def test_only_so_many_findings_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FINDINGS", 1)
    packets = []
    for number in range(3):
        made = Talk(next={Side.DIALER: number * 10_000, Side.LISTENER: 5}).open()
        for side in Side:
            made.say(side, encode(handshake(side)) + b"\0\0\0\1\1")
        packets += made.packets
    found = judge_packets(numbered(packets), {})
    assert [len(each.findings) for each in found.accounts] == [2, 0, 0]
    assert [len(each.found) for each in found.accounts] == [2, 2, 2]


def test_whatever_is_in_the_packets_nothing_breaks() -> None:
    dice = random.Random(11)
    whole = DONE.packets + between("::1", "::2").packets
    for _ in range(150):
        packets = [bytearray(each) for each in whole]
        for packet in dice.sample(packets, 4):
            for _ in range(3):
                packet[dice.randrange(len(packet))] = dice.randrange(256)
        dice.shuffle(packets) if dice.random() < 0.2 else None
        judge_packets(numbered(bytes(packet) for packet in packets), SIZES if dice.random() < 0.5 else {})


def test_a_second_opening_from_the_other_side_is_another_conversation() -> None:
    made = between("192.0.2.1", "192.0.2.2")
    again = tcp(("192.0.2.2", 6881), ("192.0.2.1", 50_000), seq=99, flags=SYN)
    accounts = judge_packets(numbered([*made.packets, again]), {}).accounts
    assert [str(each.dialer) for each in accounts] == ["192.0.2.1:50000", "192.0.2.2:6881"]
