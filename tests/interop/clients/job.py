"""What a client is told when it is to seed or to download, and what it has to be able to do."""

from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from tests.interop.network import Network
from tests.interop.programs import Program, require


@frozen
class Job:
    """A torrent, its content below `content`, there or to come; talk from `host`:`port`, write below `directory`."""

    network: Network
    host: str
    torrent: Path
    content: Path
    port: int
    directory: Path
    rate: int = 0
    """Bytes per second it may send, and as many it may receive; 0: as fast as it can. Multiples of 1024."""
    slots: int = 0
    """Peers it may serve at once; 0: as many as it likes. aria2 and ctorrent have no such option."""
    hasty: bool = False
    """Whether the peers it serves change every few seconds. Only libtorrent can be told."""
    stingy: bool = False
    """Whether it serves nobody, but for what it allows those it chokes (BEP 6). Only libtorrent can be told."""
    one_file: bool = False
    """Whether it wants the first file only. Only libtorrent can be told."""
    pex: bool = False
    """Whether it exchanges peers with peers. libtorrent always does, ctorrent cannot."""
    magnet: str | None = None
    """A link to start from in place of the torrent. ctorrent takes none."""

    def start(self, name: str, argv: list[str]) -> Program:
        """Start the client's program for this job."""
        return Program.start(self.network, name, argv, directory=self.directory)


@frozen
class Client:
    """A BitTorrent client that nobody here wrote."""

    name: str
    calls_itself: str
    """Part of the name our client reports for it."""
    program: str
    """The program that must be on the PATH; "" for a Python package that the test extra installs."""
    seed: Callable[[Job], Program]
    """Start seeding, in plain TCP and with nothing but the torrent's tracker to find peers."""
    leech: Callable[[Job], Program]
    """Start downloading in the same way."""
    udp_trackers: bool = True
    """Whether it announces itself to a UDP tracker."""

    def require(self) -> None:
        """Skip or fail the test when the client is not here."""
        if self.program:
            require(self.program)
