"""The legality table: which message is legal now, in either direction, and what it changes.

Never told which side is us, and knows no bytes and no clocks. `check` changes nothing; `apply` moves the state.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.wire import effects, hot
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Message, MetadataRequest, Piece, Question, Request
from torrent_peer.wire.phases import PHASES, Phase
from torrent_peer.wire.rules import RULES, Rule
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Direction, PeerState

NOTHING: Final[tuple[Finding, ...]] = ()
DECLINABLE: Final = frozenset({Request, MetadataRequest})
"""What may be legal and not served all the same, see `Legality.declined`."""


class Legality:
    """Both directions of one connection.

    `crossed` says where a message is judged: False where it is written, when its sender knows all that has reached it;
    True where it is read, when it may have been written before its sender saw what its receiver said last. It is then
    legal if some prefix of what the receiver had said makes it so.
    """

    __slots__ = ("_dialing", "_listening", "state")

    def __init__(self, *, info_hash: InfoHash | None = None, geometry: Geometry | None = None) -> None:
        self.state = PeerState(info_hash=info_hash, geometry=geometry)
        self._dialing = Direction(self.state, Side.DIALER)
        self._listening = Direction(self.state, Side.LISTENER)

    def check(self, sender: Side, message: Message, *, crossed: bool, offset: int | None = None) -> Sequence[Finding]:
        """The rules `message` would break if `sender` said it now, gravest first; none if it is legal.

        `offset` is only handed on to the findings. Changes nothing.
        """
        way, kind = self.direction(sender), type(message)
        rules = RULES.for_message(kind, crossed=crossed)
        if kind not in PHASES[way.sender.phase]:
            rules = RULES.for_turn(kind) + rules
        return _judge(rules, way, message, crossed, offset)

    def apply(self, sender: Side, message: Message, *, crossed: bool) -> None:
        """The message counts as said, legal or not."""
        effects.apply(self.direction(sender), message, crossed=crossed)

    def admit(self, sender: Side, message: Message, *, crossed: bool, offset: int | None = None) -> Sequence[Finding]:
        """`check`, and `apply` if there is nothing to find."""
        way = self.direction(sender)
        if type(message) is Piece and hot.take_answer(way, message.block):
            return NOTHING
        if type(message) is Request and hot.take_request(way, message.block):
            return NOTHING
        findings = self.check(sender, message, crossed=crossed, offset=offset)
        if not findings:
            effects.apply(way, message, crossed=crossed)
        return findings

    def admit_requests(self, sender: Side, blocks: Sequence[Block]) -> Sequence[Finding]:
        """`admit` a request for each block where it is written: all of them, or none if anything is found."""
        way = self.direction(sender)
        ledger = way.sender.requests
        before, asked, done = ledger.sent, ledger.asked_of(blocks), 0
        while (done := done + hot.take_requests(way, blocks[done:] if done else blocks)) < len(blocks):
            if findings := self.admit(sender, Request(blocks[done]), crossed=False):
                self.withdraw(sender, blocks[:done], asked)
                ledger.sent = before
                return findings
            done += 1
        ledger.sent = before + len(blocks)
        return NOTHING

    def withdraw(self, sender: Side, blocks: Sequence[Block], asked: Mapping[int, int]) -> None:
        """Undo the requests last applied: they were not written after all. `asked`: `asked_of` them before that."""
        way = self.direction(sender)
        ledger = way.sender.requests
        for block in blocks:
            ledger.withdraw(block)
            if way.receiver.choking:
                ledger.unspare(block.piece)
        ledger.asked.update(asked)

    def refuse(self, sender: Side, request: Question) -> None:
        """The request counts as said, but will not be served."""
        effects.refuse(self.direction(sender), request)

    def declined(self, sender: Side, message: Message) -> Question | None:
        """A legal request for what the other side does not serve, as its sender may not have heard; else `None`."""
        server = self.direction(sender).receiver
        match message:
            case Request(block) if server.declines(block.piece):
                return message
            case MetadataRequest() if server.metadata_size is None:
                return message
        return None

    def pass_over(self, sender: Side, message: Message) -> None:
        """The message counts as not said, but for the turn it took."""
        effects.take_turn(self.direction(sender), type(message))

    def close(self, *sides: Side) -> None:
        """These sides say nothing more."""
        for side in sides:
            self.state.of(side).phase = Phase.CLOSED

    def learn_geometry(self, geometry: Geometry) -> Sequence[Finding]:
        """The torrent's size is known now: judge and apply what was said of pieces before."""
        self.state.geometry = geometry
        findings: list[Finding] = []
        for way in (self._dialing, self._listening):
            sender = way.sender
            if sender.phase is Phase.ACTIVE:
                sender.pieces = PieceSet(geometry.piece_count)
            deferred, sender.deferred = sender.deferred or {}, None
            updates, said = sender.availability_updates, sender.allowed_fast_said
            for message in deferred:
                late = _judge(RULES.for_size(type(message)), way, message, True, None, " (judged late)")
                findings += late
                effects.EFFECTS[type(message)](way, message, True)
            sender.availability_updates, sender.allowed_fast_said = updates, said
        findings.sort(key=_gravest_first)
        return findings

    def direction(self, sender: Side) -> Direction:
        """What `sender` says to the other side."""
        return self._dialing if sender is Side.DIALER else self._listening


def _judge(
    rules: Sequence[Rule], way: Direction, message: Message, crossed: bool, offset: int | None, suffix: str = ""
) -> Sequence[Finding]:
    findings = [
        each.finding(evidence + suffix, way.sender.side, message, offset)
        for each in rules
        if (evidence := each.judge(way, message, crossed)) is not None
    ]
    if not findings:
        return NOTHING
    findings.sort(key=_gravest_first)
    return findings


def _gravest_first(finding: Finding) -> int:
    return -finding.severity.gravity
