"""What was said against a client, or against us, that nothing excuses."""

from tests.interop.clients.job import Client
from tests.interop.download import Outcome

KNOWN_QUIRKS: dict[str, dict[str, str]] = {
    "aria2": {
        "BF-02": "without fast, too, it sends a bitfield in place of many haves (checkHave), be it as its second word",
        "BF-03": "a bitfield in place of many haves whenever it is shorter (checkHave)",
        "PEX-05": "a peer that came twice since the last message is named twice, one that came and left in both lists",
        "REQ-07": "for the reason of REQ-09 more may cross a choke than fit in the queue (Q-16; not seen so far)",
        "REQ-09": "it forgets its requests at a choke, and asks again after the unchoke, though fast keeps them (Q-16)",
    },
    "libtorrent": {"PIECE-05": "blocks that were at the disk when it choked go out behind the choke (issue #6404)"},
    "qbittorrent": {"PIECE-05": "libtorrent's"},
}
"""Client → rule it is known to break in ordinary use → how; the catalogue of rules says so, too (`broken_by`)."""


def faults_in(outcome: Outcome, *clients: Client) -> list[str]:
    """What was found against these clients, or what we did wrong, save their known quirks."""
    excused = {rule for client in clients for rule in KNOWN_QUIRKS.get(client.name, ())}
    return [
        *(str(finding) for finding in outcome.findings if finding.counts and finding.rule not in excused),
        *outcome.faults,
    ]
