"""No passkey, user name or password in anything people see; foreign text fits on one harmless line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torrent_peer.trackers.redact import one_line, redacted, scrub

KEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://t.example/announce", "http://t.example/announce"),
        ("udp://t.example:6969", "udp://t.example:6969"),
        ("http://t.example/announce.php", "http://t.example/announce.php"),
        (f"http://t.example/{KEY}/announce", "http://t.example/***/announce"),
        ("http://t.example/a1b2c3d4/announce", "http://t.example/***/announce"),
        ("http://t.example/tracker/announce", "http://t.example/tracker/announce"),
        (f"http://t.example/announce?passkey={KEY}&v=1", "http://t.example/announce?passkey=***&v=***"),
        (f"http://t.example/announce?{KEY}", "http://t.example/announce?***"),
        ("https://user:pw@t.example/announce", "https://***@t.example/announce"),
        ("https://user:p@w@t.example/announce", "https://***@t.example/announce"),
        ("http://t.example/a#secret", "http://t.example/a"),
        ("http://аpple.example/announce", "http://xn--pple-43d.example/announce"),
        ("http://t.example/\x1b[31m\nannounce", "http://t.example/***"),
        ("not a url", "not a url"),
        ("", ""),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str) -> None:
    assert redacted(url) == shown


def test_a_trackers_own_words_do_not_repeat_the_secrets_of_its_url() -> None:
    url = f"http://me:hunter22@t.example/{KEY}/announce?authkey=a%2Fbcd"
    text = f"user me:hunter22 with passkey {KEY} and authkey a/bcd (a%2Fbcd)\nis unknown"
    assert scrub(text, url) == "user me:*** with passkey *** and authkey *** (***) is unknown"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"plain", "plain"),
        (b"two\r\nlines\tand a bell\x07", "two lines and a bell"),
        ("\x1b[2Jclear", "[2Jclear"),
        (b"\xff\xfe", "��"),
        ("right\u202eto left", "right to left"),
        ("x" * 500, "x" * 199 + "…"),
    ],
)
def test_foreign_text_becomes_one_line(text: str | bytes, line: str) -> None:
    assert one_line(text) == line


@given(st.text())
def test_redacting_never_fails_and_is_always_one_line(text: str) -> None:
    shown = redacted(text)
    assert not any(c in shown for c in "\x00\x1b\n\r\x7f\x9b\u2028\u202e")
    assert len(shown) <= 200


@given(st.from_regex(r"[0-9a-f]{32}", fullmatch=True))
def test_no_form_of_url_shows_its_passkey(key: str) -> None:
    for form in ("http://{}@t.example/a", "http://t.example/{}/a", "http://t.example/a?k={}", "http://t.example/a?{}"):
        assert key not in redacted(form.format(key))
