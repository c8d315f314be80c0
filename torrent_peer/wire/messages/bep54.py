"""The message of BEP 54, `lt_donthave`."""

from torrent_peer.core.values import frozen


@frozen
class DontHave:
    """The sender no longer has `piece`, which it once announced."""

    piece: int
