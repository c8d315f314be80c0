"""What was said against a client, or against us, that nothing excuses."""

from tests.interop.clients.job import Client
from tests.interop.download import Outcome

KNOWN_QUIRKS: dict[str, frozenset[str]] = {"aria2": frozenset({"BF-03"})}
"""Client → rules it is known to break in ordinary use; the catalogue of rules says who and why (`broken_by`)."""


def faults_in(outcome: Outcome, *clients: Client) -> list[str]:
    """What was found against these clients, or what we did wrong, save their known quirks."""
    excused = {rule for client in clients for rule in KNOWN_QUIRKS.get(client.name, ())}
    return [
        *(str(finding) for finding in outcome.findings if finding.counts and finding.rule not in excused),
        *outcome.faults,
    ]
