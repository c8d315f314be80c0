"""What the global options say, wherever on the command line they stood."""

from pathlib import Path

from torrent_peer.cli.params import Listen
from torrent_peer.core.values import define


@define
class Settings:
    """The global options of one run; each field is one flag of the same name."""

    quiet: bool = False
    """Say nothing but errors."""
    verbose: int = 0
    """1: peers and trackers as they come and go, and the peer table; 2: findings, and tracebacks of bugs."""
    log_file: Path | None = None
    """Where to append everything `-vv` would say, with the time."""
    progress: str = "auto"
    """How to show progress on stderr: auto, bar, line, json, none."""
    json: bool = False
    """Results and events as JSON on stdout; everything for people on stderr."""
    no_color: bool = False
    """Whether colour is unwanted; `NO_COLOR` in the environment says the same."""
    transcript: Path | None = None
    """Where to write every message of every connection, JSON lines."""
    listen: Listen | None = None
    """Where to accept peers; `None`: the session's own choice."""
    bind: str | None = None
    """Source address or interface of connections we dial."""
    download_limit: int | None = None
    """Bytes per second."""
    upload_limit: int | None = None
    """Bytes per second."""
