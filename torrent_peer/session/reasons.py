"""Why a peer hung up without a word: what the evidence allows to say, ranked, and no more."""

from attrs import frozen


@frozen
class Likely:
    """One possible reason."""

    reason: str
    confidence: float
    """0…1; a guess stays below 0.5."""
    evidence: str
