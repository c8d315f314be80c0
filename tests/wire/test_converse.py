"""The converse: for every rule there is one message that breaks it in an honest conversation, and it is caught.

Under its own name, whatever else the message breaks, and with what the profile says becomes of it.
"""

from collections.abc import Sequence

import pytest

from tests.wire import converse_bep3, converse_extensions, converse_runs
from tests.wire.converse import Row, Run, Step, byte, play
from torrent_peer.wire.connection import PeerConnection, Refused
from torrent_peer.wire.errors import LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.messages import KeepAlive
from torrent_peer.wire.policy import Action, Profile, decide
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.side import Side

ROWS = (*converse_bep3.ROWS, *converse_extensions.ROWS)
AFTER_THE_END = "nothing_follows_the_end"
"""What is broken by what follows another breach; see the last test."""


def test_every_rule_is_broken_by_one_message_of_an_honest_conversation() -> None:
    rules = {rule.judge.__name__ for rule in RULES.rules}
    broken = [row.judge for row in ROWS] + [AFTER_THE_END]
    assert rules - set(broken) == set()
    assert set(broken) - rules == set()
    assert len(broken) == len(set(broken))


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("run", converse_runs.RUNS.values(), ids=converse_runs.RUNS)
def test_the_conversation_itself_breaks_nothing(run: Run, profile: Profile) -> None:
    steps = run.steps()
    for here in Side:
        outcome = play(run, steps, here=here, profile=profile, until="", changed=len(steps))
        assert (outcome.findings, outcome.error) == ((), None)


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_one_message_that_breaks_a_rule_is_caught_under_its_name(row: Row, profile: Profile) -> None:
    rule = next(rule for rule in RULES.rules if rule.judge.__name__ == row.judge)
    honest = row.run.steps()
    said = list(row.mutation(honest, row.by))
    changed = next((at for at, (was, now) in enumerate(zip(honest, said, strict=False)) if was != now), len(honest))
    here = row.by if row.own else row.by.other
    outcome = play(row.run, said, here=here, profile=profile, until=row.evidence, changed=changed)

    assert outcome.findings
    assert {found[0].rule for found in outcome.findings} == {rule.id}
    assert {finding.rule for found in outcome.findings for finding in found} == {rule.id} | row.as_well
    last = outcome.findings[-1]
    if not (row.over_and_over and profile is Profile.STRICT):
        assert (last[0].severity, last[0].evidence) == (rule.severity, row.evidence)
        assert row.over_and_over or len(outcome.findings) == 1
    if row.own:
        assert isinstance(outcome.error, LocalProtocolError)
        return
    match decide(profile, last):
        case Action.CLOSE:
            assert isinstance(outcome.error, RemoteProtocolError)
            assert outcome.error.violation == last[0]
        case Action.REFUSE:
            assert isinstance(outcome.last, Refused)
            assert outcome.last.finding == last[0]
        case Action.DISCARD:
            assert (outcome.last, outcome.error) == (None, None)
        case Action.ACCEPT:
            assert type(outcome.last) is type(last[0].message)
            assert outcome.error is None


@pytest.mark.parametrize("profile", Profile)
def test_what_an_honest_conversation_goes_on_with_after_a_breach_is_not_said(profile: Profile) -> None:
    run = converse_runs.DOWNLOAD
    honest, end = run.steps(), run.end(Side.LISTENER, profile)
    with pytest.raises(RemoteProtocolError, match=r"\[FR-02\]$"):
        _go_on(end, list(byte(KeepAlive, 0, 0x40)(honest, Side.DIALER)))
    at = next(at for at, step in enumerate(honest) if isinstance(step.message, KeepAlive))
    with pytest.raises(LocalProtocolError, match=r"^piece after the connection was closed\. .*\[S-19\]$"):
        _go_on(end, [step for step in honest[at:] if step.side is end.side])


def _go_on(end: PeerConnection, steps: Sequence[Step]) -> None:
    for step in steps:
        if step.side is end.side:
            assert step.message is not None
            end.send(step.message)
        else:
            end.receive_data(step.data)
            end.next_event()
