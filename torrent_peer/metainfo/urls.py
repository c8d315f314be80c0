"""Trackers and web seeds a torrent names (BEP 3, 12 and 19); only addresses that can be used are kept."""

from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from torrent_peer.core.bencoding import Value
from torrent_peer.metainfo.fields import Fields, kind_of
from torrent_peer.metainfo.text import decode_text, printable

TRACKER_SCHEMES: Final = ("http", "https", "udp")
WEB_SEED_SCHEMES: Final = ("http", "https")
_MAX_ENTRIES: Final = 2000
"""Entries of a list looked at; the rest of a longer one is left out."""
MAX_URLS: Final = 200
"""Trackers, and web seeds, kept of one torrent: each costs an announce. The longest public lists have about 100."""
_MAX_LENGTH: Final = 2048
"""Characters of an address; browsers and proxies stop about there."""


def read_trackers(torrent: Fields, warnings: list[str]) -> tuple[tuple[str, ...], ...]:
    """The tiers of `announce-list`, or else `announce` as the only one. BEP 12: with a list, `announce` is ignored."""
    tiers: list[tuple[str, ...]] = []
    known: set[str] = set()
    for path, tier in _listed(torrent, "announce-list", warnings):
        entries: list[tuple[str, Value]] = [(path, tier)]
        if isinstance(tier, list):
            entries = [(f"{path}[{number}]", url) for number, url in enumerate(tier[:_MAX_ENTRIES])]
        if urls := _usable(entries, known, TRACKER_SCHEMES, "tracker", warnings):
            tiers.append(urls)
    if not tiers and (announce := torrent.get("announce")) is not None:
        urls = _usable([("announce", announce)], known, TRACKER_SCHEMES, "tracker", warnings)
        tiers = [urls] if urls else []
    return tuple(tiers)


def read_web_seeds(torrent: Fields, warnings: list[str]) -> tuple[str, ...]:
    """`url-list`, which may be one string or a list of them (BEP 19)."""
    value = torrent.get("url-list")
    entries: list[tuple[str, Value]] = [("url-list", value)] if isinstance(value, bytes) else []
    entries = entries or _listed(torrent, "url-list", warnings)
    return _usable(entries, set(), WEB_SEED_SCHEMES, "web seed", warnings)


def _listed(torrent: Fields, key: str, warnings: list[str]) -> list[tuple[str, Value]]:
    """The values of a list that may be missing; anything else there is left out with a warning."""
    value = torrent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        warnings.append(f"{key} should be a list, but is {kind_of(value)}; it is left out")
        return []
    if len(value) > _MAX_ENTRIES:
        warnings.append(f"{key} has {len(value)} entries; the first {_MAX_ENTRIES} are looked at")
    return list(islice(torrent.items(key), _MAX_ENTRIES))


def _usable(
    entries: list[tuple[str, Value]], known: set[str], schemes: tuple[str, ...], what: str, warnings: list[str]
) -> tuple[str, ...]:
    """The addresses among `entries` that are new and can be used; `known` grows by them."""
    kept = []
    for path, value in entries:
        if not isinstance(value, bytes):
            warnings.append(f"{path} should be a string, but is {kind_of(value)}; it is left out")
            continue
        url = decode_text(value).strip().replace(" ", "%20")
        if not url or url in known:
            continue
        if fault := _fault(url, schemes):
            warnings.append(f"{what} {printable(url, most=80)} is left out: {fault}")
        elif len(known) == MAX_URLS:
            warnings.append(f"more than {MAX_URLS} {what}s; the rest is left out")
            break
        else:
            known.add(url)
            kept.append(url)
    return tuple(kept)


def _fault(url: str, schemes: tuple[str, ...]) -> str | None:
    """Why `url` cannot be used, or None."""
    if len(url) > _MAX_LENGTH:
        return f"it is {len(url)} characters long"
    if not url.isprintable():
        return "it has control characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "its host or port is not valid"
    if parts.scheme.lower() not in schemes:
        return f"only {', '.join(schemes[:-1])} and {schemes[-1]} can be used"
    if parts.scheme.lower() == "udp" and port is None:
        return "a udp address needs a port"
    if not parts.hostname or port == 0:
        return "its host or port is not valid"
    return None
