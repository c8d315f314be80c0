"""Bytes → messages: whatever the bytes, a message of some kind comes out, and often one that fits the moment."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from tests.wire.scenes import INFO_HASH
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    Extended,
    ExtendedHandshake,
    Handshake,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Holepunch,
    Interested,
    KeepAlive,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    MetadataUnknown,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    Unknown,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved

T = TypeVar("T")

IDS: Final[Mapping[str, int]] = {"ut_metadata": 1, "ut_pex": 2, "upload_only": 3, "lt_donthave": 4, "ut_holepunch": 5}
"""The ids under which either side announces extensions, unless its bytes make it announce others."""
ROOTS: Final = (b"\x11" * 32, b"\x22" * 32)
"""Of the files of the version 2 torrent; the second is in none."""
OURS, THEIRS = PeerId(b"-XX0001-oursoursours"), PeerId(b"-TR4010-theirstheirs")
BEGINNINGS: Final = (
    b"",
    b"de",
    b"d1:md11:ut_metadatai1eee",
    b"d8:msg_typei0e5:piecei0ee",
    b"d8:msg_typei1e5:piecei0e10:total_sizei40000ee",
    b"d8:msg_typei2e5:piecei0ee",
    b"d5:added6:abcdef7:added.f1:x7:dropped0:e",
    b"d5:added5:abcde6:added6",
    b"d1:md6:ut_pexi2e10:upload_onlyi2eee",
)
"""How extended messages begin, whole or not."""
ODD: Final = (0, 1, 13, 1000, 16383, 16385, 32768, 65536, 131072, 131073, 1 << 22, 1 << 31, (1 << 32) - 1)
"""Numbers at the edges of rules."""
KINDS: Final[tuple[type, ...]] = (
    *(Request, Piece, Reject, Cancel, Request, Piece, Choke, Unchoke, Interested, NotInterested),
    *(Have, Bitfield, HaveAll, HaveNone, Suggest, AllowedFast, Port, KeepAlive, ExtendedHandshake, Extended),
    *(MetadataRequest, MetadataPiece, MetadataReject, MetadataUnknown, PeerExchange, UploadOnly, DontHave),
    *(Holepunch, HashRequest, Hashes, HashReject, Unknown, Handshake, MetadataRequest, MetadataPiece, Extended),
)
"""What a byte may stand for; twice where there is more to find."""
STREAMS: Final = (
    *(Have, AllowedFast, Suggest, Request, Cancel, Reject, Piece, KeepAlive, DontHave, ExtendedHandshake),
    *(MetadataRequest, MetadataPiece, HashRequest, Hashes, PeerExchange, Holepunch, Unchoke, Extended),
)
"""What may come by the thousand."""


class Tape:
    """Bytes read from start to end; behind the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def over(self) -> bool:
        """Whether all was read."""
        return self._at >= len(self._data)

    def byte(self) -> int:
        """The next byte."""
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def take(self, count: int) -> bytes:
        """Up to `count` of the next bytes."""
        self._at += count
        return self._data[self._at - count : self._at]

    def pick(self, choices: Sequence[T]) -> T:
        """One of these."""
        return choices[self.byte() % len(choices)]

    def number(self) -> int:
        """A small number mostly, else one at an edge, or any of four bytes."""
        first = self.byte()
        if first < 224:
            return first
        if first < 224 + len(ODD):
            return ODD[first - 224]
        return int.from_bytes(self.take(4).ljust(4, b"\0"), "big")


def message(tape: Tape, connection: PeerConnection, *, ours: bool, kind: type | None = None) -> Message:
    """The next message on the tape, in the mouth of our side or of theirs."""
    speaker, hearer = (connection.ours, connection.theirs) if ours else (connection.theirs, connection.ours)
    kind = tape.pick(KINDS) if kind is None else kind
    if kind in (Request, Cancel):
        return Request(_block(tape, connection)) if kind is Request else Cancel(_asked(tape, connection, speaker))
    if kind in (Piece, Reject):
        block = _asked(tape, connection, hearer)
        if kind is Reject:
            return Reject(block)
        data = bytes(min(block.length, BLOCK_LENGTH + 1))
        return Piece(Block(block.piece, block.begin, len(data)), data)
    if kind in (Have, Suggest, AllowedFast, DontHave, MetadataUnknown):
        return kind(tape.number())
    if kind in (MetadataRequest, MetadataPiece, MetadataReject):
        return _about_metadata(tape, kind)
    if kind in (HashRequest, Hashes, HashReject):
        return _about_hashes(tape, kind, list(hearer.hashes.live))
    if kind is Bitfield:
        return _bitfield(tape, connection)
    if kind is Port:
        return Port(tape.number() & 0xFFFF)
    if kind is UploadOnly:
        return UploadOnly(bool(tape.byte() & 1))
    if kind is PeerExchange:
        return PeerExchange(_addresses(tape), bytes(0), _addresses(tape))
    if kind is Holepunch:
        return Holepunch(tape.byte() % 4, tape.pick(_PEERS), tape.byte() % 6)
    if kind is ExtendedHandshake:
        return _extended_handshake(tape)
    if kind is Extended:
        return Extended(tape.byte() % 7, tape.pick(BEGINNINGS) + tape.take(tape.byte() % 48))
    if kind is Unknown:
        return Unknown(tape.pick((10, 11, 12, 18, 19, 24, 99, 255)), tape.take(tape.byte() % 16))
    if kind is Handshake:
        how = tape.byte()
        info_hash, peer_id = tape.pick((INFO_HASH, InfoHash(bytes(20)))), tape.pick((THEIRS, THEIRS, OURS))
        return Handshake(reserved(how), info_hash, peer_id)
    return kind()  # type: ignore[no-any-return]


def reserved(bits: int) -> Reserved:
    """Four bits, one for each of those known."""
    return Reserved.of(fast=bool(bits & 1), extended=bool(bits & 2), dht=bool(bits & 4), v2=bool(bits & 8))


def _block(tape: Tape, connection: PeerConnection) -> Block:
    """On the grid mostly."""
    how, geometry = tape.byte(), connection.geometry
    if how < 192 and geometry is not None:
        piece = how % 16 % geometry.piece_count
        return geometry.block(piece, how // 16 % geometry.block_count(piece))
    return Block(tape.number(), tape.number() * tape.pick((1, BLOCK_LENGTH)) & 0xFFFFFFFF, tape.number())


def _asked(tape: Tape, connection: PeerConnection, asker: object) -> Block:
    """One of those that the asker waits for, if there is one and the tape wants it."""
    how = tape.byte()
    live = list((connection.ours if asker is connection.ours else connection.theirs).requests.live)
    if live and how < 192:
        return live[how % len(live)]
    if live and how < 208:
        piece, begin, length = live[how % len(live)]
        return Block(piece, begin, max(1, length - 1))
    return _block(tape, connection)


def _bitfield(tape: Tape, connection: PeerConnection) -> Bitfield:
    count = 10 if connection.geometry is None else connection.geometry.piece_count
    size = (count + 7) // 8
    full = bytearray(b"\xff" * (size - 1) + bytes([0xFF00 >> ((count - 1) % 8 + 1) & 0xFF]))
    match tape.byte() % 8:
        case 0:
            full[-1] ^= 0xFF  # the spare bits
        case 1:
            return Bitfield(bytes(size))
        case 2:
            return Bitfield(bytes(full) + b"\0")
        case 3:
            full[0] = tape.byte()
    return Bitfield(bytes(full))


def _about_metadata(tape: Tape, kind: type) -> Message:
    how = tape.byte()
    piece = how % 3 if how < 224 else tape.number()
    if kind is not MetadataPiece:
        return MetadataRequest(piece) if kind is MetadataRequest else MetadataReject(piece)
    if how < 160:
        return MetadataPiece(piece, 40_000, bytes(min(16384, 40_000 - 16384 * piece)))
    return MetadataPiece(piece, tape.pick((40_000, 40_001, None, 1)), bytes(tape.pick((16384, 7232, 0, 100, 17000))))


def _about_hashes(tape: Tape, kind: type, asked: list[HashRange]) -> HashRequest | Hashes | HashReject:
    how = tape.byte()
    if kind is not HashRequest and asked and how < 192:
        about = asked[how % len(asked)]
    elif how < 192:
        length = 2 << how % 3
        about = HashRange(ROOTS[0], how // 64, length * (how % 4), length, how % 5)
    else:
        about = HashRange(tape.pick(ROOTS), *(tape.number() for _ in range(4)))
    if kind is HashRequest:
        return HashRequest(about)
    uncles = max(0, about.proof_layers - (about.length.bit_length() - 1)) if how < 160 else tape.byte() % 20
    return HashReject(about) if kind is HashReject else Hashes(about, bytes(32 * (min(about.length, 512) + uncles)))


_PEERS: Final = (*(Address("10.0.0.1", port) for port in (1, 2, 3)), Address("fd00::1", 6881))


def _addresses(tape: Tape) -> tuple[Address, ...]:
    how = tape.byte()
    if how >= 240:
        return tuple(Address(f"10.{how}.0.1", port) for port in range(1, 52 + how % 4))
    return tuple(_PEERS[(how + number) % len(_PEERS)] for number in range(how % 4))


def _extended_handshake(tape: Tape) -> ExtendedHandshake:
    which, how = tape.byte(), tape.byte()
    shift = which >> 5
    names = {name: number + shift for name, number in IDS.items() if which >> (number - 1) & 1}
    if how & 1:
        names.update(dict.fromkeys(IDS, 0) if how & 2 else {"x" * (tape.byte() % 80): 1 + how % 9})
    return ExtendedHandshake(
        names,
        client=tape.pick((None, "X 1", "\x1b[2J\n" * 20, "\u202e" * 70)) if how & 4 else None,
        listen_port=tape.number() if how & 8 else None,
        request_queue=tape.number() if how & 16 else None,
        your_ip=tape.take(tape.byte() % 17) if how & 32 else None,
        metadata_size=tape.pick((40_000, 1, 0, 1 << 24, 1 << 30)) if how & 64 else None,
        upload_only=bool(which & 1) if how & 128 else None,
    )
