"""What a torrent does about each judged message: one owner, one table from message type to handler."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import trio
from attrs import evolve

from torrent_peer.core.piece_set import PieceSet
from torrent_peer.core.version import __version__
from torrent_peer.session.downloading import Downloading, Written
from torrent_peer.session.events import Event, FindingNoted, PeerBanned, PeerConnected, PieceFailed, PieceVerified
from torrent_peer.session.farewell import Cause
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.reasons import Evidence, Signal, Stage
from torrent_peer.session.revealing import Revealing
from torrent_peer.session.serving import Serving
from torrent_peer.session.swarm import Swarm
from torrent_peer.session.turns import Turns
from torrent_peer.strategy.picker import Picker
from torrent_peer.wire.connection import Refused
from torrent_peer.wire.errors import Severity
from torrent_peer.wire.messages import (
    Bitfield,
    Cancel,
    Choke,
    ExtendedHandshake,
    Handshake,
    Have,
    HaveAll,
    HaveNone,
    Interested,
    Message,
    NotInterested,
    Piece,
    Reject,
    Request,
    Suggest,
)
from torrent_peer.wire.piece_run import PieceRun

CLIENT: Final = f"torrent_peer {__version__}"
"""How we introduce ourselves (BEP 10, `v`)."""


class Exchange:
    """The conversation side of one torrent: who has what, who wants what, what was asked and came."""

    def __init__(
        self,
        *,
        have: PieceSet,
        picker: Picker[Peer],
        downloading: Downloading,
        serving: Serving,
        revealing: Revealing | None = None,
        download_limit: RateLimit,
        leaving: Turns,
        listen_port: int | None,
        report: Callable[[Event], None],
    ) -> None:
        self.have = have
        self.picker = picker
        self.downloading = downloading
        self.serving = serving
        self.revealing = revealing or Revealing(have)
        self.download_limit = download_limit
        self.leaving = leaving
        self._listen_port = listen_port
        self._report = report
        self.swarm: Swarm
        """Set by the torrent before the first conversation."""
        self._freed = False
        """Whether blocks have come back in this buffer that others could be asked for."""
        self.findings = dict.fromkeys(Severity, 0)
        """How many of each severity peers have earned."""
        self.hash_failures = 0
        self.verified_bytes = 0
        """Bytes of wanted pieces verified."""

    # ── the loop's side ──────────────────────────────────────────────────────────────────────────────────────────

    def handle(self, peer: Peer, event: Message | Refused) -> None:
        """Act on one judged message; messages that ask for no action are not in the table."""
        if type(event) is Piece:
            self.downloading.take_one(peer, event)
            return
        peer.clocks.message_begun = None
        if (handler := HANDLERS.get(type(event))) is not None:
            handler(self, peer, event)

    def take(self, peer: Peer, runs: Sequence[PieceRun]) -> None:
        """Act on judged blocks."""
        self.downloading.take(peer, runs)

    def asked(self, peer: Peer, count: int) -> None:
        """Take note of requests that have come."""
        self.serving.asked(peer, count)

    def after_buffer(self, peer: Peer, length: int, *, now: float) -> None:
        """Once per received buffer: figures, finished pieces, new requests, and one write for all that was said."""
        connection, clocks = peer.connection, peer.clocks
        blocks, payload = peer.counted
        if peer.blocks != blocks:
            peer.counted = peer.blocks, peer.downloaded
            peer.download_rate.add(peer.downloaded - payload, now=now)
            peer.pipeline.on_bytes(peer.blocks - blocks, peer.downloaded - payload, now=now)
            peer.ages.heard(now=now)
            peer.rejects = 0
            clocks.payload = now
            clocks.message_begun = None
            self.downloading.flush()
        if connection.awaiting is None:
            clocks.message_begun = None
        elif clocks.message_begun is None or length >= connection.awaiting:
            clocks.message_begun = now
        self.note_findings(peer)
        if connection.requested:
            self.serving.suggest(peer)
        if self._freed:
            self._freed = False
            self.ask_all()
        else:
            self.ask(peer, now=now)
        peer.flush(now=now)
        self.see_to_writer(peer)

    def see_to_writer(self, peer: Peer) -> None:
        """Set a writer to work for the peer if there is something to write and nobody does."""
        if (peer.transport.backlog or peer.connection.requested) and not peer.writing and peer.ending is None:
            peer.writing = True
            self.swarm.spawn(self.serving.write, peer)

    def note_findings(self, peer: Peer) -> None:
        """Pass on what the referee noted."""
        for finding in peer.connection.take_findings():
            # To have met ourselves (HS-10) is nobody's fault; the farewell says it.
            if finding.sender is not peer.connection.side and finding.rule != "HS-10":
                self.findings[finding.severity] += 1
                if finding.severity is not Severity.REDUNDANT:
                    peer.last_word = f"{finding.evidence} [{finding.rule}]"
                self._report(FindingNoted(peer.address, peer.client, finding))

    def evidence(self, peer: Peer, signal: Signal, stage: Stage, *, now: float) -> Evidence:
        """What is known about a conversation that ended without a word at `now`."""
        connection, clocks = peer.connection, peer.clocks
        ours, theirs = connection.ours, connection.theirs
        they_have_all = theirs.pieces is not None and theirs.pieces.is_full
        return Evidence(
            signal=signal,
            stage=stage,
            since_connect=now - clocks.connected,
            since_ours=now - clocks.sent if connection.sent_bytes else None,
            since_theirs=now - clocks.received if connection.received_bytes else None,
            our_last=connection.recent.last_of(connection.side),
            both_complete=they_have_all and self.picker.is_complete,
            they_completed=peer.completed_here,
            no_interest=not ours.interested and not theirs.interested,
            we_idled=ours.interested and not theirs.choking and not connection.outstanding,
            they_waited=bool(connection.requested) and not ours.choking,
            own_slip=peer.last_finding.rule if peer.last_finding else None,
            others_gone=self.swarm.departures(now=now),
            client=peer.client,
            same_host=stage is Stage.SILENT
            and any(other is not peer and other.address.host == peer.address.host for other in self.swarm),
            we_have_all=self.picker.is_complete,
            they_choke=theirs.choking,
            they_want=theirs.interested,
        )

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, peer: Peer, *, now: float, rescue: bool = False) -> None:
        """Fill the peer's pipeline if it may be asked anything."""
        connection = peer.connection
        if peer.ending is not None or not connection.ours.interested or now < peer.ask_after:
            return
        if not connection.theirs.choking:
            self.downloading.ask(peer, now=now, rescue=rescue, peers=len(self.swarm))
        elif allowed := self._allowed(peer):
            self.downloading.ask(peer, now=now, allowed=allowed)

    def _allowed(self, peer: Peer) -> set[int]:
        """Pieces that the peer gives away while it chokes, and that it was not asked for too often (REQ-11)."""
        connection, geometry = peer.connection, peer.connection.geometry
        assert geometry is not None
        ledger, pieces = connection.ours.requests, connection.theirs.allowed_fast - peer.refused_pieces
        return {piece for piece in pieces if ledger.may_be_spared(piece, blocks=geometry.block_count(piece))}

    def ask_all(self) -> None:
        """Buffers are free again, or blocks came back: whoever has room is asked."""
        if self.picker.is_complete:
            return  # of ten thousand peers that leave each would have all others looked at
        now = trio.current_time()
        for peer in self.swarm:
            if peer.greeted:
                self.ask(peer, now=now)
                peer.flush(now=now)

    def update_interest(self, peer: Peer) -> None:
        """Keep `interested` true at all times (BEP 3)."""
        if not peer.greeted:
            return
        wants = self.picker.is_interesting(peer)
        if wants and not peer.connection.ours.interested:
            peer.say(Interested())
        elif not wants and peer.connection.ours.interested:
            peer.say(NotInterested())

    def forget(self, peer: Peer) -> None:
        """The conversation is over: what was asked of the peer is free for others, what it sent goes to the disk."""
        self.downloading.flush()
        if peer.greeted:
            peer.greeted = False
            self.picker.peer_left(peer)
            self.ask_all()
            self.serving.forget(peer, self.swarm)
            self.revealing.forget(peer)

    def give_up_overdue(self, peer: Peer, *, now: float) -> None:
        """Ask others for the blocks it owes us for too long (LV-03); what comes late after all is still taken.

        They are cancelled: it could be asked for them again, and that twice at once is illegal (REQ-09).
        """
        blocks = peer.ages.overdue(peer.connection.ours.requests.awaited, now=now)
        if not blocks:
            return
        self.picker.released(peer, blocks)
        for block in blocks:
            peer.say(Cancel(block))
        if peer.ages.is_snubbing:
            peer.pipeline.snubbed()
        peer.last_word = f"owes us {len(blocks)} blocks for too long"
        self.ask_all()

    # ── the disk's side ──────────────────────────────────────────────────────────────────────────────────────────

    def settle(self, batch: Iterable[Written]) -> None:
        """Disk threads have judged pieces: tell everybody, blame whoever is to blame, ask for more."""
        now = trio.current_time()
        good: list[int] = []
        for written in batch:
            suspects = () if written.good else self.downloading.contributions.authors(written.piece)
            bans = self.downloading.settled(written)
            if written.good:
                good.append(written.piece)
                self.have.add(written.piece)
                self.verified_bytes += self.downloading.piece_size(written.piece)
                self._report(PieceVerified(written.piece, self.verified_bytes))
            elif written.error is None:
                self.hash_failures += 1
                self._report(PieceFailed(written.piece, suspects))
            for ban in bans:
                if self.swarm.ban(ban.peer, ban.reason):
                    self._report(PeerBanned(ban.peer, ban.reason))
        for peer in self.swarm:
            if peer.greeted and peer.ending is None:
                theirs = peer.connection.theirs.pieces
                # Who lacks pieces and wants none of ours may be a super-seed: it waits to hear of what it has (BEP 16).
                deaf = theirs is not None and (theirs.is_full or peer.connection.theirs.interested)
                for piece in good:
                    if not deaf or theirs is None or piece not in theirs:
                        peer.say(Have(piece))
                self.update_interest(peer)
                self.ask(peer, now=now)
                peer.flush(now=now)

    # ── handlers ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _on_handshake(self, peer: Peer, _: Handshake) -> None:
        self.swarm.greeted(peer)
        if peer.ending is not None:
            return
        connection = peer.connection
        peer.clocks.handshake = peer.clocks.wanted = peer.clocks.received
        if connection.extended:
            said = connection.extended_handshake(client=CLIENT, listen_port=self._listen_port)
            upload_only = self.picker.is_complete and not self.revealing.hides
            peer.say(evolve(said, upload_only=True) if upload_only else said)
        self.revealing.greet(peer)
        peer.greeted = True
        self.picker.peer_joined(peer, PieceSet(self.have.size))
        self._report(PeerConnected(peer.address, peer.dialed, peer.client))

    def _on_availability(self, peer: Peer, _: Bitfield | HaveAll | HaveNone) -> None:
        pieces = peer.connection.theirs.pieces
        assert pieces is not None
        self.picker.peer_replaced(peer, pieces)
        self.update_interest(peer)
        self._part_if_useless(peer)
        self.revealing.met(peer)
        if not self.picker.is_complete:  # a seed's slots are for newcomers, too: nobody has to earn them
            self.serving.allow_fast(peer)

    def _on_have(self, peer: Peer, have: Have) -> None:
        self.picker.peer_has(peer, have.piece)
        self.serving.announced(peer, have.piece)
        self.revealing.announced(peer, have.piece)
        if not peer.connection.ours.interested:
            self.update_interest(peer)
        pieces = peer.connection.theirs.pieces
        if pieces is not None and pieces.is_full:
            peer.completed_here = True
            self._part_if_useless(peer)

    def part_from_seeds(self) -> None:
        """Everything is here: those who have everything too can go, and the others hear that we want nothing more."""
        for peer in self.swarm:
            self._part_if_useless(peer)
            if peer.greeted and peer.connection.extended and not self.have.is_full:  # it cannot tell by what we have
                peer.say(ExtendedHandshake(upload_only=True))
                peer.flush(now=trio.current_time())

    def _part_if_useless(self, peer: Peer) -> None:
        """Two that want nothing of each other have no reason to stay (BF-13, BEP 21)."""
        theirs = peer.connection.theirs
        if theirs.pieces is None or not self.picker.is_complete:
            return
        if theirs.pieces.is_full:
            ours = "both sides have everything" if self.have.is_full else "it has everything, and we want no more"
            peer.close(Cause.UNWANTED, ours)
        elif theirs.upload_only:
            peer.close(Cause.UNWANTED, "neither side wants more than it has")

    def _on_choke(self, peer: Peer, _: Choke) -> None:
        peer.pipeline.choked()
        if not peer.connection.fast:  # BEP 3: what was asked is thrown out; with BEP 6 a reject follows for each
            peer.ages.forget()
            self._freed |= self.picker.released(peer)

    def _on_interested(self, peer: Peer, _: Interested) -> None:
        self.serving.interest_changed(peer, self.swarm)

    def _on_not_interested(self, peer: Peer, _: NotInterested) -> None:
        self.revealing.satisfied(peer)
        self.serving.released(peer, self.swarm)

    def _on_request(self, peer: Peer, request: Request) -> None:
        self.serving.asked(peer, 1)

    def _on_cancel(self, peer: Peer, cancel: Cancel) -> None:
        """Without the Fast Extension it is gone already; with it, every request gets its one answer."""
        if cancel.block in peer.connection.requested:
            self.serving.refuse(peer, cancel.block)

    def _on_reject(self, peer: Peer, reject: Reject) -> None:
        """Which of two requests for a block it answers cannot be told: with one still waiting, the cancelled one."""
        if peer.connection.ours.requests.is_waiting(reject.block):
            return
        if self.picker.released(peer, [reject.block]):
            self._freed = True
            peer.rejected(reject.block, now=peer.clocks.received)

    def _on_suggest(self, peer: Peer, suggest: Suggest) -> None:
        if suggest.piece < self.have.size:
            self.picker.suggested(peer, suggest.piece)

    def _on_refused(self, peer: Peer, refused: Refused) -> None:
        if isinstance(refused.message, Request):
            self.serving.refuse(peer, refused.message.block)

    def _on_extended_handshake(self, peer: Peer, message: ExtendedHandshake) -> None:
        if (queue := peer.connection.theirs.declared_queue) is not None:
            peer.pipeline.peer_queue = queue
        self._part_if_useless(peer)


HANDLERS: Final[Mapping[type, Callable[[Exchange, Peer, Any], None]]] = {
    Handshake: Exchange._on_handshake,
    Bitfield: Exchange._on_availability,
    HaveAll: Exchange._on_availability,
    HaveNone: Exchange._on_availability,
    Have: Exchange._on_have,
    Choke: Exchange._on_choke,
    Interested: Exchange._on_interested,
    NotInterested: Exchange._on_not_interested,
    Request: Exchange._on_request,
    Cancel: Exchange._on_cancel,
    Reject: Exchange._on_reject,
    Suggest: Exchange._on_suggest,
    Refused: Exchange._on_refused,
    ExtendedHandshake: Exchange._on_extended_handshake,
}
"""Messages not named here change the connection's state and ask for nothing more."""
