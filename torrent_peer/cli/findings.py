"""What the referee noted, counted, in one line."""

from collections.abc import Mapping
from typing import Final

from torrent_peer.cli.units import count
from torrent_peer.wire.severity import Severity

KINDS: Final = (
    (Severity.VIOLATION, "violation"),
    (Severity.DEVIATION, "deviation"),
    (Severity.REDUNDANT, "pointless message"),
)
MOST_RULES: Final = 8
"""Named; the rest is counted."""


def findings_line(rules: Mapping[str, int], severities: Mapping[Severity, int]) -> str:
    """ "1 violation, 2 deviations: BF-03 ×2, PIECE-05": the rule noted most comes first."""
    ranked = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{rule} ×{number}" if number > 1 else rule for rule, number in ranked[:MOST_RULES])
    more = f" and {len(ranked) - MOST_RULES} more" if len(ranked) > MOST_RULES else ""
    kinds = ", ".join(count(severities[severity], words) for severity, words in KINDS if severities.get(severity))
    return f"{kinds}: {shown}{more}"
