"""Frames that are no message of any BEP known here; they exist so that decoding is total."""

from attrs import field

from torrent_peer.core.values import frozen


@frozen
class Unknown:
    """A whole frame whose message id nobody has defined."""

    id: int
    payload: bytes = field(repr=lambda data: f"<{len(data)} bytes>")


@frozen
class Malformed:
    """A frame that cannot be the message its id announces; found at its header where that suffices."""

    id: int | None
    """The message id, `None` when the frame never got that far (a wrong handshake, a hostile length)."""
    length: int
    """The length its prefix announces, id included, bytes; 0 for a handshake, which has no such prefix."""
    rule: str
    """Id of the rule that names the fault (`FR-02`, `FR-03`, …)."""
    reason: str
    """What is wrong, in words with figures."""
