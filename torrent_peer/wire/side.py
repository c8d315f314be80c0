"""The two ends of a connection, named by who dialled; neither is "us" at this level."""

from enum import Enum


class Side(Enum):
    """One end of a connection."""

    DIALER = "dialer"
    LISTENER = "listener"

    @property
    def other(self) -> "Side":
        return Side.LISTENER if self is Side.DIALER else Side.DIALER
