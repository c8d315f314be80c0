"""How a rule is written down: a small function from what was said to evidence, with its id, severity and source."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from torrent_peer.core.values import frozen
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.messages import Message
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import Direction

Judge = Callable[[Direction, Any, bool], str | None]
"""(who speaks to whom, the message, whether it may have crossed what the receiver said) → evidence, or `None`.

Not crossed: the message is judged where it is written, so its sender knows all that has arrived. Crossed: it is judged
where it is read, and is legal if it was legal under some prefix of what its receiver had sent.
"""
_J = TypeVar("_J", bound=Judge)


@frozen
class Rule:
    """One way to be illegal. Knows no other rule, no policy, and not which side is us."""

    id: str
    """As in the catalogue; rules that are graver versions of one another share it."""
    severity: Severity
    section: str
    """Where it comes from, like `BEP 6, Reject Request`."""
    quote: str
    """The BEP's words, if it has any."""
    says: str
    """What it demands, in one sentence."""
    judge: Judge
    kinds: tuple[type, ...]
    """The messages it judges."""
    out_of_turn: bool
    """It names what is absent from the table of phases, and is asked only then."""
    for_sending: bool
    """It is about good manners of a sender: asked only where a message is written."""
    about_size: bool
    """It needs the torrent's size; while that is unknown, it is asked later."""

    def finding(self, evidence: str, sender: Side, message: Message, offset: int | None = None) -> Finding:
        """This rule broken by `message`."""
        return Finding(self.id, self.severity, self.section, self.quote, evidence, sender, message, offset)


class _Register(Protocol):
    def __call__(self, judge: _J) -> _J: ...


_rules: list[Rule] = []


def rule(
    rule_id: str,
    *kinds: type,
    severity: Severity,
    section: str,
    quote: str = "",
    out_of_turn: bool = False,
    for_sending: bool = False,
    about_size: bool = False,
) -> _Register:
    """Register the function under it as a rule for these kinds of message; its docstring is what the rule demands."""

    def register(judge: _J) -> _J:
        says = str(judge.__doc__)
        _rules.append(Rule(rule_id, severity, section, quote, says, judge, kinds, out_of_turn, for_sending, about_size))
        return judge

    return register


class RuleBook:
    """The rules by kind of message, so that a message is held against its own rules only."""

    def __init__(self) -> None:
        self.rules: Final = tuple(_rules)
        self._crossed = self._index(lambda r: not r.out_of_turn and not r.for_sending)
        self._written = self._index(lambda r: not r.out_of_turn)
        self._out_of_turn = self._index(lambda r: r.out_of_turn)
        self._about_size = self._index(lambda r: r.about_size)

    def __getitem__(self, rule_id: str) -> Rule:
        """The rule with this id, its first version if there are several; raises KeyError when there is none."""
        for each in self.rules:
            if each.id == rule_id:
                return each
        raise KeyError(rule_id)

    def for_message(self, kind: type, *, crossed: bool) -> tuple[Rule, ...]:
        """The rules for a message whose turn it is."""
        return (self._crossed if crossed else self._written).get(kind, ())

    def for_turn(self, kind: type) -> tuple[Rule, ...]:
        """The rules that name why it is not the turn of such a message."""
        return self._out_of_turn.get(kind, ())

    def for_size(self, kind: type) -> tuple[Rule, ...]:
        """The rules to ask again once the torrent's size is known."""
        return self._about_size.get(kind, ())

    def _index(self, wanted: Callable[[Rule], bool]) -> Mapping[type, tuple[Rule, ...]]:
        index: dict[type, tuple[Rule, ...]] = {}
        for each in self.rules:
            if wanted(each):
                for kind in each.kinds:
                    index[kind] = (*index.get(kind, ()), each)
        return index
