"""Honest conversations of two real connections, written down; one message of them changed; and what becomes of it.

The torrent is that of the catalogue: ten pieces of 256 KiB, the last of 20,000 bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen

from torrent_peer.core.geometry import Geometry
from torrent_peer.wire import codec, extensions
from torrent_peer.wire.catalogue.exchange import GEOMETRY, IDS, INFO_HASH, PEER_IDS, PIECES_ROOT
from torrent_peer.wire.connection import NEED_DATA, Event, PeerConnection
from torrent_peer.wire.errors import Finding, LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import Handshake, Message
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

DIALER, LISTENER = Side.DIALER, Side.LISTENER
BITS: Final = Reserved.of(fast=True, extended=True)
HEIGHT: Final = 12
"""Layers above the leaves of the tree of the torrent's only file."""
Said = tuple[Side, Message]


class _Tree:
    def height(self, pieces_root: bytes) -> int | None:
        return HEIGHT if pieces_root == PIECES_ROOT else None


@frozen
class Step:
    """One message as it was said; `None` and its bytes, if it is no message."""

    side: Side
    message: Message | None
    data: bytes = field(repr=False)


@frozen
class Run:
    """A conversation, both handshakes first."""

    said: tuple[Said, ...]
    bits: Reserved = BITS
    geometry: Geometry = field(default=GEOMETRY, kw_only=True)
    unsized: frozenset[Side] = field(default=frozenset(), kw_only=True)
    """Ends that do not know the torrent's size."""
    peer_ids: Mapping[Side, Any] = field(default=PEER_IDS, kw_only=True)
    options: Mapping[Side, Mapping[str, Any]] = field(factory=dict, kw_only=True)
    """What else the ends are made with."""

    def end(self, side: Side, profile: Profile = Profile.STRICT) -> PeerConnection:
        """One end before anything was said."""
        end = PeerConnection(
            side=side,
            peer_id=self.peer_ids[side],
            info_hash=INFO_HASH,
            geometry=None if side in self.unsized else self.geometry,
            reserved=self.bits,
            profile=profile,
            **self.options.get(side, {}),
        )
        if self.bits.v2:
            end.learn_hash_trees(_Tree())
        return end

    def steps(self) -> list[Step]:
        """The conversation as two honest ends have it, neither of which finds anything."""
        ends = {side: self.end(side) for side in Side}
        steps = []
        shaken = [(side, Handshake(self.bits, INFO_HASH, self.peer_ids[side])) for side in Side]
        for side, message in (*shaken, *self.said):
            data = ends[side].send(message)
            steps.append(Step(side, message, data))
            other = ends[side.other]
            other.receive_data(data)
            while other.next_event() is not NEED_DATA:
                pass
            assert other.take_findings() == []
        return steps


@frozen
class Outcome:
    """What came of a conversation at one end."""

    findings: tuple[tuple[Finding, ...], ...] = ()
    """Of each message in which something was found, gravest first."""
    error: LocalProtocolError | RemoteProtocolError | None = None
    last: Event | None = None
    """What the end made of the last message, if anything."""


def play(run: Run, steps: Sequence[Step], *, here: Side, profile: Profile, until: str, changed: int) -> Outcome:
    """Let one end hear and say this, until something is found with this evidence, or the connection is closed.

    What that end may no longer say, after the step `changed`, it does not say.
    """
    end = run.end(here, profile)
    findings: list[tuple[Finding, ...]] = []
    for number, step in enumerate(steps):
        if step.side is here:
            assert step.message is not None
            try:
                end.send(step.message)
            except LocalProtocolError as error:
                if number == changed or error.violation.evidence == until:
                    return Outcome((*findings, (error.violation,)), error)
                assert number > changed
            continue
        end.receive_data(step.data)
        last: Event | None = None
        try:
            while (event := end.next_event()) is not NEED_DATA:
                last = event
        except RemoteProtocolError as error:
            return Outcome((*findings, tuple(end.take_findings())), error)
        if found := tuple(end.take_findings()):
            findings.append(found)
            if until in [finding.evidence for finding in found]:
                return Outcome(tuple(findings), None, last)
    return Outcome(tuple(findings))


@frozen
class Row:
    """One rule, and one message that breaks it in an honest conversation."""

    judge: str
    """Name of the rule's function."""
    by: Side
    """Whose message is changed."""
    run: Run
    mutation: "Mutation"
    evidence: str
    own: bool = field(default=False, kw_only=True)
    """Judged where it is written, not where it is read."""
    as_well: frozenset[str] = field(default=frozenset(), kw_only=True)
    """Rules that the same message cannot but break."""
    over_and_over: bool = field(default=False, kw_only=True)
    """What is said once or a few times is forgiven; not so in the strict profile."""

    def __str__(self) -> str:
        return self.judge


# ── changing one message ─────────────────────────────────────────────────────────────────────────────────────────────

Mutation = Callable[[list[Step], Side], Iterator[Step]]
"""(what was said, whose message is changed) → what is said instead."""


def _find(steps: Sequence[Step], by: Side, kind: type, number: int) -> int:
    places = [at for at, step in enumerate(steps) if step.side is by and type(step.message) is kind]
    return places[number]


def _step(by: Side, said: Message | bytes) -> Step:
    if isinstance(said, bytes):
        return Step(by, None, said)
    return Step(by, said, codec.encode(extensions.written(said, IDS)))


def change(kind: type, number: int = 0, **fields: Any) -> Mutation:
    """The message has other fields."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, kind, number)
        message: Any = steps[at].message
        yield from (*steps[:at], _step(by, evolve(message, **fields)), *steps[at + 1 :])

    return mutate


def become(kind: type, said: Message | bytes, number: int = 0) -> Mutation:
    """Another is said in the message's place."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, kind, number)
        yield from (*steps[:at], _step(by, said), *steps[at + 1 :])

    return mutate


def byte(kind: type, place: int, value: int, number: int = 0) -> Mutation:
    """One byte of its frame is another."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, kind, number)
        data = bytearray(steps[at].data)
        assert data[place] != value
        data[place] = value
        yield from (*steps[:at], Step(by, None, bytes(data)), *steps[at + 1 :])

    return mutate


def add(*said: Message | bytes, after: type, number: int = 0, before: bool = False) -> Mutation:
    """One more is said after this one, or before it; or ever more, if that is what is wrong."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, after, number) + (not before)
        yield from (*steps[:at], *(_step(by, each) for each in said), *steps[at:])

    return mutate


def again(kind: type, number: int = 0, times: int = 1) -> Mutation:
    """It is said twice, or more often."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, kind, number)
        yield from (*steps[: at + 1], *[steps[at]] * times, *steps[at + 1 :])

    return mutate


def drop(kind: type, number: int = 0) -> Mutation:
    """It is not said."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, kind, number)
        yield from (*steps[:at], *steps[at + 1 :])

    return mutate


def late(kind: type, number: int = 0) -> Mutation:
    """It is said behind the next word of its sender."""

    def mutate(steps: list[Step], by: Side) -> Iterator[Step]:
        at = _find(steps, by, kind, number)
        following = next(place for place in range(at + 1, len(steps)) if steps[place].side is by)
        yield from (*steps[:at], *steps[at + 1 : following + 1], steps[at], *steps[following + 1 :])

    return mutate


def extended(number: int, payload: bytes) -> bytes:
    """The frame of an extended message."""
    return (2 + len(payload)).to_bytes(4) + bytes([20, number]) + payload
