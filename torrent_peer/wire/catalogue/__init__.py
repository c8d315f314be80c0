"""Every rule explained: what to do instead, what may race, what clients do, an example that breaks it and one that not.

Beside `wire/rules/`, file by file, so that a rule stays five lines; keyed by the rule's id.
"""

from collections.abc import Mapping
from typing import Final

from torrent_peer.wire.catalogue import bep3, bep5, bep6, bep9, bep10, bep11, bep21, bep52, bep54, bep55
from torrent_peer.wire.catalogue.elsewhere import ELSEWHERE
from torrent_peer.wire.catalogue.entry import Clients, Entry
from torrent_peer.wire.catalogue.exchange import Example, Scene, Step

__all__ = ["CATALOGUE", "ELSEWHERE", "Clients", "Entry", "Example", "Scene", "Step"]

_CHAPTERS: Final = (
    bep3.handshake,
    bep3.framing,
    bep3.choking,
    bep3.availability,
    bep3.requests,
    bep3.cancels,
    bep3.blocks,
    bep6,
    bep10,
    bep9,
    bep11,
    bep5,
    bep21,
    bep52,
    bep54,
    bep55,
)

CATALOGUE: Final[Mapping[str, Entry]] = {entry.rule: entry for chapter in _CHAPTERS for entry in chapter.ENTRIES}
"""By rule id, in reading order."""
