"""The message of BEP 21, partial seeds; the same can be said in the extended handshake."""

from torrent_peer.core.values import frozen


@frozen
class UploadOnly:
    """Whether the sender is "not interested in downloading anything", from now on."""

    upload_only: bool
