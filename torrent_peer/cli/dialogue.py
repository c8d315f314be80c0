"""A conversation between two peers as a ladder of arrows, with what was found in it."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from torrent_peer.wire.catalogue.play import Line

LADDER: Final = 60
"""Characters from one side to the other."""
SHORTEST_ARROW: Final = 6


def draw(lines: Sequence["Line"], *, width: int) -> Iterator[str]:
    """The heads of the two columns, then an arrow for each step; below it what was found last. Plain ASCII."""
    yield "dialer" + "listener".rjust(LADDER - len("dialer"))
    for line in lines:
        yield _arrow(line)
        if line.findings:
            last = line.findings[-1]
            found = f"{last.rule} {last.severity.value}: {last.evidence}"
            yield from wrap(found, width, initial_indent="  ^ ", subsequent_indent="    ")


def _arrow(line: "Line") -> str:
    """Dashes; waves for what was written before the line above it was read."""
    from torrent_peer.wire.side import Side

    step, words = line.step, str(line.step)
    shaft = ("~" if step.crossed else "-") * max(SHORTEST_ARROW, LADDER - len(words) - 2)
    return f"{words} {shaft}>" if step.sender is Side.DIALER else f"<{shaft} {words}"
