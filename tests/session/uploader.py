"""An uploader as lazy as BEP 3 and BEP 6 let it be, for tests without sockets; it judges us by the strict profile."""

from random import Random
from typing import Final

from torrent_peer.core.block import Block
from torrent_peer.core.ids import PeerId
from torrent_peer.core.piece_set import PieceSet
from torrent_peer.metainfo.torrent import Torrent
from torrent_peer.wire.connection import NEED_DATA, PeerConnection
from torrent_peer.wire.messages import AllowedFast, Bitfield, Choke, Handshake, Have, Message, Piece, Reject, Unchoke
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side

LIES: Final = 80
"""Every so manieth block of an uploader that lies is wrong."""


class Uploader:
    """The other end of one connection. `hear` takes our bytes, `act` does something legal, `said` is what it says."""

    def __init__(self, torrent: Torrent, content: bytes, *, number: int, dice: Random, lies: bool) -> None:
        self._torrent = torrent
        self._content = content
        self._dice = dice
        self._lies = lies
        self.fast: Final = dice.random() < 0.6
        self.forgetful = self.fast and dice.random() < 0.2
        """Whether it throws its queue away at a choke though it speaks fast, like aria2: what is in `_dropped`."""
        self._dropped: set[Block] = set()
        self.said = bytearray()
        extended = dice.random() < 0.7
        self.connection: Final = PeerConnection(
            side=Side.LISTENER,
            peer_id=PeerId(b"-XX0001-%012d" % number),
            info_hash=torrent.info_hash,
            geometry=torrent.geometry,
            reserved=Reserved.of(fast=self.fast, extended=extended),
            profile=Profile.STRICT,
            request_queue=dice.choice((1, 2, 5, 20, 250)) if extended else 500,
        )
        count = torrent.geometry.piece_count
        self.pieces = PieceSet(count, (piece for piece in range(count) if dice.random() < 0.6))

    def hear(self, data: bytes) -> None:
        """Bytes of ours; raises RemoteProtocolError when we break any rule."""
        connection = self.connection
        connection.receive_data(data)
        while (event := connection.next_event()) is not NEED_DATA:
            if isinstance(event, Handshake):
                self.said += connection.initiate()
                if connection.extended:
                    self._say(connection.extended_handshake())
                self._say(Bitfield(self.pieces.to_bitfield()))

    @property
    def _greeted(self) -> bool:
        return self.connection.theirs.handshake is not None

    def act(self) -> None:
        """Do one thing at random, or nothing."""
        if not self._greeted:
            return
        what = self._dice.random()
        if what < 0.55:
            self._answer(self._dice.randrange(1, 6), willing=0.9)
        elif what < 0.65:
            self._choke()
        elif what < 0.85:
            self._unchoke()
        elif what < 0.92:
            self._complete(self._dice.randrange(self.pieces.size))
        elif what < 0.97 and self.fast and self.pieces:
            self._say(AllowedFast(self._dice.choice(list(self.pieces))))
        elif what < 0.985:
            self._lose_some()

    def be_good(self) -> None:
        """Have everything, choke nobody and answer all there is."""
        self._lies = self.forgetful = False
        if self._greeted:
            for piece in range(self.pieces.size):
                self._complete(piece)
            self._unchoke()
            self._answer(1000, willing=1.0)

    def _answer(self, most: int, *, willing: float) -> None:
        connection = self.connection
        queue = [block for block in connection.requested if block not in self._dropped]
        self._dice.shuffle(queue)
        for block in queue[:most]:
            may = block.piece in self.pieces and connection.may_send(Piece(block, b"")) is None
            if may and self._dice.random() < willing:
                self.said += connection.piece_header(block) + self._data(block)
            elif self.fast:
                self._say(Reject(block))

    def _data(self, block: Block) -> bytes:
        start = self._torrent.geometry.piece_offset(block.piece) + block.begin
        data = self._content[start : start + block.length]
        wrong = self._lies and self._dice.randrange(LIES) == 0
        return bytes([data[0] ^ 1]) + data[1:] if wrong else data

    def _choke(self) -> None:
        if self.connection.ours.choking:
            return
        queue = list(self.connection.requested)
        self._say(Choke())
        if self.forgetful:
            self._dropped.update(queue)
        elif self.fast and self._dice.random() < 0.7:  # else it rejects them one by one, as it comes to them
            for block in queue:
                if self.connection.may_send(Piece(block, b"")) is not None:
                    self._say(Reject(block))

    def _unchoke(self) -> None:
        if self.connection.ours.choking:
            self._say(Unchoke())

    def _complete(self, piece: int) -> None:
        if self.pieces.add(piece):
            self._say(Have(piece))

    def _lose_some(self) -> None:
        """Say anew what it has, and have less, as aria2 does: against the letter, so not said through `send`."""
        fewer = PieceSet(self.pieces.size, (piece for piece in self.pieces if self._dice.random() < 0.7))
        self.pieces = fewer
        message = Bitfield(fewer.to_bitfield())
        self.said += b"\x00\x00\x00" + bytes([1 + len(message.bits), 5]) + message.bits
        self.connection._legality.apply(Side.LISTENER, message, crossed=False)

    def _say(self, message: Message) -> None:
        self.said += self.connection.send(message)
