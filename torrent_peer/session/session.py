"""A session: what all torrents of one process share, and the port on which peers find them."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from random import Random

import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import InfoHash
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.disk import Disk, DiskThreads
from torrent_peer.net.identity import new_peer_id
from torrent_peer.net.network import Door, Network, Tcp
from torrent_peer.net.transport import Transport
from torrent_peer.session.block_buffers import BlockBuffers
from torrent_peer.session.events import DoorTrouble, Event
from torrent_peer.session.liveness import HANDSHAKE_TIMEOUT
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.strangers import Strangers
from torrent_peer.session.torrent import TorrentRun
from torrent_peer.session.turns import Turns
from torrent_peer.storage.pool import FilePool
from torrent_peer.strategy.slots import Slots
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.connection import NEED_DATA, InfoHashReceived, PeerConnection
from torrent_peer.wire.errors import ProtocolError
from torrent_peer.wire.side import Side


class Session:
    """Holds what torrents share; made by `open_session`."""

    def __init__(
        self, options: SessionOptions, nursery: trio.Nursery, network: Network, disk: Disk, pool: FilePool
    ) -> None:
        self.options = options
        self.peer_id = new_peer_id()
        self.dice = Random(secrets.randbits(64))
        self.network = network
        self.blocks = BlockBuffers(gap=PIECE_HEADER_LENGTH)
        self.disk = disk
        self.pool = pool
        self.download_limit = RateLimit(options.download_limit)
        self.upload_limit = RateLimit(options.upload_limit)
        self.leaving = Turns()
        self.slots = Slots(options.max_upload_slots)
        self.port: int | None = None
        """The TCP port peers are accepted on; None when none are."""
        self.turned_away: Counter[str] = Counter()
        """Rule → strangers that broke it, before it was known what they came for."""
        self.began = trio.current_time()
        self._nursery = nursery
        self._runs: dict[InfoHash, TorrentRun] = {}
        self._strangers = Strangers()

    def add(
        self,
        torrent: Torrent,
        root: Path,
        options: TorrentOptions | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> TorrentRun:
        """Start a torrent whose content lives under `root`; `on_event` is told everything and must be quick.

        Raises ValueError when the torrent runs in this session already.
        """
        if torrent.info_hash in self._runs:
            raise ValueError(f"{torrent.info_hash} runs already")
        run = TorrentRun(self, torrent, root, options or TorrentOptions(), on_event or _nobody)
        self._runs[torrent.info_hash] = run
        self._nursery.start_soon(self._run, run)
        return run

    async def _run(self, run: TorrentRun) -> None:
        try:
            await run.run()
        finally:
            del self._runs[run.torrent.info_hash]

    def room(self) -> int:
        """Connections that may still be made, all torrents together."""
        return self.options.max_peers - sum(run.connections for run in self._runs.values())

    async def accept(self, door: Door) -> None:
        """Take peers in until cancelled."""
        async with trio.open_nursery() as nursery:
            await door.serve(
                lambda transport, address: nursery.start_soon(self._greet, transport, address), self._complain
            )

    def _complain(self, reason: str) -> None:
        for run in self._runs.values():
            run.tell(DoorTrouble(reason))

    async def stop(self) -> None:
        """Ask every torrent to end, and wait until they have."""
        runs = list(self._runs.values())
        for run in runs:
            run.stop()
        for run in runs:
            await run.finished()

    async def _greet(self, transport: Transport, address: Address) -> None:
        """Read until the stranger names a torrent, and hand it over; close without a word if it is none of ours."""
        connection = PeerConnection(side=Side.LISTENER, peer_id=self.peer_id, profile=self.options.profile)
        admitted = False
        try:
            with self._strangers.received(address.host), trio.move_on_after(HANDSHAKE_TIMEOUT):
                info_hash = await _info_hash(transport, connection)
                run = self._runs.get(info_hash) if info_hash is not None else None
                if info_hash is not None and run is None:
                    self.turned_away[connection.refuse_info_hash().rule] += 1
                if run is not None:
                    await run.checked()
                    admitted = run.admit(address, connection, transport)
        except ProtocolError as error:
            self.turned_away[error.violation.rule] += 1
        except OSError:
            pass  # nobody we know: nothing to tell anybody
        finally:
            if not admitted:
                await transport.aclose()


async def _info_hash(transport: Transport, connection: PeerConnection) -> InfoHash | None:
    while True:
        # Copied: what follows the handshake is worked through later, by the torrent's own task.
        data = bytes(await transport.receive())
        connection.receive_data(data)
        event = connection.next_event()
        if type(event) is InfoHashReceived:
            return event.info_hash
        if event is not NEED_DATA:
            return None


@asynccontextmanager
async def open_session(
    options: SessionOptions | None = None,
    *,
    network: Network | None = None,
    disk: AbstractContextManager[Disk] | None = None,
) -> AsyncIterator[Session]:
    """A running session; leaving the block stops its torrents. Raises ListenError when no port can be had.

    `network` and `disk` are this machine's TCP and a few threads, unless something else is put in their place.
    """
    options = options or SessionOptions()
    network = network or Tcp()
    door = await network.listen(options.listen_host, options.listen_ports) if options.listen_ports else None
    try:
        with disk or DiskThreads() as workers, FilePool() as pool:
            async with trio.open_nursery() as nursery:
                session = Session(options, nursery, network, workers, pool)
                if door is not None:
                    session.port = door.port
                    nursery.start_soon(session.accept, door)
                try:
                    yield session
                finally:
                    await session.stop()
                    nursery.cancel_scope.cancel()
    finally:
        if door is not None:
            door.close()


def _nobody(event: Event) -> None:
    """Nobody listens."""
