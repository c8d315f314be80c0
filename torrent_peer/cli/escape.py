"""The one function every string passes before it reaches a terminal.

Names in torrents, client names, tracker messages and error texts are written by strangers: a terminal must never obey
them (CWE-150), and text must not run backwards over its neighbours (bidirectional controls).
"""

import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""Format characters that are part of ordinary Persian and Indic words and of emoji; they move nothing."""
DANGEROUS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control, format (bidi included), surrogate, line and paragraph separator."""


def escape(text: str) -> str:
    r"""`text` on one line, with everything a terminal could obey written as `\n`, `\x1b`, `\u202e`.

    C0, DEL and C1 controls, bidirectional and other format characters, lone surrogates, line and paragraph separators.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) if _is_dangerous(char) else char for char in text)


def shorten(text: str, width: int) -> str:
    """`escape(text)` cut to `width` characters, the cut shown by an ellipsis."""
    shown = escape(text[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def to_json(value: object) -> str:
    """One line of JSON in printable ASCII: what `escape` hides is written as JSON's own `\\uXXXX`."""
    import json

    return json.dumps(value, ensure_ascii=True, separators=(", ", ": ")).replace("\x7f", "\\u007f")


def _is_dangerous(char: str) -> bool:
    return unicodedata.category(char) in DANGEROUS and char not in JOINERS


def _shown(char: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    if short is not None:
        return short
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
