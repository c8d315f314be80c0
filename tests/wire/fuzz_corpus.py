"""The inputs that fuzzing found worth keeping: one a line, in hex, so that a change of them can be read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

CORPUS: Final = Path(__file__).parent / "corpus" / "inputs.txt"
HEAD: Final = "# Conversations found by scripts/fuzz_wire, in hex; tests/wire/fuzz_play.py says what the bytes mean.\n"


def read_corpus() -> list[bytes]:
    """All inputs, shortest first."""
    if not CORPUS.exists():
        return []
    return [bytes.fromhex(line) for line in CORPUS.read_text().splitlines() if not line.startswith("#")]


def write_corpus(inputs: Iterable[bytes]) -> None:
    """Replace them."""
    lines = sorted({data.hex() for data in inputs}, key=lambda line: (len(line), line))
    CORPUS.write_text(HEAD + "".join(f"{line}\n" for line in lines))
