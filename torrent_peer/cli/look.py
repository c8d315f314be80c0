"""One look at a torrent: its status, and what only those who followed it know."""

from collections.abc import Mapping, Sequence

from attrs import field

from torrent_peer.core.values import frozen
from torrent_peer.session.status import TorrentStatus
from torrent_peer.wire.severity import Severity


@frozen(kw_only=True)
class Look:
    """What progress is shown from."""

    status: TorrentStatus
    checked: float | None = None
    """The share hashed while what is on disk is checked, 0…1."""
    check_left: float | None = None
    """Seconds that takes, by what it took so far."""
    rules: Mapping[str, int] = field(factory=dict)
    """Rules that were bent → how often."""
    severities: Mapping[Severity, int] = field(factory=dict)
    lately: Sequence[tuple[float, str]] = ()
    """What was worth a word: seconds ago, line; not escaped."""
