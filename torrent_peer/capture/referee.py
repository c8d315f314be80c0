"""Judges both sides of one recorded conversation, from the bytes of its two directions in the order of capture."""

from collections.abc import Mapping
from typing import Final

from attrs import field

from torrent_peer.capture.account import Account
from torrent_peer.capture.metadata import MetadataShelf
from torrent_peer.capture.views import Views
from torrent_peer.core.client_names import client_name
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash
from torrent_peer.core.values import define
from torrent_peer.wire import extensions
from torrent_peer.wire.errors import Finding
from torrent_peer.wire.frame_limits import FrameLimits
from torrent_peer.wire.framing import Framer
from torrent_peer.wire.handshake import HandshakeReader
from torrent_peer.wire.messages import Extended, Handshake, Malformed, Message, MetadataPiece, Reject, Request
from torrent_peer.wire.rules.bep3.requests import LARGE_REQUEST
from torrent_peer.wire.side import Side
from torrent_peer.wire.wording import name_of

AHEAD: Final = 1024 * 1024
"""Bytes that a side may send before the other's handshake, by which they are judged, has passed."""
ABOUT_SIZE: Final = frozenset({"REQ-07", "REQ-12", "PIECE-05", "PIECE-09", "FAST-02", "BF-09", "DH-01"})
"""Rules that an end which does not know the torrent's size may ask, for then it has neither asked for blocks nor
offered any; who overhears others knows nothing of the kind."""


@define
class _Mouth:
    """One side, as the source of a byte stream."""

    reader: HandshakeReader = field(factory=HandshakeReader)
    limits: FrameLimits = field(factory=FrameLimits)
    framer: Framer = field(init=False)
    ahead: bytearray = field(factory=bytearray)
    """What it sent behind its handshake while the other's has not passed yet."""

    def __attrs_post_init__(self) -> None:
        self.framer = Framer(self.limits)


class Referee:
    """Reads one conversation, and writes its `Account`.

    Findings do not end it: what they said was said. It ends where the bytes can no longer be read.
    """

    def __init__(self, account: Account, geometries: Mapping[InfoHash, Geometry], shelf: MetadataShelf) -> None:
        """`geometries`: the sizes of torrents, as far as they are known. `shelf`: takes the metadata that passes."""
        self.account: Final = account
        self._geometries = geometries
        self._shelf = shelf
        self._mouths = {side: _Mouth() for side in Side}
        self._first: Side | None = None
        """Whose handshake was whole first."""
        self._views: Views | None = None
        """Set while both handshakes have passed."""
        self._finished = False
        self._packet = 0
        self._at = 0.0

    @property
    def done(self) -> bool:
        """Nothing more can be read."""
        return self.account.unread is not None or self.account.stopped is not None

    @property
    def held(self) -> int:
        """Bytes kept until they can be judged."""
        return sum(len(mouth.ahead) for mouth in self._mouths.values())

    def receive(self, side: Side, data: bytes, *, packet: int, at: float) -> None:
        """Bytes that this side sent, in order; where and when they were captured."""
        if self.done or self._finished:
            return
        self._packet, self._at = packet, at
        self.account.bytes[side] += len(data)
        mouth = self._mouths[side]
        if self._views is not None:
            self._read(self._views, side, data)
            return
        mouth.ahead += mouth.reader.feed(data)
        if mouth.reader.malformed is not None:
            self._no_handshake(side, mouth.reader.malformed)
        elif len(mouth.ahead) > AHEAD:
            self.stop(f"the {side.value} sent {len(mouth.ahead)} bytes without an answer to its handshake")
        else:
            self._greet(side, mouth)

    def stop(self, why: str) -> None:
        """Judge nothing that comes after this."""
        if not self.done:
            self.account.stopped = why

    def finish(self) -> None:
        """Nothing more comes."""
        over = self._finished or self._views is not None or self.done
        self._finished, self._views = True, None
        for mouth in self._mouths.values():
            mouth.ahead.clear()
        if over:
            return
        reader = self._mouths[Side.DIALER].reader
        if reader.handshake is not None:
            self.stop("the listener never answered the handshake")
        elif not any(self.account.bytes.values()):
            self.account.unread = "nothing was said"
        else:
            self.account.unread = "it ended before the handshake was whole"

    def _no_handshake(self, side: Side, fault: Malformed) -> None:
        """What a side begins with is no handshake; it is wrong only if it began as one."""
        if fault.rule == "HS-01":
            guess = fault.reason.rpartition(": ")[2]
            self.account.unread = f"the {side.value} speaks no BitTorrent that can be read: {guess}"
            return
        self._say(Views(), side, fault, 0)
        self.stop(f"the {side.value}'s handshake cannot be read")

    def _greet(self, side: Side, mouth: _Mouth) -> None:
        """Once both handshakes have passed, what was said meanwhile is judged, too, by the bits that both have set."""
        handshake = mouth.reader.handshake
        if handshake is None or self._first is side:
            return
        self.account.peer_ids[side] = handshake.peer_id
        self.account.clients[side] = client_name(handshake.peer_id)
        self.account.messages[side][name_of(Handshake)] += 1
        if side is Side.DIALER or self.account.info_hash is None:
            self.account.info_hash = handshake.info_hash
        if self._first is None:
            self._first = side
            return
        named = {each: mouth.reader.handshake for each, mouth in self._mouths.items()}
        dialed, answered = named[Side.DIALER], named[Side.LISTENER]
        assert dialed is not None
        assert answered is not None
        if dialed.peer_id == answered.peer_id:  # HS-10 tells the ends to hang up; nobody did wrong, but who named it
            self.account.unread = f"a client that dialled itself: both ends are {dialed.peer_id}"
            return
        geometry = self._geometries.get(dialed.info_hash) or self._geometries.get(answered.info_hash)
        self.account.sized = geometry is not None
        self._views = views = Views(info_hash=dialed.info_hash, geometry=geometry)
        for speaker, said in ((Side.DIALER, dialed), (Side.LISTENER, answered)):
            if geometry is not None:
                self._mouths[speaker].limits.piece_count = geometry.piece_count
            self._judge(views, speaker, said, 0)
        for speaker in (self._first, side):
            waiting = self._mouths[speaker]
            data, waiting.ahead = bytes(waiting.ahead), bytearray()
            if not self.done:
                self._read(views, speaker, data)

    def _read(self, views: Views, side: Side, data: bytes) -> None:
        framer, other = self._mouths[side].framer, views.known_of(side.other)
        framer.feed(data)
        while (message := framer.next_message()) is not None:
            if isinstance(message, Malformed):
                self._say(views, side, message, framer.offset)
                self.stop(f"what the {side.value} said next cannot be cut into messages")
                return
            if isinstance(message, Extended):
                message = extensions.read(message, other.announced)
            self._say(views, side, message, framer.offset)
            if isinstance(message, Request):
                limits = self._mouths[side.other].limits
                limits.max_block = max(limits.max_block, min(message.block.length, LARGE_REQUEST))
            elif isinstance(message, MetadataPiece) and self.account.info_hash is not None:
                self._shelf.add(self.account.info_hash, message)

    def _say(self, views: Views, side: Side, message: Message, offset: int) -> None:
        self.account.messages[side][name_of(type(message))] += 1
        self._judge(views, side, message, offset)

    def _judge(self, views: Views, side: Side, message: Message, offset: int) -> None:
        account = self.account
        for finding in views.say(side, message, offset):
            if account.sized or not _is_about_size(finding):
                account.note(finding, packet=self._packet, at=self._at)
        if client := views.known_of(side).client:
            account.clients[side] = client


def _is_about_size(finding: Finding) -> bool:
    """Whether only who knows the torrent's size can tell that it is so, or how grave."""
    return finding.rule in ABOUT_SIZE or (finding.rule == "FAST-01" and isinstance(finding.message, Reject))
