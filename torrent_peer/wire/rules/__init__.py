"""Every rule of the catalogue that can be decided from the wire: one module per BEP, one function per rule."""

from typing import Final

from torrent_peer.wire.rules import bep3, bep5, bep6, bep10, bep52
from torrent_peer.wire.rules.registry import Rule, RuleBook

__all__ = ["RULES", "Rule", "bep3", "bep5", "bep6", "bep10", "bep52"]

RULES: Final = RuleBook()
