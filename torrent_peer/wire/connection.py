"""`PeerConnection`: one connection as a machine. Bytes in, judged messages out; messages in, bytes out.

The one place that knows which side is us. No sockets, no clocks.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Final

from torrent_peer.core.block import Block, BlockRow
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire import codec, extensions, hot
from torrent_peer.wire.errors import Finding, LocalProtocolError, RemoteProtocolError
from torrent_peer.wire.events import NEED_DATA, EndOfStream, Event, InfoHashReceived, NeedData, Refused
from torrent_peer.wire.findings import Findings
from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.handshake import HandshakeReader
from torrent_peer.wire.landing import MOST_BLOCKS, Landing, Place
from torrent_peer.wire.legality import DECLINABLE, Legality
from torrent_peer.wire.messages import Extended, ExtendedHandshake, Handshake, Message, Piece, Question, Request
from torrent_peer.wire.piece_run import PieceRun
from torrent_peer.wire.policy import Action, Profile, decide
from torrent_peer.wire.recent import Recent
from torrent_peer.wire.reserved import DEFAULT_RESERVED, Reserved
from torrent_peer.wire.rules import RULES
from torrent_peer.wire.side import Side
from torrent_peer.wire.state import HashTrees, SideState

__all__ = ["NEED_DATA", "EndOfStream", "Event", "InfoHashReceived", "NeedData", "PeerConnection", "Refused"]


class PeerConnection:
    """The protocol machine of one connection.

    Give it what arrives (`receive_data`), take out events until `NEED_DATA`, and write whatever `send` and its kin
    return to the socket, in that order. Everything is judged by the same table: an illegal `send` raises
    LocalProtocolError and changes nothing; an illegal message received closes the connection: `next_event` raises
    RemoteProtocolError, then and ever after, nothing more is parsed and nothing more may be sent.
    """

    def __init__(
        self,
        *,
        side: Side,
        peer_id: PeerId,
        info_hash: InfoHash | None = None,
        geometry: Geometry | None = None,
        reserved: Reserved = DEFAULT_RESERVED,
        profile: Profile = Profile.INTEROPERABLE,
        request_queue: int = 500,
        extensions: Mapping[str, int] | None = None,
        own_ids: Container[bytes] = (),
        expected_id: PeerId | None = None,
    ) -> None:
        """`side`: ours. `info_hash`: `None` for a listener with several torrents, see `InfoHashReceived`.

        `geometry`: `None` while the torrent's size is unknown, see `learn_geometry`. `request_queue` and `extensions`
        (name → id): what `extended_handshake` says. `own_ids`: further peer ids by which we know ourselves (HS-10).
        `expected_id`: what a tracker called the peer (HS-11).

        Raises ValueError for a dialler without an info-hash.
        """
        if side is Side.DIALER and info_hash is None:
            raise ValueError("who dials names a torrent: info_hash is missing")
        self.side: Final = side
        self.profile: Final = profile
        self._findings = Findings()
        self.finding_counts: Final = self._findings.counts
        """Rule → how often it was broken, by whomever."""
        self.recent: Final = Recent()
        """The last messages, both ways, for bug reports; and who wants to hear of all of them."""
        self._peer_id = peer_id
        self._reserved = reserved
        self._request_queue = request_queue
        self._extensions = dict(extensions or {})
        self._their_side = side.other
        self._legality = Legality(info_hash=info_hash, geometry=geometry)
        self._incoming = self._legality.direction(self._their_side)
        self._outgoing = self._legality.direction(side)
        self.ours: Final[SideState] = self._legality.state.of(side)
        """What we have declared."""
        self.theirs: Final[SideState] = self._legality.state.of(self._their_side)
        """What they have declared."""
        # What they say before they have our handshake is judged by what it will say.
        self.ours.reserved, self.ours.peer_id, self.ours.own_ids = reserved, peer_id, own_ids
        self.theirs.expected_id = expected_id
        self._reader: HandshakeReader | None = HandshakeReader()
        self._limits = FrameLimits(piece_count=None if geometry is None else geometry.piece_count)
        self._framer = Framer(self._limits)
        self._violation: Finding | None = None
        self._end: EndOfStream | None = None
        self._asked_for = False
        self.received_bytes = 0
        """Bytes received, whatever became of them."""
        self.sent_bytes = 0
        """Bytes handed out for sending, data behind `piece_header` included."""
        self.heard_message = False
        """They have said something besides the handshake."""
        self._eof = False

    # ── what is known ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def info_hash(self) -> InfoHash | None:
        """The torrent this connection is about."""
        return self._legality.state.info_hash

    @property
    def geometry(self) -> Geometry | None:
        """The torrent's size, `None` while unknown."""
        return self._legality.state.geometry

    @property
    def fast(self) -> bool:
        """Both sides speak the Fast Extension (BEP 6)."""
        return self._legality.state.fast

    @property
    def extended(self) -> bool:
        """Both sides speak the extension protocol (BEP 10)."""
        return self._legality.state.extended

    @property
    def outstanding(self) -> Mapping[Block, int]:
        """Our unanswered requests, with fast the cancelled ones, too; oldest first → copies. A live view."""
        return self.ours.requests.live

    @property
    def requested(self) -> Mapping[Block, int]:
        """Their unanswered requests, oldest first → copies: the upload queue. A live view."""
        return self.theirs.requests.live

    @property
    def missing(self) -> int | None:
        """When all received is read: bytes to come of the message that has begun, 0 if unknown; else `None`."""
        return self._framer.missing if self._reader is None else None

    @property
    def awaiting(self) -> int | None:
        """Bytes of the whole message that has begun to arrive; `None` between messages."""
        return self._framer.awaiting

    def take_findings(self) -> list[Finding]:
        """Everything found since the last call, of every severity, the violation included."""
        return self._findings.take()

    # ── receiving ────────────────────────────────────────────────────────────────────────────────────────────────

    def receive_data(self, data: memoryview | bytes) -> None:
        """Bytes from the peer; empty at the end of the stream. Ignored once the connection is closed.

        `data` must stay as it is until `next_event` has returned `NEED_DATA`, or `missing` is not `None`.
        """
        if self._violation is not None or self._eof:
            return
        self.received_bytes += len(data)
        if not data:
            self._eof = True
            return
        if self._reader is not None:
            data = self._reader.feed(data)
        if data:
            self._framer.feed(data)

    def next_event(self) -> Event:
        """The next judged message, or what else there is to say; `NEED_DATA` when all that was received is used up.

        `Piece.data` is a view into what `receive_data` was given, good until its next call. Messages that the profile
        discards are not returned, only their findings. Raises RemoteProtocolError when the peer broke a rule that the
        profile does not forgive.
        """
        if self._reader is not None:
            return self._next_of_handshake(self._reader)
        framer = self._framer
        while self._violation is None and (message := framer.next_message()) is not None:
            if type(message) is Request and self.recent.in_rows and hot.take_request(self._incoming, message.block):
                self.recent.note_requests(self._their_side, framer.offset, (message.block,))
                return message
            if type(message) is Extended:
                message = extensions.read(message, self.ours.announced)
            findings = self._legality.admit(self._their_side, message, crossed=True, offset=framer.offset)
            if (event := self._received_message(message, framer.offset, findings)) is not None:
                return event
        return self._nothing_more(framer)

    def next_pieces(self) -> list[PieceRun]:
        """The `Piece`s that come next, whole and plainly legal, those in a row together: a short way past `next_event`.

        That gives the same messages one by one; to be called when this gives none. For the speed of downloads.
        """
        runs, offset = hot.read_pieces(self._framer, self._incoming) if self._in_rows else ([], 0)
        self._heard_blocks(offset, [run.row for run in runs])
        return runs

    def next_requests(self) -> int:
        """The same for `Request`s: how many came, all of which are among `requested` now. For the speed of uploads."""
        blocks, offset = hot.read_requests(self._framer, self._incoming) if self._in_rows else ([], 0)
        self.heard_message |= bool(blocks)
        self.recent.note_requests(self._their_side, offset, blocks)
        return len(blocks)

    def aim(self, landing: Landing, place: Place, *, most: int = MOST_BLOCKS) -> bool:
        """Prepare `landing` for at most so many blocks; False if it cannot be told what comes next.

        To be followed by receiving into its buffers and `land`, or by nothing: anything else makes it worthless.
        """
        return self._in_rows and landing.aim(self._framer, self._incoming, place, most=most)

    def land(self, landing: Landing, length: int) -> list[BlockRow]:
        """`receive_data` for `length` bytes received as `aim` prepared: the blocks that are in their places now.

        They were judged, and come before all that `next_pieces` and `next_event` give now.
        """
        offset = self._framer.position - self._framer.pending
        rows, rest = landing.judge(self._framer, self._incoming, length)
        self.received_bytes += length - len(rest)
        self._heard_blocks(offset, rows)
        if rest or not length:
            self.receive_data(rest)
        return rows

    def adopt(self, info_hash: InfoHash, geometry: Geometry | None) -> None:
        """A listener takes the torrent that the dialler named; the handshake goes out with `initiate`.

        Raises RemoteProtocolError when what was said of pieces already does not fit `geometry`.
        """
        self._legality.state.info_hash = info_hash
        if geometry is not None:
            self.learn_geometry(geometry)

    def refuse_info_hash(self) -> Finding:
        """A listener does not have the torrent that the dialler named: the connection is over (HS-04)."""
        reader = self._reader
        if reader is None or (info_hash := reader.info_hash) is None or (reserved := reader.reserved) is None:
            raise ValueError("the dialler has not named a torrent")
        named = Handshake(reserved, info_hash, PeerId(bytes(20)))
        finding = RULES["HS-04"].finding(f"handshake for {info_hash}, which is not here", self._their_side, named)
        self._findings.note((finding,))
        self._close(finding)
        return finding

    def learn_geometry(self, geometry: Geometry) -> None:
        """The torrent's size is known: what was said of pieces is judged now. Raises RemoteProtocolError as usual."""
        self._limits.piece_count = geometry.piece_count
        findings = self._legality.learn_geometry(geometry)
        self._findings.note(findings)
        if decide(self.profile, findings) is Action.CLOSE:
            self._close(findings[0])
            raise RemoteProtocolError(findings[0])

    def learn_hash_trees(self, trees: HashTrees) -> None:
        """The torrent is of version 2, and its files' trees are known: from now on requests are held against them."""
        self._legality.state.hash_trees = trees

    # ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────

    def initiate(self) -> bytes:
        """Our handshake's bytes. Raises LocalProtocolError when it was said before, ValueError without an info-hash."""
        if self.info_hash is None:
            raise ValueError("no torrent was named yet: adopt one first")
        return self.send(Handshake(self._reserved, self.info_hash, self._peer_id))

    def extended_handshake(
        self, *, client: str | None = None, listen_port: int | None = None, metadata_size: int | None = None
    ) -> ExtendedHandshake:
        """The extended handshake that says what this connection was made with; to be sent."""
        queue = self._request_queue
        return ExtendedHandshake(self._extensions, client, listen_port, queue, metadata_size=metadata_size)

    def send(self, message: Message) -> bytes:
        """The bytes of `message`, which counts as said; an extension's goes under the id they want it under now.

        Raises LocalProtocolError when it breaks any rule.
        """
        meant = extensions.meant(message, self.theirs.extensions)
        if findings := self._legality.check(self.side, meant, crossed=False, offset=self.sent_bytes):
            raise LocalProtocolError(findings[0])
        data = codec.encode(extensions.written(message, self.theirs.extensions))
        self._legality.apply(self.side, meant, crossed=False)
        self._said(meant, len(data))
        return data

    def send_requests(self, blocks: Sequence[Block]) -> bytes:
        """The bytes of a request for each block, all or none. Raises LocalProtocolError when one is not legal."""
        if findings := self._legality.admit_requests(self.side, blocks):
            raise LocalProtocolError(findings[0])
        self.recent.note_requests(self.side, self.sent_bytes, blocks)
        self.sent_bytes += len(blocks) * codec.REQUEST_LENGTH
        return codec.encode_requests(blocks)

    def piece_header(self, block: Block) -> bytes:
        """The 13 bytes to send before the data of `block`, which counts as said. Raises LocalProtocolError."""
        message = Piece(block, b"")
        if findings := self._legality.admit(self.side, message, crossed=False, offset=self.sent_bytes):
            raise LocalProtocolError(findings[0])
        self._said(message, codec.PIECE_HEADER_LENGTH + block.length)
        return codec.piece_header(block)

    def put_piece_headers(self, blocks: Sequence[Block], buffer: memoryview) -> int:
        """Write a header before each of `blocks`, which lie in `buffer` with room for it; they count as said.

        Returns for how many, before the first that is not plainly legal: ask `piece_header` about that one.
        """
        count = hot.take_answers(self._outgoing, blocks) if self.recent.in_rows else 0
        length = codec.put_piece_headers(blocks[:count], buffer)
        self.recent.note_blocks(self.side, self.sent_bytes, blocks[:count])
        self.sent_bytes += length
        return count

    def may_send(self, message: Message) -> Finding | None:
        """The gravest rule that `message` would break now; `None` when it is legal. Changes nothing."""
        message = extensions.meant(message, self.theirs.extensions)
        findings = self._legality.check(self.side, message, crossed=False, offset=self.sent_bytes)
        return findings[0] if findings else None

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _in_rows(self) -> bool:
        """Whether blocks may come the short way."""
        return self._reader is None and self._violation is None and self.recent.in_rows

    def _heard_blocks(self, offset: int, rows: Sequence[BlockRow]) -> None:
        self.heard_message |= bool(rows)
        self.recent.note_rows(self._their_side, offset, rows)

    def _next_of_handshake(self, reader: HandshakeReader) -> Event:
        if self._violation is not None:
            raise RemoteProtocolError(self._violation)
        if reader.malformed is not None:
            findings = self._legality.check(self._their_side, reader.malformed, crossed=True, offset=0)
            self._received_message(reader.malformed, 0, findings)
        info_hash, reserved = reader.info_hash, reader.reserved
        if self.info_hash is None and info_hash is not None and reserved is not None:
            if self._asked_for:
                return NEED_DATA
            self._asked_for = True
            return InfoHashReceived(reserved, info_hash)
        if (handshake := reader.handshake) is None:
            return self._nothing_more(reader)
        self._reader = None
        findings = self._legality.admit(self._their_side, handshake, crossed=True, offset=0)
        self._received_message(handshake, 0, findings)
        self.heard_message = False
        if findings:
            self._legality.apply(self._their_side, handshake, crossed=True)
        return handshake

    def _received_message(self, message: Message, offset: int, findings: Sequence[Finding]) -> Message | Refused | None:
        """What becomes of a message of theirs; it is applied already if there are no findings."""
        self.heard_message = True
        self.recent.note(self._their_side, offset, message)
        if findings:
            self._findings.note(findings)
        try:
            return self._what_becomes_of(message, findings)
        finally:
            self.recent.tell(self._their_side, offset, message, findings)

    def _what_becomes_of(self, message: Message, findings: Sequence[Finding]) -> Message | Refused | None:
        if not findings:
            if type(message) in DECLINABLE and (declined := self._legality.declined(self._their_side, message)):
                return Refused(declined, None)
            return message
        match decide(self.profile, findings, counts=self.finding_counts):
            case Action.CLOSE:
                self._close(findings[0])
                raise RemoteProtocolError(findings[0])
            case Action.DISCARD:
                self._legality.pass_over(self._their_side, message)
                return None
            case Action.REFUSE if isinstance(message, Question):
                self._legality.refuse(self._their_side, message)
                return Refused(message, findings[0])
            case _:
                self._legality.apply(self._their_side, message, crossed=True)
                return message

    def _nothing_more(self, source: Framer | HandshakeReader) -> NeedData | EndOfStream:
        if self._violation is not None:
            raise RemoteProtocolError(self._violation)
        if not self._eof:
            return NEED_DATA
        if self._end is None:
            self._end = EndOfStream(clean=source.pending == 0, pending=source.pending, detail=source.cut)
            self._legality.close(self._their_side)
        return self._end

    def _close(self, violation: Finding) -> None:
        self._violation = violation
        self._legality.close(Side.DIALER, Side.LISTENER)

    def _said(self, message: Message, length: int) -> None:
        self.recent.note(self.side, self.sent_bytes, message)
        self.recent.tell(self.side, self.sent_bytes, message)
        self.sent_bytes += length
