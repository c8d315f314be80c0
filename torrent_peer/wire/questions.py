"""The books of questions that are answered one by one and never taken back: metadata, hashes, rendezvous.

The law is that of blocks: for every question, answers ≤ times it was asked. There is no choke and no cancel here, so
what is unanswered is all there is to know.
"""

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

QUESTIONS_KEPT: Final = 4096
"""Different questions kept of one side; four times the pieces of the largest metadata."""

K = TypeVar("K", bound=Hashable)


class Questions(Generic[K]):
    """What one side asked of the other and was not answered yet."""

    __slots__ = ("forgotten", "live", "sent")

    def __init__(self) -> None:
        self.live: dict[K, int] = {}
        """Unanswered questions, oldest first: what was asked → how often."""
        self.sent = 0
        """Questions ever asked."""
        self.forgotten = 0
        """Questions no longer kept, for there were too many: nobody is blamed for as many answers."""

    @property
    def total(self) -> int:
        """Answers that may still come."""
        return sum(self.live.values()) + self.forgotten

    def has_credit(self, key: K) -> bool:
        """Whether an answer to this may come."""
        return key in self.live or self.forgotten > 0

    def ask(self, key: K) -> None:
        """A question that waits for its answer."""
        self.sent += 1
        self.live[key] = self.live.get(key, 0) + 1
        if len(self.live) > QUESTIONS_KEPT:
            self.forgotten += self.live.pop(next(iter(self.live)))

    def answer(self, key: K) -> None:
        """An answer: uses up a credit, if there is one."""
        left = self.live.get(key, 0) - 1
        if left > 0:
            self.live[key] = left
        elif left == 0:
            del self.live[key]
        elif self.forgotten:
            self.forgotten -= 1
