"""HASH: the messages of version 2 torrents, as far as a version 1 connection must know them."""

from torrent_peer.wire.messages import Unknown
from torrent_peer.wire.phases import Phase
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity
from torrent_peer.wire.state import Direction

_NAMES = {21: "hash_request", 22: "hashes", 23: "hash_reject"}


@rule("HASH-01", Unknown, severity=Severity.VIOLATION, section="BEP 52, New Messages", out_of_turn=True)
def hashes_need_version_2(way: Direction, message: Unknown, crossed: bool) -> str | None:
    """Hashes are asked for and sent only if both sides speak version 2; this program does not."""
    if way.sender.phase in (Phase.READY, Phase.ACTIVE) and message.id in _NAMES:
        return f"{_NAMES[message.id]} on a connection that does not speak version 2"
    return None
