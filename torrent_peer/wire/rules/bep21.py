"""UO: `upload_only` as a message of its own; as a key of the extended handshake it is judged with the other keys."""

from torrent_peer.wire.messages import Malformed
from torrent_peer.wire.rules.bep3.framing import found_in_the_bytes
from torrent_peer.wire.rules.registry import rule
from torrent_peer.wire.severity import Severity

rule(
    "UO-01",
    Malformed,
    severity=Severity.DEVIATION,
    section="BEP 21, Extension Header",
    quote="Setting the value of this key to 1 indicates that this peer is not interested in downloading anything.",
    out_of_turn=True,
)(found_in_the_bytes("UO-01", "An upload_only message has one byte."))
