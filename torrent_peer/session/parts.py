"""The working parts of one torrent, and how they are wired to each other."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final, Protocol

from torrent_peer.core.addresses import Address
from torrent_peer.core.ids import PeerId
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.announcer import Announcer, TrackerState, TransferStats
from torrent_peer.net.disk import Disk
from torrent_peer.net.network import Network
from torrent_peer.net.source_address import SourceAddress
from torrent_peer.session.address_book import Source
from torrent_peer.session.block_buffers import BlockBuffers
from torrent_peer.session.content import Content
from torrent_peer.session.downloading import Downloading, Written, open_piece_limit
from torrent_peer.session.events import Event, PeerClosed, TrackerAnswered, TrackerFailed
from torrent_peer.session.exchange import Exchange
from torrent_peer.session.options import SessionOptions, TorrentOptions
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.revealing import Revealing
from torrent_peer.session.serving import Serving
from torrent_peer.session.swarm import Swarm
from torrent_peer.session.turns import Turns
from torrent_peer.storage.pool import FilePool
from torrent_peer.strategy.picker import Picker
from torrent_peer.strategy.slots import Slots
from torrent_peer.strategy.suggestions import Suggestions
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.side import Side

if TYPE_CHECKING:
    from torrent_peer.strategy.super_seeding import SuperSeeding

REQUEST_QUEUE: Final = 500
"""Requests we take without dropping any, told as `reqq`. Transmission: 500."""


class Shared(Protocol):
    """What the torrents of one session have in common."""

    options: SessionOptions
    peer_id: PeerId
    dice: Random
    network: Network
    blocks: BlockBuffers
    disk: Disk
    pool: FilePool
    download_limit: RateLimit
    upload_limit: RateLimit
    leaving: Turns
    slots: Slots
    port: int | None
    began: float

    def room(self) -> int:
        """Connections that may still be made, all torrents together."""


class Parts:
    """What a torrent works with from the moment the disk has been looked at."""

    def __init__(
        self,
        shared: Shared,
        torrent: Torrent,
        content: Content,
        options: TorrentOptions,
        *,
        report: Callable[[Event], None],
        disk_reports: Callable[[list[Written]], None],
    ) -> None:
        self._shared = shared
        self._torrent = torrent
        self._report = report
        self.content = content
        source = SourceAddress.parse(shared.options.bind)
        self.picker: Picker[Peer] = Picker(
            torrent.geometry,
            have=content.have,
            wanted=content.have if options.read_only else content.wanted,
            dice=shared.dice,
            sequential=options.sequential,
            open_limit=open_piece_limit(torrent.geometry.piece_length),
        )
        self.downloading = Downloading(torrent, self.picker, content.store, shared.disk, disk_reports)
        self.serving = Serving(
            content.store,
            slots=shared.slots.share(shared.options.upload_slots),
            limit=shared.upload_limit.share(),
            dice=shared.dice,
            buffers=shared.blocks,
            run=shared.disk.run,
            suggestions=Suggestions(self.picker.spread, have=content.have, dice=shared.dice),
        )
        self.exchange = Exchange(
            have=content.have,
            picker=self.picker,
            downloading=self.downloading,
            serving=self.serving,
            revealing=Revealing(content.have, self._hidden() if options.super_seed else None),
            download_limit=shared.download_limit.share(),
            leaving=shared.leaving,
            listen_port=shared.port,
            report=report,
        )
        self.exchange.verified_bytes = sum(map(torrent.geometry.piece_size, content.have & content.wanted))
        self.swarm = self.exchange.swarm = Swarm(
            self.exchange,
            connection=self._new_connection,
            dial=partial(shared.network.dial, source=source),
            max_peers=options.max_peers,
            room=shared.room,
            on_conversation=self._transcribe,
            on_farewell=lambda farewell: report(PeerClosed(farewell)),
        )
        self.announcer = Announcer(
            torrent.trackers if options.trackers is None else options.trackers,
            info_hash=torrent.info_hash,
            peer_id=shared.peer_id,
            port=shared.port or 0,
            stats=self._transfer_stats,
            on_peers=self._learn,
            on_change=self._tracker_changed,
            dice=shared.dice,
            private=torrent.private,
            source=source,
            ask=shared.network.ask,
        )

    @property
    def left(self) -> int:
        """Wanted bytes not yet verified."""
        return max(0, self.content.wanted_bytes - self.exchange.verified_bytes)

    def _hidden(self) -> "SuperSeeding[Peer] | None":
        """What decides which piece is revealed to whom; None when something is missing: then nothing is hidden."""
        if not self.content.have.is_full:
            return None
        from torrent_peer.strategy.super_seeding import SuperSeeding

        return SuperSeeding(
            self.picker.spread,
            pieces=self._torrent.geometry.piece_count,
            piece_length=self._torrent.geometry.piece_length,
            dice=self._shared.dice,
        )

    def _new_connection(self) -> PeerConnection:
        return PeerConnection(
            side=Side.DIALER,
            peer_id=self._shared.peer_id,
            info_hash=self._torrent.info_hash,
            geometry=self._torrent.geometry,
            profile=self._shared.options.profile,
            request_queue=REQUEST_QUEUE,
        )

    def _transcribe(self, peer: Peer) -> None:
        """A conversation begins: if a transcript is wanted, every message of it is reported."""
        if self._shared.options.transcript:
            from torrent_peer.session.transcribing import transcribe

            transcribe(peer, self._report, began=self._shared.began)

    def _learn(self, addresses: Sequence[Address], url: str) -> None:
        self.swarm.learn(addresses, Source.TRACKER)

    def _tracker_changed(self, state: TrackerState) -> None:
        if state.error is not None:
            self._report(TrackerFailed(state.url, state.error))
        elif state.answered:
            self._report(TrackerAnswered(state.url, state.peers, state.seeders, state.leechers, state.warning))

    def _transfer_stats(self) -> TransferStats:
        return TransferStats(uploaded=self.serving.uploaded, downloaded=self.downloading.downloaded, left=self.left)
