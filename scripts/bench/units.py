"""Sizes as people write them, and where things are."""

from pathlib import Path
from typing import Final

SCRIPTS: Final = Path(__file__).resolve().parent.parent
ROOT: Final = SCRIPTS.parent
BENCH: Final = SCRIPTS / "bench"
RESULTS: Final = BENCH / "results"

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

_UNITS = {"K": KIB, "M": MIB, "G": GIB}


def size_of(text: str) -> int:
    """Bytes in "1G", "64M", "256K" or "1000"; raises ValueError."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    return int(text[:-1] if unit > 1 else text) * unit


def size_text(length: int) -> str:
    """ "2 GiB", "64 MiB", "256 KiB"."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if length >= unit:
            return f"{length / unit:g} {name}"
    return f"{length} B"
