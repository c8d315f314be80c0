"""One end of a modelled connection: a real `PeerConnection` whose whole state can be taken down and put back.

What it knows is written down as a tuple, so that a state met before is recognised. Every attribute of every class that
holds state is named here, as state or as none: one that nobody thought of is found by `forgotten`.
"""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, Final

from attrs import frozen

from torrent_peer.core.block import Block
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.handshake import HandshakeReader
from torrent_peer.wire.ledger import RequestLedger
from torrent_peer.wire.questions import Questions
from torrent_peer.wire.state import PeerState, SideState

View = tuple[Any, ...]
"""Everything that one end knows."""
Books = tuple[dict[Block, int], dict[Block, int], dict[Block, int]]
"""Requests that wait, those of them that are cancelled, and answers that may come though nobody waits for them."""


_NOTHING: Final[frozenset[Any]] = frozenset()


def _no_copy(value: Any) -> Any:
    return value


def _set_down(value: set[Any] | None) -> Any:
    return None if value is None else frozenset(value)


def _set_up(value: Any) -> Any:
    return None if value is None else set(value)


def _dict_down(value: dict[Any, Any] | None) -> Any:
    return None if value is None else tuple(value.items())


def _dict_up(value: Any) -> Any:
    return None if value is None else dict(value)


def _counts_down(value: dict[Any, int]) -> Any:
    return frozenset(value.items()) if value else _NOTHING


def _pieces_down(value: PieceSet | None) -> Any:
    return None if value is None else (value.size, value.to_bitfield())


def _pieces_up(value: Any) -> Any:
    return None if value is None else PieceSet.from_bitfield(value[1], value[0])


_AS: Final[dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]] = {
    "plain": (_no_copy, _no_copy),
    "members": (_set_down, _set_up),
    "ordered": (_dict_down, _dict_up),
    "counts": (_counts_down, _dict_up),
    "pieces": (_pieces_down, _pieces_up),
}
"""How a value that can change is written down, and read again. The order of `counts` means nothing."""


@frozen
class Plan:
    """What is state in a class."""

    plain: str = ""
    ordered: str = ""
    counts: str = ""
    members: str = ""
    pieces: str = ""
    parts: str = ""
    """Objects with a plan of their own."""
    no_state: str = ""
    """What never changes, cannot be told from outside, or counts bytes."""

    def named(self) -> set[str]:
        every = (self.plain, self.ordered, self.counts, self.members, self.pieces, self.parts, self.no_state)
        return set(" ".join(every).split())

    def fields(self) -> Iterator[tuple[str, str]]:
        """(attribute, how it is written down) of all but the parts."""
        for how in _AS:
            for name in getattr(self, how).split():
                yield name, how


PLANS: Final[dict[type, Plan]] = {
    PeerState: Plan(plain="extended fast geometry info_hash v2", parts="dialer listener", no_state="hash_trees"),
    SideState: Plan(
        plain="allowed_fast_said availability availability_updates choking client declared_queue exchanges greeted"
        " handshake heard interested metadata_size phase port_said reserved upload_only",
        ordered="announced deferred extensions",
        members="allowed_fast exchanged",
        pieces="pieces withdrawn",
        parts="requests metadata hashes rendezvous",
        no_state="side",
    ),
    RequestLedger: Plan(
        plain="budget choked_at excess forgotten leeway sent total withdrawn_at",
        ordered="answered live",
        counts="asked cancelled zombies",
    ),
    Questions: Plan(plain="forgotten sent", counts="live"),
    HandshakeReader: Plan(plain="_malformed _received"),
}
CONNECTION: Final = Plan(
    plain="_asked_for _end _eof _heard_message _violation",
    parts="_legality _reader ours theirs",
    no_state="side profile on_message finding_counts recent _peer_id _reserved _request_queue _extensions _own_ids"
    " _their_side _incoming _outgoing _limits _framer _findings _received _sent",
)
"""The connection itself. Between two messages its framer holds nothing, which is checked; its findings end the run."""


def forgotten(connection: PeerConnection) -> set[str]:
    """Attributes that no plan names, and names that are no attributes."""
    wrong = {f"PeerConnection.{name}" for name in CONNECTION.named() ^ set(vars(connection))}
    for kind, plan in PLANS.items():
        wrong |= {f"{kind.__name__}.{name}" for name in plan.named() ^ set(getattr(kind, "__slots__", ()))}
    return wrong


class _Record:
    """One object with a plan."""

    __slots__ = ("_copied", "_plain", "_read", "_thing")

    def __init__(self, thing: object, plan: Plan) -> None:
        self._thing = thing
        self._plain = tuple(plan.plain.split())
        self._read: Callable[[object], View] = attrgetter(*self._plain)
        self._copied = [(name, *_AS[how]) for name, how in plan.fields() if how != "plain"]

    def down(self) -> View:
        thing = self._thing
        return (self._read(thing), *[down(getattr(thing, name)) for name, down, _ in self._copied])

    def up(self, view: View) -> None:
        thing = self._thing
        for name, value in zip(self._plain, view[0], strict=True):
            setattr(thing, name, value)
        for (name, _, up), value in zip(self._copied, view[1:], strict=True):
            setattr(thing, name, up(value))


class End:
    """One end, between two messages."""

    def __init__(self, connection: PeerConnection) -> None:
        self.connection: Final = connection
        self._current: View = ()
        """What it knows, if that is known."""
        self._framer: Framer = connection._framer
        state: PeerState = connection._legality.state
        self._records = [_Record(connection, CONNECTION), _Record(state, PLANS[PeerState])]
        for side in (state.dialer, state.listener):
            self._records.append(_Record(side, PLANS[SideState]))
            for part in PLANS[SideState].parts.split():
                thing = getattr(side, part)
                self._records.append(_Record(thing, PLANS[type(thing)]))

    def take_down(self) -> View:
        """All it knows now."""
        assert self._framer.awaiting is None, "a message is cut in two"
        reader = self.connection._reader
        handshake = None if reader is None else reader._received
        self._current = (handshake, *[record.down() for record in self._records])
        return self._current

    def put_back(self, view: View) -> None:
        """Let it know just this. What it knew must have been taken down since it last changed, or `forget` called."""
        current, self._current = self._current, view
        handshake = view[0]
        connection = self.connection
        connection._reader = None
        if handshake is not None:
            connection._reader = HandshakeReader()
            connection._reader._received = handshake
        geometry = view[2][0][2]
        connection._limits.piece_count = None if geometry is None else geometry.piece_count
        for number, record in enumerate(self._records, 1):
            if not current or current[number] != view[number]:
                record.up(view[number])

    def forget(self) -> None:
        """What it knows now is of no interest."""
        self._current = ()

    def declared(self) -> tuple[View, View | None]:
        """What both ends know alike once nothing is on its way any more; and of pieces, if their number is known."""
        state = self.connection._legality.state
        sides = (state.dialer, state.listener)
        said = tuple(_said(side) for side in sides)
        if state.geometry is None:
            return said, None
        return said, tuple((_pieces_down(side.pieces), frozenset(side.allowed_fast)) for side in sides)

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


def _said(side: SideState) -> View:
    return (
        *(side.handshake, side.phase, side.choking, side.interested, side.availability, side.greeted),
        *(side.upload_only, side.metadata_size, side.declared_queue, side.exchanges, _set_down(side.exchanged)),
        *(frozenset(each.items()) for each in (side.announced, side.extensions)),
        *(_counts_down(each) for each in (side.metadata.live, side.hashes.live, side.rendezvous.live)),  # type: ignore[arg-type]
    )
