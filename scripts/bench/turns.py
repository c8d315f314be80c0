"""A B A B: who is compared takes turns, so that the machine's mood falls on all alike."""

import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

Result = TypeVar("Result")


def in_turns(
    ways: Mapping[str, Callable[[], Result]],
    *,
    runs: int,
    warm_up: int = 1,
    tell: Callable[[Result], str] = lambda _: "",
) -> dict[str, list[Result]]:
    """Every way, `runs` times; the first `warm_up` rounds are not kept. Nobody always goes first."""
    kept: dict[str, list[Result]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(-warm_up, runs):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            result = ways[name]()
            said = tell(result)
            if said:
                label = f"{number + 1}/{runs}" if number >= 0 else "warm-up"
                print(f"  {label:>8}  {name}: {said}", file=sys.stderr, flush=True)
            if number >= 0:
                kept[name].append(result)
    return kept
