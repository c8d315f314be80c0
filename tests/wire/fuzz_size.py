"""What a connection holds on to, how much that is, and how much it may be."""

import gc
import sys
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Final

from torrent_peer.core.geometry import Geometry
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.effects import CLIENT_NAME_LENGTH, EXCHANGED_KEPT
from torrent_peer.wire.findings import FINDINGS_KEPT
from torrent_peer.wire.ledger import ZOMBIES_KEPT
from torrent_peer.wire.policy import FORGIVEN_LIMIT
from torrent_peer.wire.questions import QUESTIONS_KEPT
from torrent_peer.wire.recent import KEPT
from torrent_peer.wire.state import DEFERRED_LIMIT, SideState

SHARED: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, Enum, Geometry)
"""What belongs to the program, not to one connection."""
AT_REST: Final = 128 * 1024
"""Bytes that any connection may hold."""
PER_BYTE: Final = 64
"""Bytes that it may hold for each byte received: a `have` of nine bytes is kept as an object while it is deferred."""
AT_MOST: Final = 8 * 1024 * 1024
"""Bytes that it never holds, however much was received: all its books full to the brim."""


COUNTED: Final = frozenset({"sent", "choked_at", "withdrawn_at"})
"""What is exact only where nothing is read the short way."""


def picture(connection: PeerConnection) -> dict[str, object]:
    """All that both sides have declared, for comparison."""
    return {
        f"{side.side.value} {name}": _plain(getattr(side, name.lstrip("_")))  # what is made when needed is needed now
        for side in (connection.ours, connection.theirs)
        for name in SideState.__slots__
    }


def _plain(value: object) -> object:
    slots = getattr(type(value), "__slots__", None)
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, set):
        return frozenset(value)
    if type(value).__module__ in {"torrent_peer.wire.ledger", "torrent_peer.wire.questions"} and slots:
        return {name: _plain(getattr(value, name)) for name in slots if name not in COUNTED}
    if type(value).__name__ == "PieceSet":
        return value.to_bitfield()  # type: ignore[attr-defined]
    return value


def retained(connection: PeerConnection) -> int:
    """Bytes of everything that can be reached from the connection and from nowhere else but the program."""
    seen: set[int] = set()
    waiting: list[object] = [connection]
    total = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, SHARED):
            continue
        seen.add(id(each))
        if isinstance(each, MethodType):
            waiting.append(each.__self__)
            continue
        total += sys.getsizeof(each)
        waiting += gc.get_referents(each)
    return total


def excess(connection: PeerConnection) -> str | None:
    """Which bound is broken, in words; None while all hold."""
    geometry = connection.geometry
    pieces = 0 if geometry is None else geometry.piece_count
    for side in (connection.ours, connection.theirs):
        for what, size, bound in _books(side, pieces):
            if size > bound:
                return f"{side.side.value}: {what} of {size}, at most {bound}"
    if len(connection.recent) > KEPT:
        return f"{len(connection.recent)} recent messages"
    if len(connection._findings) > FINDINGS_KEPT:
        return f"{len(connection._findings)} findings"
    held = retained(connection)
    bound = min(AT_MOST, AT_REST + pieces + PER_BYTE * (connection.received_bytes + connection.sent_bytes))
    return f"{held} bytes held, at most {bound}" if held > bound else None


def _books(side: SideState, pieces: int) -> list[tuple[str, int, int]]:
    ledger = side.requests
    return [
        ("deferred", len(side.deferred or ()), DEFERRED_LIMIT),
        ("zombies", len(ledger.zombies), ZOMBIES_KEPT),
        ("live requests", len(ledger.live), FORGIVEN_LIMIT),
        ("answered", len(ledger.answered), 2 * 2000),
        ("cancelled", len(ledger.cancelled), len(ledger.live)),
        ("asked", len(ledger.asked), pieces),
        ("metadata", len(side.metadata.live), QUESTIONS_KEPT),
        ("hashes", len(side.hashes.live), QUESTIONS_KEPT),
        ("rendezvous", len(side.rendezvous.live), QUESTIONS_KEPT),
        ("exchanged", len(side.exchanged or ()), EXCHANGED_KEPT),
        ("announced", len(side.announced), 255),
        ("extensions", len(side.extensions), 255),
        ("allowed fast", len(side.allowed_fast), pieces),
        ("client", len(side.client), CLIENT_NAME_LENGTH),
    ]
