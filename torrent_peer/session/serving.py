"""The giving side of one torrent: who is unchoked, and blocks from disk to the wire; one writer per peer at need."""

from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from typing import Final

import trio

from torrent_peer.core.block import Block
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.storage.store import StorageError, Store
from torrent_peer.strategy.choker import Candidate, Rounds, may_unchoke_now
from torrent_peer.wire.messages import Choke, Reject, Request, Unchoke

BLOCKS_PER_READ: Final = 16
"""Blocks read from disk and written to the socket together."""
BACKLOG_LIMIT: Final = 256 * 1024
"""Bytes unsent beyond which nothing more is read from disk for a peer: a slow reader costs us no more than this."""


class Serving:
    """Unchokes, and answers requests."""

    def __init__(self, store: Store, *, slots: int, limit: RateLimit, dice: Random) -> None:
        self._store = store
        self._slots = slots
        self._limit = limit
        self._rounds: Rounds[Peer] = Rounds(slots=slots, dice=dice)
        self.uploaded = 0
        """Payload bytes sent."""

    def asked(self, peer: Peer, request: Request) -> None:
        """A legal request has come: it waits in the connection's own queue until the writer gets to it."""
        peer.requests += 1

    def refuse(self, peer: Peer, block: Block) -> None:
        """Answer a request that will not be served: with `reject` where that exists, else with silence (BEP 3)."""
        if peer.connection.fast:
            peer.say(Reject(block))

    def interest_changed(self, peer: Peer, peers: Iterable[Peer]) -> None:
        """A free slot is given at once; slots in use change hands only in rounds."""
        now = trio.current_time()
        unchoked = sum(1 for p in peers if not p.connection.ours.choking and p.connection.theirs.interested)
        if may_unchoke_now(_candidate(peer, seeding=False, now=now), unchoked=unchoked, slots=self._slots, now=now):
            self._unchoke(peer, now=now)

    def rechoke(self, peers: Sequence[Peer], *, seeding: bool, now: float) -> None:
        """One round of choking."""
        greeted = [peer for peer in peers if peer.greeted and peer.ending is None]
        candidates = [_candidate(peer, seeding=seeding, now=now) for peer in greeted]
        unchoked = self._rounds.turn(candidates, seeding=seeding, now=now)
        for peer in greeted:
            peer.optimistic = peer is self._rounds.optimistic
            if peer in unchoked and peer.connection.ours.choking:
                self._unchoke(peer, now=now)
            elif peer not in unchoked and not peer.connection.ours.choking:
                self._choke(peer, now=now)
            peer.flush(now=now)

    async def write(self, peer: Peer) -> None:
        """The peer's writer: empty the backlog, answer what is asked, end when there is nothing left to do."""
        connection, transport = peer.connection, peer.transport
        peer.writing = True
        try:
            while peer.ending is None:
                await transport.drain(below=BACKLOG_LIMIT)
                blocks = list(islice(connection.requested, BLOCKS_PER_READ))
                if blocks and not peer.ending:
                    await self._limit.take(sum(block.length for block in blocks))
                    await self._serve(peer, blocks)
                elif transport.backlog:
                    await transport.drain()
                else:
                    return
        finally:
            peer.writing = False

    async def _serve(self, peer: Peer, blocks: Sequence[Block]) -> None:
        connection = peer.connection
        try:
            data = await trio.to_thread.run_sync(lambda: [self._store.read(block) for block in blocks])
        except StorageError as error:
            self._cannot_read(peer, blocks, error)
            return
        if peer.ending is not None:
            return
        now = trio.current_time()
        peer.flush(now=now)
        parts: list[bytes] = []
        sent = 0
        for block, payload in zip(blocks, data, strict=True):
            # A choke or a cancel may have come between the reading and now: judged when written, not when queued.
            if block not in connection.requested:
                continue
            if connection.may_send_piece(block):
                parts += (connection.piece_header(block), payload)
                sent += block.length
            else:
                self.refuse(peer, block)
        peer.transport.write(b"".join(parts))
        peer.flush(now=now)
        peer.clocks.sent = peer.clocks.payload = now
        peer.uploaded += sent
        self.uploaded += sent
        peer.upload_rate.add(sent, now=now)

    def _cannot_read(self, peer: Peer, blocks: Sequence[Block], error: StorageError) -> None:
        """Refuse what cannot be read; without `reject` only a choke takes requests off the queue (BEP 3)."""
        now = trio.current_time()
        peer.last_word = str(error)
        if peer.connection.fast:
            for block in blocks:
                if block in peer.connection.requested:
                    self.refuse(peer, block)
        elif not peer.connection.ours.choking:
            self._choke(peer, now=now)
        peer.flush(now=now)

    def _unchoke(self, peer: Peer, *, now: float) -> None:
        if peer.say(Unchoke()):
            peer.unchoked_since = now

    def _choke(self, peer: Peer, *, now: float) -> None:
        queued = list(peer.connection.requested)
        if peer.say(Choke()):
            peer.unchoked_since, peer.choked_since = None, now
            for block in queued:
                self.refuse(peer, block)


def _candidate(peer: Peer, *, seeding: bool, now: float) -> Candidate[Peer]:
    return Candidate(
        peer=peer,
        interested=peer.connection.theirs.interested,
        rate=(peer.upload_rate if seeding else peer.download_rate).rate(now=now),
        unchoked_since=peer.unchoked_since,
        choked_since=peer.choked_since,
        connected_since=peer.clocks.connected,
        snubbing=peer.ages.is_snubbing,
    )
