"""One end of a modelled connection: a real `PeerConnection` whose whole state can be taken down and put back.

Every attribute of every object that holds state is written down, but those named here as none: what is added to them
tomorrow is part of the model at once, or stops it by name.
"""

from collections.abc import Callable, Hashable, Iterator
from enum import Enum
from operator import attrgetter
from typing import Any, Final

import attrs

from torrent_peer.core.block import Block
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.handshake import HandshakeReader
from torrent_peer.wire.ledger import RequestLedger
from torrent_peer.wire.questions import Questions
from torrent_peer.wire.state import PeerState, SideState

Key = tuple[Hashable, ...]
"""Everything that one end knows, to be recognised by."""
Books = tuple[dict[Block, int], dict[Block, int], dict[Block, int]]
"""Requests that wait, those of them that are cancelled, and answers that may come though nobody waits for them."""

NO_STATE: Final = {
    *("side", "profile", "_peer_id", "_reserved", "_request_queue", "_extensions", "_own_ids", "_their_side"),
    *("_legality", "_incoming", "_outgoing", "ours", "theirs"),
    *("recent", "finding_counts", "_findings", "_limits", "_framer"),
    *("received_bytes", "sent_bytes", "_received", "_sent"),
}
"""Of a connection: what never changes, what is taken apart by itself, and what no message is judged by: its framer
holds nothing between two messages."""
UNORDERED: Final = frozenset({"asked", "cancelled", "zombies"})
"""Books whose order means nothing."""
PARTS: Final = (SideState, RequestLedger)
_VALUES: Final = (int, str, bytes, type(None), Enum, tuple, frozenset)


def _of_reader(reader: HandshakeReader) -> Hashable:
    return reader._received


def _of_pieces(pieces: PieceSet) -> Hashable:
    return pieces.size, pieces.to_bitfield()


def _copy_of_reader(reader: HandshakeReader) -> HandshakeReader:
    new = HandshakeReader()
    new._received = reader._received
    return new


def _of_questions(questions: Questions[Any]) -> Hashable:
    """`None` if none was ever asked: then there need be no book of them."""
    values = [getattr(questions, name) for name in Questions.__slots__]
    return tuple(frozenset(v.items()) if isinstance(v, dict) else v for v in values) if any(values) else None


def _copy_of_questions(questions: Questions[Any]) -> Questions[Any]:
    new: Questions[Any] = Questions()
    for name in Questions.__slots__:
        value = getattr(questions, name)
        setattr(new, name, dict(value) if isinstance(value, dict) else value)
    return new


_CHANGING: Final[dict[type, tuple[Callable[[Any], Hashable], Callable[[Any], Any]]]] = {
    dict: (lambda value: tuple(value.items()), dict),
    set: (frozenset, set),
    PieceSet: (_of_pieces, PieceSet.copy),
    HandshakeReader: (_of_reader, _copy_of_reader),
    Questions: (_of_questions, _copy_of_questions),
}
"""How values that can change are recognised, and copied."""


_Copy = tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, Any, Callable[[Any], Any]], ...]]
"""(attribute, value) of those that cannot change; (attribute, value, how it is copied) of the others."""


class _Record:
    """One object that holds state."""

    def __init__(self, thing: object, names: list[str]) -> None:
        self._thing = thing
        self._names = names
        self._read: Callable[[object], tuple[Any, ...]] = attrgetter(*names)
        self._changing: dict[tuple[type, ...], tuple[tuple[int, Callable[[Any], Hashable]], ...]] = {}
        """Types of the values → which of them can change, and how they are recognised."""
        self._copies: dict[Hashable, _Copy] = {}

    def key(self) -> Hashable:
        values = self._read(self._thing)
        types = tuple(map(type, values))
        changing = self._changing.get(types)
        if changing is None:
            changing = self._changing[types] = tuple(_changing(self._names, types))
        key = list(values)
        for place, freeze in changing:
            key[place] = freeze(values[place])
        return tuple(key)

    def keep(self, key: Hashable) -> None:
        """Be able to restore what `key` was made of, just now."""
        if key not in self._copies:
            values = list(zip(self._names, self._read(self._thing), strict=True))
            self._copies[key] = (
                tuple((name, value) for name, value in values if type(value) not in _CHANGING),
                tuple(
                    (name, copy(value), copy)
                    for name, value in values
                    if (copy := _CHANGING.get(type(value), (None, None))[1]) is not None
                ),
            )

    def restore(self, key: Hashable) -> None:
        thing = self._thing
        lasting, changing = self._copies[key]
        for name, value in lasting:
            setattr(thing, name, value)
        for name, value, copy in changing:
            setattr(thing, name, copy(value))


def _changing(names: list[str], types: tuple[type, ...]) -> Iterator[tuple[int, Callable[[Any], Hashable]]]:
    for place, (name, kind) in enumerate(zip(names, types, strict=True)):
        if name in UNORDERED:
            yield place, lambda value: frozenset(value.items())
        elif kind in _CHANGING:
            yield place, _CHANGING[kind][0]
        elif not issubclass(kind, _VALUES) and not attrs.has(kind):
            raise TypeError(f"the model does not know how to write down {name}, a {kind.__name__}")


def _records(thing: object, names: list[str]) -> list[_Record]:
    """The object and its parts."""
    parts = [part for name in names if isinstance(part := getattr(thing, name), PARTS)]
    own = [name for name in names if not isinstance(getattr(thing, name), PARTS)]
    found = [_Record(thing, own)]
    for part in parts:
        found += _records(part, list(type(part).__slots__))
    return found


class End:
    """One end, between two messages."""

    def __init__(self, connection: PeerConnection) -> None:
        self.connection: Final = connection
        state = connection._legality.state
        self._records = _records(connection, sorted(set(vars(connection)) - NO_STATE))
        self._records += _records(state, list(PeerState.__slots__))
        self._now: Key = ()
        """What it knows, if that is known."""

    def key(self) -> Key:
        """All it knows now."""
        assert self.connection.awaiting is None, "a message is cut in two"
        self._now = tuple([record.key() for record in self._records])
        return self._now

    def keep(self) -> None:
        """Be able to put back what it knows, which was written down just now."""
        for record, key in zip(self._records, self._now, strict=True):
            record.keep(key)

    def put_back(self, view: Key) -> None:
        """Let it know just this. What it knew must have been written down since it last changed, or `forget` called."""
        now, self._now = self._now, view
        for number, record in enumerate(self._records):
            if not now or now[number] != view[number]:
                record.restore(view[number])
        geometry = self.connection.geometry
        self.connection._limits.piece_count = None if geometry is None else geometry.piece_count

    def forget(self) -> None:
        """What it knows now is of no interest."""
        self._now = ()

    def declared(self) -> tuple[Key, Key | None]:
        """What both ends know alike once nothing is on its way any more; and of pieces, if their number is known."""
        state = self.connection._legality.state
        sides = (state.dialer, state.listener)
        said = tuple(_said(side) for side in sides)
        if state.geometry is None:
            return said, None
        return said, tuple((side.pieces and _of_pieces(side.pieces), frozenset(side.allowed_fast)) for side in sides)

    def books(self) -> tuple[Books, Books]:
        """Of what this end asked for, and of what it was asked for: what waits, what is cancelled, what may come."""
        ours, theirs = (
            (dict(each.requests.live), dict(each.requests.cancelled), dict(each.requests.zombies))
            for each in (self.connection.ours, self.connection.theirs)
        )
        return ours, theirs

    def waits(self) -> bool:
        """Whether an answer is due, to either side; not one that its asker has since made impossible to send."""
        return any(
            side.requests.live
            or side.hashes.live
            or (side.metadata.live and "ut_metadata" in side.extensions)
            or (side.rendezvous.live and "ut_holepunch" in side.extensions)
            for side in (self.connection.ours, self.connection.theirs)
        )


def _said(side: SideState) -> Key:
    questions: tuple[Questions[Any], ...] = (side.metadata, side.hashes, side.rendezvous)
    return (
        *(side.handshake, side.phase, side.choking, side.interested, side.availability, side.greeted),
        *(side.upload_only, side.metadata_size, side.declared_queue, side.exchanges),
        frozenset(side.exchanged or ()),
        *(frozenset(each.items()) for each in (side.announced, side.extensions)),
        *(frozenset(each.live.items()) for each in questions),
    )
