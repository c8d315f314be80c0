"""Turning a torrent's bytes into text: UTF-8 first, then the encoding it names, then Latin-1; always the same."""

from typing import Final

_CHINESE, _TAIWANESE, _JAPANESE, _KOREAN = "gb18030", "cp950", "cp932", "cp949"
_CODECS: Final = {
    **dict.fromkeys(("gbk", "gb2312", "gb18030", "cp936", "936"), _CHINESE),
    **dict.fromkeys(("big5", "cp950", "950"), _TAIWANESE),
    **dict.fromkeys(("shift-jis", "sjis", "cp932", "932", "windows-31j"), _JAPANESE),
    "euc-jp": "euc_jp",
    **dict.fromkeys(("euc-kr", "cp949", "949"), _KOREAN),
    **{name: f"cp{page}" for page in range(1250, 1259) for name in (f"windows-{page}", f"cp{page}", str(page))},
    **{f"iso-8859-{part}": f"iso8859_{part}" for part in range(1, 17) if part != 12},
    "koi8-r": "koi8_r",
    "koi8-u": "koi8_u",
}
"""The legacy encodings a torrent may name. A closed list: Python's codec machinery is no place for hostile names."""


def codec_for(name: bytes) -> str | None:
    """The codec for a torrent's `encoding` key, None when it says UTF-8 or nothing we know."""
    return _CODECS.get(name.decode("latin-1").strip().lower().replace("_", "-"))


def decode_text(raw: bytes, codec: str | None = None) -> str:
    """`raw` as text. Never fails: every byte is something in Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode(codec or "latin-1")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def printable(text: str, *, most: int = 1000) -> str:
    """`text` fit for a terminal: one line, nothing that moves the cursor or turns the writing direction.

    Of more than `most` characters the rest is left out.
    """
    if len(text) > most:
        return printable(text[:most], most=most) + "…"
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c in "\n\r\t" else c.encode("unicode_escape").decode("ascii") for c in text
    )
