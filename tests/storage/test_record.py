import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.core.bencoding import Encodable, encode
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.storage.record import PART, Fingerprint, ResumeRecord


@pytest.fixture
def record(sample: Any) -> ResumeRecord:
    return ResumeRecord(
        info_hash=sample.torrent.info_hash,
        verified=PieceSet(9, [0, 2, 8]),
        files={0: Fingerprint(150, 10**18 + 7, 2**63), 4: Fingerprint(0, -5, 1), PART: Fingerprint(2**40, 0, 3)},
        wanted=frozenset({1, 3, 5}),
        clean=True,
        uploaded=2**50,
        downloaded=12345,
    )


def test_a_record_is_read_as_it_was_written(record: ResumeRecord, sample: Any) -> None:
    assert ResumeRecord.from_bytes(record.to_bytes(), sample.torrent) == record
    plain = ResumeRecord(info_hash=sample.torrent.info_hash, verified=PieceSet(9), files={})
    assert ResumeRecord.from_bytes(plain.to_bytes(), sample.torrent) == plain
    assert plain.wanted is None


def test_a_record_cut_anywhere_is_none(record: ResumeRecord, sample: Any) -> None:
    data = record.to_bytes()
    for end in range(len(data)):
        assert ResumeRecord.from_bytes(data[:end], sample.torrent) is None
    assert ResumeRecord.from_bytes(data + b"e", sample.torrent) is None


def test_a_record_with_any_byte_changed_is_none_or_the_same(record: ResumeRecord, sample: Any) -> None:
    data = bytearray(record.to_bytes())
    for at in range(len(data)):
        kept = data[at]
        for other in (kept ^ 0x01, kept ^ 0x80, kept ^ 0xFF, 0x00, ord("0"), ord("e")):
            data[at] = other
            assert ResumeRecord.from_bytes(bytes(data), sample.torrent) in ((record,) if other == kept else (None,))
        data[at] = kept


def test_another_torrents_record_is_none(record: ResumeRecord, make_sample: Any) -> None:
    assert ResumeRecord.from_bytes(record.to_bytes(), make_sample(seed=2).torrent) is None


def sealed(fields: dict[bytes, Encodable]) -> bytes:
    data = encode(fields)
    return encode({b"crc32": zlib.crc32(data), b"record": data})


@pytest.mark.parametrize(
    "change",
    [
        {b"version": 2},
        {b"version": b"1"},
        {b"info-hash": b"x" * 20},
        {b"verified": b"\xff"},
        {b"verified": b"\xff" * 3},
        {b"verified": 5},
        {b"files": b"short"},
        {b"files": []},
        {b"files": struct.pack(">iQqQ", 5, 1, 1, 1)},
        {b"files": struct.pack(">iQqQ", -2, 1, 1, 1)},
        {b"uploaded": -1},
        {b"downloaded": b"1"},
        {b"wanted": 7},
        {b"wanted": [b"x"]},
        {b"wanted": [-1]},
    ],
)
def test_a_record_that_makes_no_sense_is_none(change: dict[bytes, Encodable], sample: Any) -> None:
    fields: dict[bytes, Encodable] = {
        b"clean": 1,
        b"downloaded": 0,
        b"files": b"",
        b"info-hash": sample.torrent.info_hash,
        b"uploaded": 0,
        b"verified": b"\x00\x00",
        b"version": 1,
    }
    assert ResumeRecord.from_bytes(sealed(fields), sample.torrent) is not None
    assert ResumeRecord.from_bytes(sealed(dict(sorted({**fields, **change}.items()))), sample.torrent) is None
    for key in fields:
        assert ResumeRecord.from_bytes(sealed({k: v for k, v in fields.items() if k != key}), sample.torrent) is None


def test_spare_bits_claim_nothing(record: ResumeRecord, sample: Any) -> None:
    data = record.to_bytes().replace(b"8:verified2:\xa0\x80", b"8:verified2:\xa0\xff")
    inner = data[data.index(b"d5:clean") : -1]
    read = ResumeRecord.from_bytes(encode({b"crc32": zlib.crc32(inner), b"record": inner}), sample.torrent)
    assert read == evolve(record, verified=PieceSet(9, [0, 2, 8]))


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"de", b"i1e", b"d6:record2:dee", b"l" * 10**6, b"d5:crc32i0e6:record0:e"]
)
def test_noise_is_none(data: bytes, sample: Any) -> None:
    assert ResumeRecord.from_bytes(data, sample.torrent) is None


@given(data=st.binary(max_size=300))
def test_nothing_read_raises(data: bytes, torrent: Any) -> None:
    assert ResumeRecord.from_bytes(data, torrent) is None
    assert ResumeRecord.from_bytes(sealed({b"record": data}), torrent) is None


@pytest.fixture(scope="module")
def torrent() -> Any:
    from torrent_peer.metainfo.create import create_torrent
    from torrent_peer.metainfo.torrent import parse_torrent

    return parse_torrent(create_torrent("x", b"content", piece_length=16384))


def test_a_fingerprint_is_what_the_system_says(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"abc")
    os.utime(file, ns=(1, 1234567890123456789))
    assert Fingerprint.of(file.stat()) == Fingerprint(3, 1234567890123456789, file.stat().st_ino)
