"""How grave it is to break a rule. Severity belongs to the rule; what to do about it belongs to the policy."""

from enum import Enum


class Severity(Enum):
    """From grave to harmless."""

    VIOLATION = "violation"
    """No honest peer can cause it, whatever crossed on the wire."""
    DEVIATION = "deviation"
    """Against the letter, but deployed clients do it in ordinary use."""
    REDUNDANT = "redundant"
    """Legal and pointless."""

    @property
    def gravity(self) -> int:
        """Higher is worse, for comparing."""
        return _GRAVITY[self]


_GRAVITY = {Severity.VIOLATION: 3, Severity.DEVIATION: 2, Severity.REDUNDANT: 1}
