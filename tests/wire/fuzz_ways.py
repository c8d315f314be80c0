"""The machine without its short ways, to hold those against the rules."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from torrent_peer.wire import hot

SHORT_WAYS: Final[dict[str, Callable[..., object]]] = {
    "take_answer": lambda way, block: False,
    "take_answers": lambda way, blocks: 0,
    "take_request": lambda way, block: False,
    "take_requests": lambda way, blocks: 0,
}
"""The functions of `hot` that let something pass unjudged, and what they say when they let nothing pass."""


@contextlib.contextmanager
def no_short_ways() -> Iterator[None]:
    """Every message is held against its rules, one by one."""
    kept = {name: getattr(hot, name) for name in SHORT_WAYS}
    for name, refusal in SHORT_WAYS.items():
        setattr(hot, name, refusal)
    try:
        yield
    finally:
        for name, way in kept.items():
            setattr(hot, name, way)
