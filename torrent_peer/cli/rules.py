"""`torrent-peer rules`: the catalogue of what may be said on the wire, or one rule explained."""

import os
import re
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import click

from torrent_peer.cli.errors import CliError
from torrent_peer.cli.exits import Exit
from torrent_peer.cli.options import command, settings_of

if TYPE_CHECKING:
    from torrent_peer.wire.rules import Rule

PROSE_WIDTH: Final = 80
"""Columns of an explanation: longer lines read badly."""
UNBROKEN: Final = 10_000
"""Columns where nobody looks: a rule stays on one line, for grep."""
LIKE_AN_ID: Final = re.compile(r"([A-Z]{1,8})-?0*(\d{1,3})", re.ASCII)
NEAR: Final = 3
"""Rules named when there is none with the id asked for."""


@command("rules", short_help="List the rules of the wire, or explain one.")
@click.argument("rule", metavar="[RULE]", required=False)
@click.pass_context
def rules_command(ctx: click.Context, rule: str | None) -> None:
    """List every rule that messages are held to, or explain RULE, like REQ-07.

    The list has severity, what the strict and the interoperable profile do, and what the rule demands. An explanation
    has the words of the BEP, what to do instead, what may race, what clients do, and an example of each kind.
    """
    from torrent_peer.cli.explain import as_document, explain
    from torrent_peer.cli.output import Output
    from torrent_peer.wire.catalogue import ELSEWHERE

    settings = settings_of(ctx)
    asked = None if rule is None else _find(rule)
    with Output(settings) as output:
        if asked is not None and asked in ELSEWHERE:
            if settings.json:
                output.document({"id": asked, "elsewhere": ELSEWHERE[asked]})
            else:
                output.result(f"{asked}  no rule that a message can break")
                for line in wrap(ELSEWHERE[asked] + ".", min(_columns(), PROSE_WIDTH) - 2):
                    output.result("  " + line)
            return
        if settings.json:
            output.document([as_row(each) for each in in_order()] if asked is None else as_document(asked))
            return
        lines = listing(width=_columns()) if asked is None else explain(asked, width=min(_columns(), PROSE_WIDTH))
        for line in lines:
            output.result(line)


def in_order() -> list["Rule"]:
    """Every rule, in the catalogue's order, the gravest first of those that share an id; each said once."""
    from torrent_peer.wire.catalogue import CATALOGUE
    from torrent_peer.wire.rules import RULES

    places = {rule_id: place for place, rule_id in enumerate(CATALOGUE)}
    unique: dict[tuple[object, ...], Rule] = {}
    for rule in RULES.rules:
        unique.setdefault((rule.id, rule.severity, rule.says), rule)
    return sorted(unique.values(), key=lambda rule: (places.get(rule.id, len(places)), rule.id, -rule.severity.gravity))


def listing(*, width: int) -> Iterator[str]:
    """A row for each rule, under the section it comes from."""
    rules = in_order()
    yield f"  {'rule':<8} {'severity':<9} {'strict':<8} {'interop.':<8} demands"
    for section in sorted({rule.section: None for rule in rules}, key=lambda name: int(name.split()[1].rstrip(","))):
        yield ""
        yield section
        for rule in rules:
            if rule.section == section:
                yield from _row(rule, width)
    yield ""
    yield "'torrent-peer rules REQ-07' explains one."


def _row(rule: "Rule", width: int) -> list[str]:
    row = as_row(rule)
    head = f"  {rule.id:<8} {rule.severity.value:<9} {row['strict']:<8} {row['interoperable']:<8} "
    return wrap(rule.says, width, initial_indent=head, subsequent_indent=" " * len(head))


def as_row(rule: "Rule") -> dict[str, Any]:
    """What `--json` prints of a rule in the list."""
    from torrent_peer.cli.explain import verdict_of
    from torrent_peer.wire.catalogue import CATALOGUE
    from torrent_peer.wire.policy import Profile

    entry = CATALOGUE.get(rule.id)
    return {
        "id": rule.id,
        "severity": rule.severity.value,
        **{profile.value: verdict_of(rule, profile)[0] for profile in Profile},
        "section": rule.section,
        "demands": rule.says,
        "instead": None if entry is None else entry.instead,
    }


def _find(word: str) -> str:
    """The id that is meant; raises CliError with those near it."""
    from torrent_peer.wire.catalogue import ELSEWHERE

    ids = list(dict.fromkeys(rule.id for rule in in_order()))
    match = LIKE_AN_ID.fullmatch(word.upper())
    wanted = f"{match[1]}-{int(match[2]):02}" if match else word.upper()
    if wanted in ids or wanted in ELSEWHERE:
        return wanted
    family = [each for each in ids if match and each.startswith(f"{match[1]}-")]
    if match and family:
        near = sorted(family, key=lambda each: abs(int(each.rpartition("-")[2]) - int(match[2])))[:NEAR]
    else:
        near = get_close_matches(wanted, ids, n=NEAR)
    hint = f"near it are {', '.join(sorted(near))}; " if near else ""
    raise CliError(f"there is no rule '{word}'; {hint}'torrent-peer rules' lists them all", Exit.USAGE)


def _columns() -> int:
    """Of the terminal, or of `COLUMNS`; lines are not broken where there is neither."""
    if "COLUMNS" in os.environ or sys.stdout.isatty():
        return get_terminal_size().columns
    return UNBROKEN
