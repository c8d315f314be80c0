"""Bytes become text in one way only, and text becomes fit for a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.metainfo.text import codec_for, decode_text, printable


@pytest.mark.parametrize(
    ("raw", "encoding", "text"),
    [
        (b"plain", b"", "plain"),
        ("früh".encode(), b"", "früh"),
        ("früh".encode(), b"windows-1251", "früh"),  # UTF-8 goes first, whatever the torrent says
        ("früh".encode("latin-1"), b"", "früh"),
        ("früh".encode("latin-1"), b"no-such-encoding", "früh"),
        ("春天".encode("gbk"), b"GBK", "春天"),
        ("春天".encode("gbk"), b"", "´ºÌì"),
        ("夏天".encode("big5"), b" Big5 ", "夏天"),
        ("春の夢".encode("shift_jis"), b"Shift_JIS", "春の夢"),
        ("봄".encode("euc_kr"), b"EUC-KR", "봄"),
        ("весна".encode("cp1251"), b"windows-1251", "весна"),
        ("весна".encode("koi8_r"), b"KOI8-R", "весна"),
        (b"\x81 is nothing in cp1252", b"cp1252", "\x81 is nothing in cp1252"),
        (b"\xff\xfe", b"UTF-8", "ÿþ"),
    ],
)
def test_bytes_become_text(raw: bytes, encoding: bytes, text: str) -> None:
    assert decode_text(raw, codec_for(encoding)) == text


@pytest.mark.parametrize("name", [b"idna", b"punycode", b"zlib", b"unicode_escape", b"utf-7", b"\xff", b"x" * 100_000])
def test_only_known_encodings_reach_the_codec_machinery(name: bytes) -> None:
    assert codec_for(name) is None


@given(st.binary(max_size=30), st.sampled_from([None, "gb18030", "cp932", "cp1251", "euc_jp"]))
def test_decoding_never_fails(raw: bytes, codec: str | None) -> None:
    assert decode_text(raw, codec) == decode_text(raw, codec)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("früh – 春", "früh – 春"),
        ("two\nlines\tand\rmore", "two lines and more"),
        ("\x1b[31mred\x00", "\\x1b[31mred\\x00"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\U000e0001", "\\U000e0001"),
        ("\udc80", "\\udc80"),
        ("a" * 30, "a" * 20 + "…"),
        ("\x00" * 30, "\\x00" * 20 + "…"),
    ],
)
def test_text_is_shown_without_moving_the_cursor(text: str, shown: str) -> None:
    assert printable(text, most=20) == shown


@given(st.text())
def test_shown_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()
