"""What a capture of real clients tells: their messages by kind, and what they did that nothing excuses."""

from collections import Counter
from pathlib import Path

from attrs import define, field

from tests.interop.clients.catalogue import CLIENTS
from tests.interop.samples import Sample
from tests.interop.verdict import KNOWN_QUIRKS
from torrent_peer.capture.account import Account
from torrent_peer.capture.recording import Recording, judge
from torrent_peer.core.client_names import client_name
from torrent_peer.metainfo.torrent import parse_torrent
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.side import Side

UNAVOIDABLE = "the listener never answered the handshake"
"""The one reason not to judge a conversation to its end that is nobody's fault."""


@define
class Judgement:
    """Several captures, taken together."""

    messages: Counter[str] = field(factory=Counter)
    """Kind → how many."""
    conversations: Counter[tuple[str, str]] = field(factory=Counter)
    """(who dialled, who listened) → how many that were judged."""
    quirks: Counter[tuple[str, str]] = field(factory=Counter)
    """(client, rule) → how often it was broken, as it is known to be."""
    faults: list[str] = field(factory=list)
    """Everything else that is more than redundant, and every conversation that could not be judged to its end."""

    def add(self, path: Path, sample: Sample) -> Recording:
        """Judge one more capture of the sample's transfer."""
        torrent = parse_torrent(b"d4:info%se" % sample.info)
        with path.open("rb") as file:
            recording = judge(file, {torrent.info_hash: torrent.geometry})
        self.faults += [f"{path.name}: {note}" for note in recording.notes]
        for account in recording.accounts:
            if account.judged:
                self._add(account, path.name)
        return recording

    def take(self, other: "Judgement") -> None:
        """What another judgement has found, too."""
        self.messages += other.messages
        self.conversations += other.conversations
        self.quirks += other.quirks
        self.faults += other.faults

    def _add(self, account: Account, name: str) -> None:
        names = {side: program_of(account, side) for side in Side}
        self.conversations[names[Side.DIALER], names[Side.LISTENER]] += 1
        for said in account.messages.values():
            self.messages.update(said)
        if account.stopped not in (None, UNAVOIDABLE):
            self.faults.append(f"{name}, packet {account.packet}: {account.stopped}")
        for (rule, severity, side), count in account.found.items():
            if severity is Severity.REDUNDANT:
                continue
            if severity is Severity.DEVIATION and rule in KNOWN_QUIRKS.get(names[side], {}):
                self.quirks[names[side], rule] += count
                continue
            first = next(noted for noted in account.findings if noted.finding.rule == rule)
            against = f"{names[side]} to {names[side.other]}"
            self.faults.append(f"{name}, packet {first.packet}, {against}, {count} times: {first.finding}")


def program_of(account: Account, side: Side) -> str:
    """The name in our catalogue of the client on this side, by its peer id."""
    peer_id = account.peer_ids.get(side)
    called = "" if peer_id is None else client_name(peer_id)
    return next((client.name for client in CLIENTS if client.calls_itself in called), called or "nobody")
