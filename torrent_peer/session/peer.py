"""One connected peer, as its torrent holds it: the judged connection, the stream, clocks, figures. No opinions."""

from collections.abc import Sequence
from typing import Final

import trio

from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.net.transport import Transport
from torrent_peer.session.block_buffers import BATCH_BYTES
from torrent_peer.session.chatter import Chatter
from torrent_peer.session.farewell import Cause, EndedBy, Farewell
from torrent_peer.session.liveness import Clocks
from torrent_peer.strategy.overdue import RequestAges
from torrent_peer.strategy.pipeline import RequestPipeline
from torrent_peer.strategy.rates import Rate
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.errors import Finding, LocalProtocolError
from torrent_peer.wire.messages import Message

FIRST_REST: Final = 0.5
"""Seconds without a request to a peer that refused one though it did not choke us."""
LONGEST_REST: Final = 60.0
"""Seconds, the longest such rest."""
REJECTS_PER_STEP: Final = 64
"""Refusals after which the rest doubles: a whole queue is refused at once when a peer loses a piece."""
MOST_UNREAD: Final = 2 * BATCH_BYTES
"""Bytes said to a peer that the network has not taken, at most. Blocks alone never come to more than half of it."""
NO_PIECES: Final[frozenset[int]] = frozenset()
FIRST_APPETITE: Final = 128 * 1024
"""Bytes of blocks given to a peer at once of which nothing is known, and at least."""


class Peer:
    """One end of one connection.

    Owned by its task; others may only `say` things to it, `close` it and read its figures.
    """

    __slots__ = (
        "_out",
        "_scope",
        "_useful",
        "address",
        "ages",
        "appetite",
        "ask_after",
        "blocks",
        "chatter",
        "choked_since",
        "clocks",
        "completed_here",
        "connection",
        "counted",
        "detour",
        "dialed",
        "download_rate",
        "downloaded",
        "ending",
        "greeted",
        "last_finding",
        "last_word",
        "misses",
        "optimistic",
        "pipeline",
        "refused_pieces",
        "rejects",
        "requests",
        "transport",
        "unchoked_since",
        "upload_rate",
        "uploaded",
        "uploaded_before",
        "writing",
    )

    def __init__(
        self, address: Address, connection: PeerConnection, transport: Transport, *, dialed: bool, now: float
    ) -> None:
        self.address = address
        self.connection = connection
        self.transport = transport
        self.dialed = dialed
        self.clocks = Clocks(connected=now, received=now, sent=now)
        self.pipeline = RequestPipeline()
        self.ages = RequestAges()
        self.chatter = Chatter(now=now)
        self.rejects = 0
        """Refusals since its last block."""
        self.ask_after = 0.0
        """It is to be asked for nothing before then."""
        self.refused_pieces = NO_PIECES
        """Pieces it refused while it choked us, allowed fast or not."""
        self.download_rate = Rate()
        self.upload_rate = Rate()
        self.blocks = 0
        """Blocks they sent."""
        self.downloaded = 0
        """Payload bytes they sent."""
        self.uploaded = 0
        """Payload bytes we sent."""
        self.uploaded_before = 0
        """As much as that when it was last looked at."""
        self.requests = 0
        """Requests they made that are to be served."""
        self.greeted = False
        """Both handshakes are complete and our opening messages are said."""
        self.ending: Farewell | None = None
        """Set once the conversation is to end; nothing more is said or heard."""
        self.last_word = ""
        """The last thing that went wrong, in words."""
        self.last_finding: Finding | None = None
        self.appetite = FIRST_APPETITE
        """Bytes of blocks worth reading at once: what the network has been seen to take, and some more."""
        self.writing = False
        """Whether a task is at work emptying our backlog and serving requests."""
        self.optimistic = False
        """Unchoked to see what it gives."""
        self.unchoked_since: float | None = None
        """When we unchoked it, None while we choke it."""
        self.choked_since: float | None = None
        """When we last took an unchoke back."""
        self.completed_here = False
        """It became a seed while we were connected."""
        self.counted = (0, 0)
        """Of `blocks` and `downloaded`, what the rates know of already."""
        self.misses = 0
        """How often in a row it has sent something else than was guessed, see `in_place`."""
        self.detour = 0
        """Reads without guessing that are left."""
        self._useful = 0
        """What `take_useful` has counted."""
        self._out: list[bytes] = []
        self._scope = trio.CancelScope()

    def __repr__(self) -> str:
        return f"<Peer {self.address}>"

    @property
    def scope(self) -> trio.CancelScope:
        """Cancelled when the conversation is to end."""
        return self._scope

    @property
    def client(self) -> str:
        """Name and version as it gives them, else read from its peer id; empty before its handshake."""
        return self.connection.theirs.client

    def take_useful(self) -> int:
        """Blocks, requests and announcements of pieces that have come since the last call."""
        pieces = self.connection.theirs.pieces
        before = self._useful
        self._useful = self.blocks + self.requests + (0 if pieces is None else pieces.count)
        return self._useful - before

    def greet(self, *, now: float) -> None:
        """Send our handshake."""
        self._out.append(self.connection.initiate())
        self.flush(now=now)

    def say(self, message: Message) -> bool:
        """Judge and queue one message; False when the conversation is over or it was not legal, which ends it."""
        if self.ending is not None:
            return False
        try:
            self._out.append(self.connection.send(message))
        except LocalProtocolError as error:
            self._our_fault(error)
            return False
        return True

    def request(self, blocks: Sequence[Block], *, now: float) -> bool:
        """Judge and queue requests for `blocks`, all in one buffer."""
        if self.ending is not None:
            return False
        self.pipeline.sent(now=now, outstanding=len(self.connection.outstanding))
        try:
            self._out.append(self.connection.send_requests(blocks))
        except LocalProtocolError as error:
            self._our_fault(error)
            return False
        self.ages.asked(blocks, now=now)
        return True

    def flush(self, *, now: float) -> None:
        """Hand what was said to the network, in one piece."""
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self.clocks.sent = now
            self.transport.write(data)
            if self.transport.backlog > MOST_UNREAD:
                self.close(Cause.UNWANTED, "it reads nothing of what we say")

    def fed(self, length: int, *, left: int) -> None:
        """Of `length` bytes of blocks written together the network has left so many for later."""
        if left <= 0:
            self.appetite = min(max(self.appetite, 2 * length), BATCH_BYTES)
        else:
            self.appetite = max(FIRST_APPETITE, length - left)

    def keep_waiting(self, *, now: float) -> None:
        """It has said something that we may not read yet: its deadlines stand still until `attend`."""
        self.clocks.kept_waiting = now

    def attend(self, *, now: float) -> None:
        """It is read again."""
        clocks = self.clocks
        if clocks.kept_waiting is not None:
            waited = now - clocks.kept_waiting
            clocks.kept_waiting = None
            if clocks.message_begun is not None:
                clocks.message_begun += waited
            self.ages.excuse(waited)
            self.pipeline.held_up(waited)

    def rejected(self, block: Block, *, now: float) -> None:
        """It will not serve `block`: a peer that refuses though it does not choke us is given a rest, ever longer."""
        if self.connection.theirs.choking:
            self.refused_pieces |= {block.piece}
            return
        self.rejects += 1
        self.ask_after = now + min(FIRST_REST * 2 ** (self.rejects // REJECTS_PER_STEP), LONGEST_REST)
        self.last_word = f"refused {block}"

    def close(
        self, cause: Cause, detail: str, *, ended_by: EndedBy = EndedBy.US, finding: Finding | None = None
    ) -> None:
        """End the conversation; the first reason given is the one that counts."""
        if self.ending is None:
            self.ending = self.farewell(cause, detail, ended_by=ended_by, finding=finding)
            self._scope.cancel()

    def farewell(
        self, cause: Cause, detail: str, *, ended_by: EndedBy = EndedBy.US, finding: Finding | None = None
    ) -> Farewell:
        """The value that says how this conversation ended."""
        return Farewell(
            address=self.address,
            dialed=self.dialed,
            ended_by=ended_by,
            cause=cause,
            detail=detail,
            client=self.client,
            finding=finding,
            seconds=trio.current_time() - self.clocks.connected,
            downloaded=self.downloaded,
            uploaded=self.uploaded,
            recent=tuple(str(entry) for entry in self.connection.recent) if finding is not None else (),
        )

    def _our_fault(self, error: LocalProtocolError) -> None:
        self.last_finding = error.violation
        self.close(Cause.OUR_FAULT, str(error), finding=error.violation)
