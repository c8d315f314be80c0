"""The message of BEP 55, holepunch: a peer that both know brings two together that cannot reach each other."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from torrent_peer.core.addresses import Address
from torrent_peer.core.values import frozen


class HolepunchKind(IntEnum):
    """What a holepunch message is for."""

    RENDEZVOUS = 0
    """To the relay: bring us together."""
    CONNECT = 1
    """From the relay, to both: dial each other now."""
    ERROR = 2
    """From the relay: that cannot be done."""


HOLEPUNCH_NAMES: Final[Mapping[int, str]] = {kind.value: kind.name.lower() for kind in HolepunchKind}
"""Kind → the word for it."""


@frozen
class Holepunch:
    """One message of the three kinds, or of one that BEP 55 does not define."""

    kind: int
    address: Address
    """The other of the two that are brought together."""
    error_code: int | None = 0
    """1 no such peer, 2 not connected to it, 3 it does not speak holepunch, 4 it is the relay itself; 0 when the
    message is no error; `None` when it was left out (Q-25)."""
