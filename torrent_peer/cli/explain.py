"""One rule explained: what it demands and where that is written, what is done about it, who breaks it, how it looks."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from torrent_peer.cli.dialogue import draw

if TYPE_CHECKING:
    from torrent_peer.wire.catalogue import Entry, Example, Scene
    from torrent_peer.wire.catalogue.play import Line
    from torrent_peer.wire.rules import Rule

INDENT: Final = "  "
OBSERVED: Final = "°: seen on loopback with this version; the others: read in their source, August 2026."
READ: Final = "Read in their source, August 2026."
CROSSED: Final = "~~~: written before the line above it was read."


def explain(rule_id: str, *, width: int) -> list[str]:
    """The lines for the rules with this id, no longer than `width`."""
    return list(_lines(rule_id, width))


def as_document(rule_id: str) -> dict[str, Any]:
    """What `--json` prints of one rule; the examples with what is found in them."""
    from torrent_peer.wire.catalogue import CATALOGUE

    entry = CATALOGUE.get(rule_id)
    document: dict[str, Any] = {"id": rule_id, "levels": [_level(rule) for rule in _rules(rule_id)]}
    if entry is not None:
        document |= {
            "instead": entry.instead,
            "races": entry.races,
            "clients": entry.clients.reactions(),
            "broken_by": entry.broken_by or None,
            "examples": [_example(entry, example) for example in entry.examples],
        }
    return document


def _rules(rule_id: str) -> tuple["Rule", ...]:
    """The rules with this id, the mildest first."""
    from torrent_peer.wire.rules import RULES

    return tuple(sorted((each for each in RULES.rules if each.id == rule_id), key=lambda each: each.severity.gravity))


def _lines(rule_id: str, width: int) -> Iterator[str]:
    from torrent_peer.wire.catalogue import CATALOGUE

    rules, entry = _rules(rule_id), CATALOGUE.get(rule_id)
    for number, (severity, says) in enumerate(dict.fromkeys((rule.severity.value, rule.says) for rule in rules)):
        head = " " * len(rule_id) if number else rule_id
        yield from _paragraph(says, width, first=f"{head}  {severity:<9}  ")
    for section, quote in dict.fromkeys((rule.section, rule.quote) for rule in rules):
        yield ""
        yield from _paragraph(f"{section}: “{quote}”" if quote else section, width, first=INDENT)
    yield from _verdicts(rules, width)
    if entry is None:
        return
    yield from _chapter("Instead", entry.instead, width)
    yield from _chapter("Can it race?", entry.races[0].upper() + entry.races[1:] + ".", width)
    if entry.broken_by:
        yield from _chapter("Broken by", entry.broken_by + ".", width)
    yield from _reactions(entry, width)
    for number, example in enumerate(entry.examples, 1):
        yield from _dialogues(entry, example, f" {number}" if len(entry.examples) > 1 else "", width)


def _verdicts(rules: Sequence["Rule"], width: int) -> Iterator[str]:
    from torrent_peer.wire.policy import Profile

    for rule in {rule.severity: rule for rule in rules}.values():
        yield ""
        yield f"A {rule.severity.value}"
        for profile in Profile:
            action, reason = verdict_of(rule, profile)
            yield from _paragraph(f"{action}: {reason}", width, first=f"{INDENT}{profile.value:<14}")


def verdict_of(rule: "Rule", profile: Any) -> tuple[str, str]:  # noqa: ANN401  # `Profile`, imported when asked for
    """What the profile does when the rule is broken, and why, in words."""
    from torrent_peer.wire.policy import verdict

    if rule.for_sending:
        return "not sent", "we hold ourselves to it, and nobody else"
    action, reason = verdict(profile, rule.id, rule.severity)
    return action.value, reason


def _reactions(entry: "Entry", width: int) -> Iterator[str]:
    reactions = entry.clients.reactions()
    if not reactions:
        return
    yield ""
    yield "What clients do about it"
    for reaction, clients in reactions.items():
        yield from _paragraph(f"{reaction}: {', '.join(clients)}", width, first=INDENT)
    probed = any("°" in client for clients in reactions.values() for client in clients)
    yield from _paragraph(OBSERVED if probed else READ, width, first=INDENT)


def _dialogues(entry: "Entry", example: "Example", number: str, width: int) -> Iterator[str]:
    from torrent_peer.wire.catalogue.play import play_alike, play_breach

    legal = example.given_alike or example.given
    for title, scene, lines in (
        ("that breaks it", example.given, play_breach(example, at_sender=entry.at_sender)),
        ("that looks alike and is legal", legal, play_alike(example, at_sender=entry.at_sender)),
    ):
        yield ""
        yield f"Example{number} {title}"
        yield from _paragraph(f"{setting(scene)}:", width, first=INDENT)
        yield from (INDENT + line for line in draw(lines, width=width - len(INDENT)))
        if any(line.step.crossed for line in lines):
            yield INDENT + CROSSED
    yield from _paragraph(f"Legal: {example.because}", width, first=INDENT)


def setting(scene: "Scene") -> str:
    """Where a conversation starts."""
    if not scene.greeted:
        return "From the first byte"
    bits = {"fast": scene.bits.fast, "extended": scene.bits.extended, "DHT": scene.bits.dht, "v2": scene.bits.v2}
    said = ", ".join(name for name, is_set in bits.items() if is_set)
    size = "ten pieces" if scene.size_known else "the size not known yet"
    return f"Behind the handshakes (both set {said or 'no bit'}); {size}"


def _chapter(title: str, text: str, width: int) -> Iterator[str]:
    yield ""
    yield title
    yield from _paragraph(text, width, first=INDENT)


def _paragraph(text: str, width: int, *, first: str) -> list[str]:
    """`text` behind `first`, its other lines below its first one."""
    return wrap(text, width, initial_indent=first, subsequent_indent=" " * len(first))


def _level(rule: "Rule") -> dict[str, Any]:
    from torrent_peer.wire.policy import Profile

    return {
        "severity": rule.severity.value,
        "demands": rule.says,
        "section": rule.section,
        "quote": rule.quote or None,
        **{
            profile.value: dict(zip(("action", "because"), verdict_of(rule, profile), strict=True))
            for profile in Profile
        },
    }


def _example(entry: "Entry", example: "Example") -> dict[str, Any]:
    from torrent_peer.wire.catalogue.play import play_alike, play_breach

    return {
        "given": setting(example.given),
        "breaks": _steps(play_breach(example, at_sender=entry.at_sender)),
        "given_legal": setting(example.given_alike or example.given),
        "legal": _steps(play_alike(example, at_sender=entry.at_sender)),
        "because": example.because,
    }


def _steps(lines: Sequence["Line"]) -> list[dict[str, Any]]:
    return [
        {
            "sender": line.step.sender.value,
            "says": str(line.step),
            "crossed": line.step.crossed,
            "findings": [
                {"rule": each.rule, "severity": each.severity.value, "evidence": each.evidence}
                for each in line.findings
            ],
        }
        for line in lines
    ]
