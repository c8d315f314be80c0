"""The giving side of one torrent: who is unchoked, and blocks from disk to the wire; one writer per peer at need."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from random import Random

import trio

from torrent_peer.core.block import Block
from torrent_peer.net.disk import Run, on_a_thread
from torrent_peer.session.block_buffers import BATCH_BLOCKS, BlockBuffers
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.storage.blocks import read_blocks, read_cached_blocks
from torrent_peer.storage.store import StorageError, Store
from torrent_peer.strategy.allowed_fast import pieces_to_allow
from torrent_peer.strategy.choker import Candidate, Rounds, fill_slots, may_unchoke_now
from torrent_peer.strategy.slots import SlotShare
from torrent_peer.strategy.suggestions import Suggestions
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.errors import LocalProtocolError
from torrent_peer.wire.messages import AllowedFast, Choke, Reject, Suggest, Unchoke


class Serving:
    """Unchokes, and answers requests."""

    def __init__(
        self,
        store: Store,
        *,
        slots: SlotShare,
        limit: RateLimit,
        dice: Random,
        buffers: BlockBuffers,
        run: Run = on_a_thread,
        suggestions: Suggestions[Peer] | None = None,
    ) -> None:
        self._store = store
        self._run = run
        self._suggestions = suggestions
        self._buffers = buffers
        self.slots = slots
        """Its part of the session's, to be left at the end."""
        self._limit = limit
        self._rounds: Rounds[Peer] = Rounds(slots=slots.most, dice=dice)
        self.uploaded = 0
        """Payload bytes sent."""

    def asked(self, peer: Peer, count: int) -> None:
        """So many legal requests have come: they wait in the connection's own queue until the writer gets to them."""
        peer.requests += count
        if self._suggestions is not None and _may_suggest(peer):
            latest = islice(reversed(peer.connection.theirs.requests.live), count)
            for piece in {block.piece for block in latest}:
                self._suggestions.asked(peer, piece)

    def suggest(self, peer: Peer) -> None:
        """Say which pieces it had better ask for, while we are the only one who has them."""
        if self._suggestions is not None and not peer.connection.ours.choking and _may_suggest(peer):
            for piece in self._suggestions.suggest(peer, peer.connection.theirs.pieces):
                peer.say(Suggest(piece))

    def announced(self, peer: Peer, piece: int) -> None:
        """The peer has a piece more."""
        if self._suggestions is not None:
            self._suggestions.has(peer, piece)

    def allow_fast(self, peer: Peer) -> None:
        """Offer a newcomer a few pieces whether we choke it or not, so that it has something to give (BEP 6)."""
        connection = peer.connection
        ours, theirs = connection.ours, connection.theirs.pieces
        if not connection.fast or ours.allowed_fast or theirs is None or connection.info_hash is None:
            return
        info_hash = bytes(connection.info_hash)
        for piece in pieces_to_allow(peer.address.host, info_hash, pieces=theirs.size, has=theirs.count):
            peer.say(AllowedFast(piece))

    def refuse(self, peer: Peer, block: Block) -> None:
        """Answer a request that will not be served: with `reject` where that exists, else with silence (BEP 3)."""
        if peer.connection.fast:
            peer.say(Reject(block))

    def interest_changed(self, peer: Peer, peers: Iterable[Peer]) -> None:
        """A free slot is given at once; slots in use change hands only in rounds."""
        now = trio.current_time()
        interested = [p for p in peers if p.connection.theirs.interested]
        unchoked = sum(1 for p in interested if not p.connection.ours.choking)
        room = self.slots.room(interested=len(interested), used=unchoked, now=now)
        candidate = _candidate(peer, seeding=False, now=now)
        if room and may_unchoke_now(candidate, unchoked=unchoked, slots=room, now=now):
            self._unchoke(peer, now=now)
            self.slots.used += 1

    def released(self, peer: Peer, peers: Iterable[Peer]) -> None:
        """The peer leaves, or wants nothing any more: if it had a slot, who waits for one gets it at once."""
        if peer.connection.ours.choking:
            return
        interested = [p for p in peers if p.connection.theirs.interested and p is not peer]
        waiting = [p for p in interested if p.connection.ours.choking and p.greeted and p.ending is None]
        unchoked = sum(1 for p in interested if not p.connection.ours.choking)
        now = trio.current_time()
        room = self.slots.room(interested=len(interested), used=unchoked, now=now)
        if not waiting or unchoked >= room:
            return
        candidates = (_candidate(p, seeding=False, now=now) for p in waiting)
        for other in fill_slots(candidates, unchoked=unchoked, slots=room, now=now):
            self._unchoke(other, now=now)
            other.flush(now=now)
            self.slots.used += 1

    def forget(self, peer: Peer, peers: Iterable[Peer]) -> None:
        """The peer has left."""
        if self._suggestions is not None:
            self._suggestions.gone(peer)
        self.released(peer, peers)

    def rechoke(self, peers: Sequence[Peer], *, seeding: bool, now: float) -> None:
        """One round of choking."""
        greeted = [peer for peer in peers if peer.greeted and peer.ending is None and _is_concerned(peer)]
        candidates = [_candidate(peer, seeding=seeding, now=now) for peer in greeted]
        wanting = [peer for peer in greeted if peer.connection.theirs.interested]
        used = sum(not peer.connection.ours.choking for peer in wanting)
        room = self.slots.room(interested=len(wanting), used=used, now=now)
        unchoked = self._rounds.turn(candidates, seeding=seeding, now=now, slots=room) if room else frozenset[Peer]()
        self.slots.used = sum(peer in unchoked for peer in wanting)
        for peer in greeted:
            peer.optimistic = peer is self._rounds.optimistic
            if peer in unchoked and peer.connection.ours.choking:
                self._unchoke(peer, now=now)
            elif peer not in unchoked and not peer.connection.ours.choking:
                self._choke(peer, now=now)
            peer.flush(now=now)

    async def write(self, peer: Peer) -> None:
        """The peer's writer: empty the backlog, answer what is asked, end when there is nothing left to do.

        Nothing is read from disk for a peer before the network has taken what was read before: a slow reader costs us
        a batch no larger than what it took at once.
        """
        peer.writing = True
        try:
            while peer.ending is None:
                await peer.transport.drain()
                if not (blocks := self._next_batch(peer)):
                    return
                length = sum(block.length for block in blocks)
                await self._limit.take(length)
                sent = await self._serve(peer, blocks)
                self._limit.give_back(length - sent)
                await trio.lowlevel.checkpoint()
        finally:
            peer.writing = False

    def _next_batch(self, peer: Peer) -> list[Block]:
        """The requests to be answered next, as many as the network and the limit will hardly make us wait for."""
        most = min(peer.appetite, self._limit.portion)
        blocks: list[Block] = []
        length = 0
        for block in islice(peer.connection.requested, BATCH_BLOCKS):
            length += block.length
            if blocks and length > most:
                break
            blocks.append(block)
        return blocks

    async def _serve(self, peer: Peer, blocks: Sequence[Block]) -> int:
        """Read a batch, and write what of it is still wanted; returns how many bytes of blocks."""
        buffers, store = self._buffers, self._store
        if read_cached_blocks(store, blocks, buffers.at_once, gap=PIECE_HEADER_LENGTH):
            return self._write(peer, blocks, buffers.at_once)
        async with buffers.lent() as buffer:
            try:
                await self._run(partial(read_blocks, store, blocks, buffer, gap=PIECE_HEADER_LENGTH))
            except StorageError as error:
                self._cannot_read(peer, blocks, error)
                return 0
            return self._write(peer, blocks, buffer)

    def _write(self, peer: Peer, blocks: Sequence[Block], buffer: memoryview) -> int:
        """Judge each block as it goes out: a choke or a cancel may have come since it was read (BEP 3, queues)."""
        if peer.ending is not None:
            return 0
        transport, now = peer.transport, trio.current_time()
        peer.flush(now=now)
        before, queued, length = peer.uploaded, transport.backlog, 0
        for start, end in self._judge(peer, blocks, buffer):
            transport.write(buffer[start:end])
            length += end - start
            peer.flush(now=now)
        peer.flush(now=now)
        if sent := peer.uploaded - before:
            self.uploaded += sent
            peer.clocks.sent = peer.clocks.payload = now
            peer.upload_rate.add(sent, now=now)
            peer.fed(length, left=transport.backlog - queued)
        return sent

    def _judge(self, peer: Peer, blocks: Sequence[Block], buffer: memoryview) -> Iterator[tuple[int, int]]:
        """Put a header before each block that may be sent; yields from where to where they can go out in one piece.

        Those that may not are refused; those withdrawn meanwhile are left out.
        """
        connection = peer.connection
        done = start = end = 0
        while done < len(blocks):
            if count := connection.put_piece_headers(blocks[done:], buffer[end:]):
                payload = sum(block.length for block in blocks[done : done + count])
                peer.uploaded += payload
                end += payload + count * PIECE_HEADER_LENGTH
                done += count
                continue
            block = blocks[done]
            begin, end, done = end, end + PIECE_HEADER_LENGTH + block.length, done + 1
            if block in connection.requested:
                try:
                    buffer[begin : begin + PIECE_HEADER_LENGTH] = connection.piece_header(block)
                    peer.uploaded += block.length
                    continue
                except LocalProtocolError:
                    self.refuse(peer, block)
            if start < begin:
                yield start, begin
            start = end
        if start < end:
            yield start, end

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
            self.suggest(peer)

    def _choke(self, peer: Peer, *, now: float) -> None:
        queued = list(peer.connection.requested)
        if peer.say(Choke()):
            peer.unchoked_since, peer.choked_since = None, now
            if self._suggestions is not None:
                self._suggestions.gone(peer)
            for block in queued:
                # BEP 6: "it SHOULD NOT reject requests for pieces that are in the allowed fast set"
                if not peer.connection.ours.serves_choked(block.piece):
                    self.refuse(peer, block)


def _is_concerned(peer: Peer) -> bool:
    """Whether choking can make a difference to it: most of a large crowd want nothing and give nothing."""
    connection = peer.connection
    return connection.theirs.interested or not connection.ours.choking or peer.optimistic or peer.blocks > 0


def _may_suggest(peer: Peer) -> bool:
    """Whether it understands `suggest`, and was told that we have everything."""
    ours = peer.connection.ours
    return peer.connection.fast and ours.pieces is not None and ours.pieces.is_full


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
