"""Keeping secrets out of what people see: announce URLs carry passkeys, and error texts repeat them."""

import re
from typing import Final
from urllib.parse import unquote

BLOT: Final = "***"

MAX_TEXT: Final = 200
"""Characters of foreign text worth showing on one line."""

_USERINFO = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@")
_SEGMENT = re.compile(r"[^/]+")
_SCRIPT = re.compile(r"(?i)(announce|scrape)(\.[a-z]{2,4})?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


def redacted(url: str) -> str:
    """The URL with user and password, every query value and every path segment that may be a passkey blotted out.

    Never fails, whatever it is given: it is what error messages are made of.
    """
    url = one_line(url, limit=4096)
    url = _USERINFO.sub(rf"\g<1>{BLOT}@", url)
    url, _, _ = url.partition("#")
    address, question, query = url.partition("?")
    scheme, separator, rest = address.partition("://")
    if separator:
        host, slash, path = rest.partition("/")
        host = BLOT + host[host.rindex("@") :] if "@" in host else host
        path = _SEGMENT.sub(lambda m: BLOT if _looks_secret(m[0]) else m[0], path)
        address = f"{scheme}://{_punycode(host)}{slash}{path}"
    if not question:
        return one_line(address)
    return one_line(address + "?" + "&".join(_blot_value(pair) for pair in query.split("&")))


def scrub(text: str, url: str) -> str:
    """Foreign text on one line, with the secrets of `url` blotted out where it repeats them."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, BLOT)
    return one_line(text)


def one_line(text: str | bytes, *, limit: int = MAX_TEXT) -> str:
    """Foreign text fit for one line of a message: no control or direction characters, at most `limit` characters."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "replace")
    text = _UNPRINTABLE.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _looks_secret(segment: str) -> bool:
    """Passkeys sit in paths, as in `/0123456789abcdef/announce`: long, or letters and digits mixed."""
    if _SCRIPT.fullmatch(segment) or len(segment) < 8:
        return False
    mixed = re.search(r"[0-9]", segment) and re.search(r"[A-Za-z]", segment)
    return bool(mixed) or len(segment) >= 16


def _blot_value(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}={BLOT}" if equals else BLOT


def _secrets(url: str) -> set[str]:
    found: set[str] = set()
    if match := _USERINFO.match(url):
        found.update(match[2].split(":", 1))
    address, _, query = url.partition("#")[0].partition("?")
    found.update(s for s in address.partition("://")[2].split("/")[1:] if _looks_secret(s))
    found.update(pair.partition("=")[2] or pair for pair in query.split("&"))
    found.update([unquote(secret) for secret in found])
    return {secret for secret in found if len(secret) >= 4}


def _punycode(host: str) -> str:
    """Look-alike letters are shown for what they are."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")
