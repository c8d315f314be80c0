"""Who we are to other peers: an id nobody can guess."""

import secrets
from typing import Final

from torrent_peer.core.ids import PEER_ID_LENGTH, PeerId

PREFIX: Final = b"-TP0100-"
"""Client code and version in the custom of BEP 20."""


def new_peer_id() -> PeerId:
    """A fresh id from the system's own randomness."""
    return PeerId(PREFIX + secrets.token_bytes(PEER_ID_LENGTH - len(PREFIX)))
