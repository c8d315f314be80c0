"""Sizes, rates and durations as people write and read them."""

import re
from typing import Final

SIZE_LETTERS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
SIZE: Final = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE | re.ASCII)
DURATION_LETTERS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhd]?)", re.IGNORECASE | re.ASCII)
DURATIONS: Final = re.compile(rf"(?:{DURATION.pattern}\s*)+", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Bytes in "1.5M", "700K", "4GiB" or "123"; K, M, G and T are powers of 1024. Raises ValueError."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a size; write 500K, 1.5M or 2G (K, M, G = 1024)")
    return int(float(match[1]) * SIZE_LETTERS[match[2].upper()])


def parse_duration(text: str) -> float:
    """Seconds in "90", "30m", "1h30m" or "2d". Raises ValueError."""
    text = text.strip()
    if DURATIONS.fullmatch(text) is None:
        raise ValueError(f"'{text}' is not a duration; write 90s, 30m, 1h30m or 2d")
    return sum(float(number) * DURATION_LETTERS[letter.lower()] for number, letter in DURATION.findall(text))


def format_size(size: float) -> str:
    """ "1.5 MiB": three significant figures or so, powers of 1024."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1023.5 or unit == "TiB":
            break
        amount /= 1024
    if unit == "B":
        return f"{amount:.0f} B"
    return f"{amount:.0f} {unit}" if amount >= 99.95 else f"{amount:.1f} {unit}"


def format_rate(rate: float) -> str:
    """ "1.5 MiB/s"."""
    return f"{format_size(rate)}/s"


def format_duration(seconds: float) -> str:
    """ "0.4 s", "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h": at most two units."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 86400:
        return _two(whole // 3600, "h", whole % 3600 // 60, "min")
    return _two(whole // 86400, "d", whole % 86400 // 3600, "h")


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 peer", "2 peers"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _two(first: int, unit: str, second: int, smaller: str) -> str:
    return f"{first} {unit} {second} {smaller}" if second else f"{first} {unit}"
