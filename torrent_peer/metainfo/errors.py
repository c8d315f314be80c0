"""What a torrent file can be refused for, in one line for the user."""


class TorrentError(ValueError):
    """A torrent that cannot be used (or made): what is wrong, and under which key."""

    def __init__(self, reason: str, key: str = "") -> None:
        super().__init__(f"{key}: {reason}" if key else reason)
        self.reason = reason
        """What is wrong, without the place."""
        self.key = key
        """Where, like `info.files[3].length`; empty when it is the whole file."""
