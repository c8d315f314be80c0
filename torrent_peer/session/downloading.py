"""From judged blocks to verified pieces: buffers, requests, the disk threads' verdicts, blame for bad pieces."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property, partial
from itertools import groupby
from operator import attrgetter
from time import monotonic
from typing import Final

import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.block import BLOCK_LENGTH, Block, BlockRow
from torrent_peer.core.values import define
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.net.disk import Disk
from torrent_peer.session.peer import Peer
from torrent_peer.storage.buffers import PieceBuffer, PieceBuffers
from torrent_peer.storage.store import StorageError, Store
from torrent_peer.strategy.around import AroundCache
from torrent_peer.strategy.bans import Ban, Contributions
from torrent_peer.strategy.picker import Picker
from torrent_peer.strategy.pipeline import MOST_DEPTH
from torrent_peer.wire.landing import Landing
from torrent_peer.wire.messages import Cancel, Piece
from torrent_peer.wire.piece_run import PieceRun

ENDGAME_PATIENCE: Final = 4.0
"""Seconds within which what a peer owes should come; else in the endgame it is asked of others, too. More than the
queues we keep are long: with most peers there is nothing to gain."""
RESCUE_PATIENCE: Final = 10.0
"""The same before the endgame, where others have nothing to do."""
BUFFER_MEMORY: Final = 32 * 1024 * 1024
"""Bytes of piece buffers in use at once; measured: a larger pool only costs memory. It is also the back-pressure: when
the disk is behind, no piece is opened and nothing is asked for."""
LEAST_OPEN_PIECES: Final = 4
"""However large the pieces are, as long as these fit into `LARGE_PIECE_MEMORY`."""
LARGE_PIECE_MEMORY: Final = 256 * 1024 * 1024
"""Bytes of piece buffers, or one piece if that is more."""
MOST_OPEN_PIECES: Final = 1024
"""However small they are."""
PIECES_PER_JOB: Final = 64
"""Small pieces are handed to the disk threads together: a hand-over costs about as much as hashing 64 KiB."""
BYTES_PER_JOB: Final = 2 * 1024 * 1024
"""A hand-over is large enough from here on; it is also what is written in one go where pieces lie side by side."""


def open_piece_limit(piece_length: int) -> int:
    """How many pieces may be in memory at once, unfinished or on their way to the disk."""
    least = max(1, min(LEAST_OPEN_PIECES, LARGE_PIECE_MEMORY // piece_length))
    return max(least, min(MOST_OPEN_PIECES, BUFFER_MEMORY // piece_length))


@define
class Written:
    """What a disk thread made of one piece."""

    piece: int
    buffer: PieceBuffer
    around: bool = False
    """Whether to write it around the page cache."""
    seconds: float = 0.0
    """What writing it took."""
    good: bool = False
    error: StorageError | None = None


class Downloading:
    """The fetching side of one torrent. Every method runs on the Trio thread and none waits."""

    def __init__(
        self,
        torrent: Torrent,
        picker: Picker[Peer],
        store: Store,
        disk: Disk,
        report: Callable[[list[Written]], None],
    ) -> None:
        self._torrent = torrent
        self._geometry = torrent.geometry
        self._picker = picker
        self._store = store
        self._disk = disk
        self._report = report
        self._open: dict[int, PieceBuffer] = {}
        self._buffers = PieceBuffers(torrent.geometry.piece_length, keep=BUFFER_MEMORY)
        self._full: list[Written] = []
        self.contributions: Contributions[Address] = Contributions()
        self.downloaded = 0
        """Payload bytes received."""
        self.wasted = 0
        """Payload bytes received twice, unasked, or in pieces that failed."""
        self.at_disk = 0
        """Pieces handed to the disk threads and not reported yet."""
        self._around = AroundCache()

    @cached_property
    def landing(self) -> Landing:
        """What blocks are received with, made when a peer sends many."""
        return Landing()

    def take(self, peer: Peer, runs: Iterable[PieceRun]) -> None:
        """Judged blocks, in the order they came: into their pieces' buffers, and on to the disk with what is whole.

        The hot path: all but the copying is done once a run.
        """
        for run in runs:
            piece, begin, length, count = run.row
            first = begin // BLOCK_LENGTH
            outcome = self._picker.received_run(peer, piece, first, count)
            if outcome is None:
                for message in run:
                    self.take_one(peer, message)
                continue
            peer.blocks += count
            run.copy_to(self._buffer(piece).data)
            self._keep(peer, piece, range(first, first + count), count * length, whole=outcome.piece_complete)

    def place(self, peer: Peer, row: BlockRow) -> Sequence[memoryview] | None:
        """Where to receive these blocks to, if the peer is asked for all of them and nobody else for any."""
        piece, begin, _, count = row
        first = begin // BLOCK_LENGTH
        if not self._picker.is_asked_alone(peer, piece, first, count):
            return None
        return self._buffer(piece).blocks[first : first + count]

    def take_placed(self, peer: Peer, rows: Iterable[BlockRow]) -> None:
        """Judged blocks that were received to where `place` said, a moment ago."""
        for piece, begin, length, count in rows:
            first = begin // BLOCK_LENGTH
            outcome = self._picker.received_run(peer, piece, first, count)
            assert outcome is not None
            peer.blocks += count
            self._keep(peer, piece, range(first, first + count), count * length, whole=outcome.piece_complete)

    def take_one(self, peer: Peer, message: Piece) -> None:
        """A block that may have been asked of others, too, or be here already, or of a piece nobody wants any more."""
        block, length = message.block, message.block.length
        peer.blocks += 1
        outcome = self._picker.received(peer, block)
        if outcome.duplicate:
            self._count(peer, length)
            self.wasted += length
            return
        self._buffer(block.piece).data[block.begin : block.end] = message.data
        first = block.begin // BLOCK_LENGTH
        self._keep(peer, block.piece, range(first, first + 1), length, whole=outcome.piece_complete)
        if outcome.others:
            self._cancel_at(outcome.others, block)

    def _buffer(self, piece: int) -> PieceBuffer:
        buffer = self._open.get(piece)
        if buffer is None:
            buffer = self._open[piece] = self._buffers.take()
        return buffer

    def _keep(self, peer: Peer, piece: int, blocks: range, length: int, *, whole: bool) -> None:
        """These blocks, by their numbers, were needed, and are in their piece's buffer now."""
        self._count(peer, length)
        self.contributions.record(peer.address, piece, blocks)
        if whole:
            self._full.append(Written(piece, self._open.pop(piece)))

    def _count(self, peer: Peer, length: int) -> None:
        peer.downloaded += length
        self.downloaded += length

    def flush(self) -> None:
        """Hand finished pieces to the disk threads; called once per received buffer."""
        while self._full:
            count = max(1, min(PIECES_PER_JOB, BYTES_PER_JOB // self._geometry.piece_length))
            batch, self._full = self._full[:count], self._full[count:]
            around = self._around.wanted(self.at_disk * self._geometry.piece_length)
            for written in batch:
                written.around = around
            self.at_disk += len(batch)
            self._disk.submit(partial(self._verify_and_write, batch), partial(self._report, batch))

    def ask(
        self,
        peer: Peer,
        *,
        now: float,
        peers: int = 1,
        allowed: Collection[int] | None = None,
        rescue: bool = False,
    ) -> None:
        """Fill the pipeline of one of `peers`: all requests of a refill in one buffer. `rescue`: see `Picker.pick`."""
        requests = peer.connection.ours.requests
        missing = self._picker.remaining * self._geometry.piece_length // BLOCK_LENGTH
        share = missing // peers if peers > 1 else MOST_DEPTH
        room = peer.pipeline.room(requests.waiting, share=share, now=now)
        if room <= 0:
            return
        whole = peer.pipeline.takes_whole_pieces(self._geometry.piece_length, now=now)
        seconds = ENDGAME_PATIENCE if self._picker.endgame else RESCUE_PATIENCE
        blocks = self._picker.pick(
            peer,
            room,
            allowed=allowed,
            whole_pieces=whole,
            rescue=rescue,
            patience=lambda other, owed: _comes_within(seconds, other, owed, now=now),
        )
        for piece in self._picker.take_dropped():
            self._give_up(piece)
        if not requests.live.keys().isdisjoint(blocks):
            # Asked, cancelled, asked again and sent once, in a piece that then failed: one answer is still to come.
            blocks = [block for block in blocks if not requests.is_waiting(block)]
        if blocks:
            peer.request(blocks, now=now)

    def piece_size(self, piece: int) -> int:
        """Bytes."""
        return self._geometry.piece_size(piece)

    def settled(self, written: Written) -> list[Ban[Address]]:
        """A disk thread's verdict on a piece has arrived: keep or blame, and take the buffer back."""
        self.at_disk -= 1
        piece = written.piece
        view = written.buffer.data[: self._geometry.piece_size(piece)]
        bans: list[Ban[Address]] = []
        if written.around:
            self._around.took(len(view), written.seconds)
        if written.good:
            bans = self.contributions.piece_verified(piece, view)
            self._picker.verified(piece)
        elif written.error is None:
            self.wasted += len(view)
            bans = self.contributions.piece_failed(piece, view)
            self._picker.failed(piece)
        else:
            self.contributions.forget(piece)
            self._picker.failed(piece)
        view.release()
        self._buffers.give_back(written.buffer)
        return bans

    def drop_buffers(self) -> None:
        """Nothing more will be fetched: free the memory."""
        self._open.clear()
        self._buffers.drop()

    def _give_up(self, piece: int) -> None:
        self.contributions.forget(piece)
        if (buffer := self._open.pop(piece, None)) is not None:
            self._buffers.give_back(buffer)

    def _cancel_at(self, others: Iterable[Peer], block: Block) -> None:
        for other in others:
            if other.connection.ours.requests.is_waiting(block):
                other.say(Cancel(block))
                other.flush(now=trio.current_time())

    def _verify_and_write(self, batch: list[Written]) -> None:
        """On a disk thread: hash the very bytes that are written, and write only what is right."""
        right: list[tuple[Written, memoryview]] = []
        for written in sorted(batch, key=attrgetter("piece")):
            data = written.buffer.data[: self._geometry.piece_size(written.piece)]
            if hashlib.sha1(data).digest() == self._torrent.piece_hash(written.piece):
                right.append((written, data))
        for _, run in groupby(enumerate(right), lambda entry: entry[1][0].piece - entry[0]):  # one behind the other
            pieces, views = zip(*[entry for _, entry in run], strict=True)
            self._write(pieces, views)

    def _write(self, run: Sequence[Written], data: Sequence[memoryview]) -> None:
        begun = monotonic()
        error: StorageError | None = None
        try:
            self._store.write_pieces(run[0].piece, data, around=run[0].around)
        except StorageError as found:
            error = found
        seconds = (monotonic() - begun) / len(run)
        for written in run:
            written.error, written.good, written.seconds = error, error is None, seconds


def _comes_within(seconds: float, peer: Peer, owed: int, *, now: float) -> bool:
    """Whether that many blocks can be expected of the peer, by its rate; by its silence if it has sent none yet."""
    if peer.ages.is_snubbing:
        return False
    rate = peer.pipeline.rate(now=now)
    return peer.ages.silence(now=now) < seconds and (not rate or owed * BLOCK_LENGTH <= rate * seconds)
