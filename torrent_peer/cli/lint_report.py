"""What `torrent-peer lint` says about a capture: for people, and as JSON."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from torrent_peer.cli.escape import shorten
from torrent_peer.cli.units import count, format_duration, format_size
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side
from torrent_peer.wire.wording import in_short

if TYPE_CHECKING:
    from torrent_peer.capture.account import Account, Noted
    from torrent_peer.capture.recording import Recording

SHOWN: Final = 3
"""Cases shown of each rule and side; `--json` has more."""
NAME_WIDTH: Final = 40
"""Characters shown of what a client calls itself."""
UNSIZED: Final = "the torrent's size is not known, so that rules about blocks were not asked; --torrent tells it"


def severities_in(recording: "Recording") -> set[Severity]:
    """How grave the findings of all conversations are."""
    return {severity for account in recording.accounts for _, severity, _ in account.found}


def describe(recording: "Recording", *, verbose: bool) -> Iterator[str]:
    """The lines, not yet escaped; `verbose`: with redundant messages, and with every conversation that was not read."""
    judged = [account for account in recording.accounts if account.judged]
    for account in judged:
        yield from _conversation(account, verbose=verbose)
        yield ""
    unread = [account for account in recording.accounts if not account.judged]
    if verbose:
        yield from (f"not read: {account.dialer} → {account.listener}: {account.unread}" for account in unread)
    else:
        reasons = Counter(account.unread for account in unread)
        yield from (f"not read: {count(number, 'connection')}: {why}" for why, number in reasons.most_common())
    yield from (f"note: {note}" for note in recording.notes)
    if not recording.accounts:
        yield f"no TCP connection in {count(recording.packets, 'packet')}"
    yield _total(judged)


def _total(judged: "list[Account]") -> str:
    found: Counter[Severity] = Counter()
    for account in judged:
        for (_, severity, _), number in account.found.items():
            found[severity] += number
    messages = sum(said.total() for account in judged for said in account.messages.values())
    verdicts = (
        count(found[Severity.VIOLATION], "violation"),
        count(found[Severity.DEVIATION], "deviation"),
        f"{found[Severity.REDUNDANT]} redundant",
    )
    return f"{count(len(judged), 'connection')}, {count(messages, 'message')}: {', '.join(verdicts)}"


def _conversation(account: "Account", *, verbose: bool) -> Iterator[str]:
    sides = " → ".join(f"{account.address(side)} ({_client(account, side)})" for side in Side)
    yield f"{sides}"
    yield f"  torrent   {account.info_hash}; from packet {account.packet}, {format_duration(account.lasted)}"
    for side in Side:
        said = ", ".join(f"{number} {name}" for name, number in account.messages[side].most_common())
        yield f"  {side.value:<9} {format_size(account.bytes[side])}: {said or 'nothing'}"
    yield from _findings(account, verbose=verbose)
    if not account.sized and account.stopped is None:
        yield f"  note      {UNSIZED}"
    if account.stopped is not None:
        yield f"  note      not judged to its end: {account.stopped}"
    yield f"  end       {account.ended}"


def _client(account: "Account", side: Side) -> str:
    return shorten(account.clients.get(side) or "no handshake", NAME_WIDTH)


def _findings(account: "Account", *, verbose: bool) -> Iterator[str]:
    shown = [key for key in account.found if verbose or key[1] is not Severity.REDUNDANT]
    for rule, severity, side in sorted(shown, key=lambda key: (-key[1].gravity, key[0], key[2].value)):
        number = account.found[rule, severity, side]
        cases = [noted for noted in account.findings if _key(noted) == (rule, severity, side)]
        by = f"the {side.value} ({_client(account, side)})"
        source = f"; {cases[0].finding.section}" if cases else ""
        yield f"  {severity.value:<9} {rule}, {count(number, 'time')}, by {by}{source}"
        for noted in cases[:SHOWN]:
            yield f"    packet {noted.packet}, offset {noted.finding.offset}: {noted.finding.evidence}"
        if number > SHOWN:
            yield f"    and {number - min(len(cases), SHOWN)} more"


def _key(noted: "Noted") -> tuple[str, Severity, Side]:
    return noted.finding.rule, noted.finding.severity, noted.finding.sender


def as_document(recording: "Recording") -> dict[str, Any]:
    """What `--json` prints: bytes, seconds, packet numbers from 1."""
    return {
        "packets": recording.packets,
        "notes": list(recording.notes),
        "connections": [_as_object(account) for account in recording.accounts],
    }


def _as_object(account: "Account") -> dict[str, Any]:
    return {
        "packet": account.packet,
        "started": account.started,
        "seconds": account.lasted,
        "info_hash": None if account.info_hash is None else account.info_hash.hex(),
        "size_known": account.sized,
        "judged": account.judged,
        "not_read": account.unread,
        "stopped": account.stopped,
        "ended": account.ended,
        "sides": {
            side.value: {
                "address": str(account.address(side)),
                "peer_id": None if (peer_id := account.peer_ids.get(side)) is None else peer_id.hex(),
                "client": account.clients.get(side),
                "bytes": account.bytes[side],
                "messages": dict(account.messages[side]),
            }
            for side in Side
        },
        "found": [
            {"rule": rule, "severity": severity.value, "sender": side.value, "count": number}
            for (rule, severity, side), number in account.found.items()
        ],
        "findings": [_as_finding(noted) for noted in account.findings],
    }


def _as_finding(noted: "Noted") -> dict[str, Any]:
    finding = noted.finding
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "sender": finding.sender.value,
        "evidence": finding.evidence,
        "section": finding.section,
        "quote": finding.quote,
        "message": in_short(finding.message),
        "offset": finding.offset,
        "packet": noted.packet,
        "at": noted.at,
    }
