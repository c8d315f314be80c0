"""Which kind of file it is."""

import random
from io import BytesIO

import pytest

from tests.capture.frames import block, pcap, section
from torrent_peer.capture.files import read_packets
from torrent_peer.capture.packet import CaptureError


def test_both_formats_are_told_apart_by_their_first_bytes() -> None:
    ng = section() + block(1, bytes([1, 0, 0, 0, 0, 0, 0, 0])) + block(6, bytes(12) + b"\1\0\0\0\1\0\0\0z")
    assert [each.data for each in read_packets(BytesIO(ng), [])] == [b"z"]
    assert [each.data for each in read_packets(BytesIO(pcap([b"z"])), [])] == [b"z"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\x1f\x8b\x08\x00", "the file is compressed; unpack it with gunzip first"),
        (b"d8:announce", "neither pcap nor pcapng: it begins with 0x64383a61"),
        (b"x", "neither pcap nor pcapng: it begins with 0x78"),
    ],
)
def test_what_is_no_capture_is_named(data: bytes, said: str) -> None:
    with pytest.raises(CaptureError) as caught:
        list(read_packets(BytesIO(data), []))
    assert str(caught.value) == said


@pytest.mark.parametrize("whole", [pcap([b"abc" * 20] * 5), section() + block(1, bytes([1] + [0] * 7)) + section(">")])
def test_damage_is_an_error_of_one_line_or_none(whole: bytes) -> None:
    dice, said = random.Random(3), list[str]()
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            for _ in read_packets(BytesIO(bytes(data)), []):
                pass
        except CaptureError as error:
            said.append(str(error))
    assert len(said) > 30
    assert not any("\n" in each for each in said)
