"""One conversation from its first byte to its farewell: the loop every peer's task runs."""

from collections.abc import Sequence
from typing import Protocol

import trio
from attrs import evolve

from torrent_peer.net.transport import RECEIVE_BUFFER_LENGTH
from torrent_peer.session.chatter import QUIET_PORTION
from torrent_peer.session.farewell import Cause, EndedBy, Farewell
from torrent_peer.session.in_place import Places, receive_in_place
from torrent_peer.session.peer import Peer
from torrent_peer.session.rate_limit import RateLimit
from torrent_peer.session.reasons import Evidence, Signal, Stage, explain
from torrent_peer.session.turns import Turns
from torrent_peer.wire.codec import FULL_PIECE_LENGTH
from torrent_peer.wire.connection import NEED_DATA, EndOfStream, PeerConnection, Refused
from torrent_peer.wire.errors import RemoteProtocolError
from torrent_peer.wire.messages import Message
from torrent_peer.wire.piece_run import PieceRun


class Owner(Protocol):
    """What the torrent does for a conversation."""

    download_limit: RateLimit

    @property
    def downloading(self) -> Places:
        """Who knows where blocks belong."""

    leaving: Turns
    """Where those wait whose conversation is over, to be seen off."""

    def handle(self, peer: Peer, event: Message | Refused) -> None:
        """Act on one judged message."""

    def take(self, peer: Peer, runs: Sequence[PieceRun]) -> None:
        """Act on judged blocks, in the order they came."""

    def asked(self, peer: Peer, count: int) -> None:
        """So many judged requests have come, the last ones of those that are to be answered."""

    def after_buffer(self, peer: Peer, length: int, *, now: float) -> None:
        """Everything in one received buffer has been handled."""

    def note_findings(self, peer: Peer) -> None:
        """Pass on what the referee noted."""

    def forget(self, peer: Peer) -> None:
        """The conversation is over."""

    def evidence(self, peer: Peer, signal: Signal, stage: Stage, *, now: float) -> Evidence:
        """What is known about a conversation that ended without a word at `now`."""


async def converse(peer: Peer, owner: Owner) -> Farewell:
    """Talk until one side ends it. Never raises but for bugs and cancellation from above."""
    signal: Signal | None = None
    try:
        try:
            with peer.scope:
                signal = await _talk(peer, owner)
        except RemoteProtocolError as error:
            cause = Cause.SELF if error.violation.rule == "HS-10" else Cause.VIOLATION
            peer.close(cause, str(error), finding=error.violation)
        except OSError as error:
            signal = Signal.RST
            peer.close(Cause.RESET, error.strerror or str(error), ended_by=EndedBy.NETWORK)
        # From here on nobody may say anything more to it.
        now = trio.current_time()
        await owner.leaving.wait()
        if signal is not None and peer.ending is not None and peer.ending.ended_by is not EndedBy.US:
            likely = explain(owner.evidence(peer, signal, _stage(peer.connection), now=now))
            peer.ending = evolve(peer.ending, likely=likely)
    finally:
        owner.note_findings(peer)
        peer.ending = peer.ending or peer.farewell(Cause.SHUTDOWN, "the torrent ended")
        owner.forget(peer)
        await peer.transport.aclose()
    return peer.ending


async def _talk(peer: Peer, owner: Owner) -> Signal | None:
    """The receive loop: every buffer is worked through before anything else is awaited.

    Returns how they ended it, None when we did.
    """
    connection, transport, clocks = peer.connection, peer.transport, peer.clocks
    peer.greet(now=clocks.connected)
    length = messages = 0
    while True:
        while True:
            if runs := connection.next_pieces():
                owner.take(peer, runs)
                messages += sum([run.row.n_blocks for run in runs])
                if connection.missing is not None:  # nearly always, in a fast download
                    break
            if count := connection.next_requests():
                owner.asked(peer, count)
                messages += count
                clocks.message_begun = None
            if (event := connection.next_event()) is NEED_DATA:
                break
            if type(event) is EndOfStream:
                return _hung_up(peer, event)
            owner.handle(peer, event)  # type: ignore[arg-type]  # the listener's own events end before this loop begins
            if peer.ending is not None:
                return None
            if type(event) is not Refused:  # of those there are not many: the referee counts them
                messages += 1
        owner.after_buffer(peer, length, now=clocks.received)
        if pause := peer.chatter.pause(messages - peer.take_useful(), now=clocks.received):
            await trio.sleep(pause)
        messages = 0
        portion = QUIET_PORTION if peer.chatter.is_excessive or not connection.outstanding else _portion(connection)
        # Only what was asked for is limited: whatever else there is to say is said in time, and bounded otherwise.
        if owner.download_limit.rate is None or not connection.outstanding:
            if (received := await receive_in_place(peer, owner.downloading, lately=length)) is not None:
                length, messages = received
                continue
            data = await transport.receive(portion)
        else:
            data = await _receive_within(owner.download_limit, peer, portion)
        if length := len(data):  # its end is nothing they said
            clocks.received = trio.current_time()
        connection.receive_data(data)


def _portion(connection: PeerConnection) -> int:
    """Bytes to read at once: blocks that fill the buffer end where it ends, so that none is kept until the next."""
    missing = connection.missing or 0
    if not 0 < missing < FULL_PIECE_LENGTH:
        return RECEIVE_BUFFER_LENGTH
    return RECEIVE_BUFFER_LENGTH - FULL_PIECE_LENGTH + missing


async def _receive_within(limit: RateLimit, peer: Peer, portion: int) -> memoryview:
    """Wait for data, then for leave to read it: who has said nothing takes nobody's turn."""
    await peer.transport.readable()
    portion = min(portion, limit.portion)
    peer.keep_waiting(now=trio.current_time())
    await limit.take(portion)
    peer.attend(now=trio.current_time())
    data = await peer.transport.receive(portion)
    limit.give_back(portion - len(data))
    return data


def _hung_up(peer: Peer, end: EndOfStream) -> Signal:
    if end.clean:
        peer.close(Cause.CLOSED, "closed the connection", ended_by=EndedBy.THEM)
        return Signal.FIN
    peer.close(Cause.CUT, end.detail or "the stream ended inside a message", ended_by=EndedBy.NETWORK)
    return Signal.CUT


def _stage(connection: PeerConnection) -> Stage:
    if connection.theirs.handshake is None:
        return Stage.HANDSHAKE if connection.received_bytes else Stage.SILENT
    return Stage.TALKING if connection.heard_message else Stage.GREETED
