"""Every rule of the catalogue that can be decided from the wire: one module per BEP, one function per rule."""

from typing import Final

from torrent_peer.wire.rules import bep3, bep5, bep6, bep9, bep10, bep11, bep21, bep52, bep54, bep55
from torrent_peer.wire.rules.registry import Rule, RuleBook

__all__ = ["RULES", "Rule", "bep3", "bep5", "bep6", "bep9", "bep10", "bep11", "bep21", "bep52", "bep54", "bep55"]

RULES: Final = RuleBook()
