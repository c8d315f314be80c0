"""What the two ends of the model may say, and how often: the bounds of what is explored.

The torrent has two pieces of two blocks. Whatever `PeerConnection` lets its owner send is honest; a scope says what is
tried, and how often in all. Answers cost nothing: there are no more of them than questions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from torrent_peer.core.addresses import Address
from torrent_peer.core.block import BLOCK_LENGTH, Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import InfoHash, PeerId
from torrent_peer.wire.codec import PIECE_HEADER_LENGTH
from torrent_peer.wire.connection import PeerConnection
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    Hashes,
    HashRange,
    HashReject,
    HashRequest,
    Have,
    HaveAll,
    HaveNone,
    Holepunch,
    HolepunchKind,
    Interested,
    KeepAlive,
    Message,
    MetadataPiece,
    MetadataReject,
    MetadataRequest,
    NotInterested,
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    UploadOnly,
)
from torrent_peer.wire.policy import Profile
from torrent_peer.wire.reserved import Reserved
from torrent_peer.wire.side import Side
from torrent_peer.wire.wording import in_short

LEECH, SEED = Side.DIALER, Side.LISTENER
GEOMETRY: Final = Geometry(4 * BLOCK_LENGTH, 2 * BLOCK_LENGTH)
BLOCKS: Final = tuple(GEOMETRY.block(piece, number) for piece in (0, 1) for number in (0, 1))
QUEUE: Final = 2
"""Requests that either end takes at once."""
INFO_HASH: Final = InfoHash(b"the model's torrent.")
PEER_IDS: Final = {LEECH: PeerId(b"-XX0001-dialdialdial"), SEED: PeerId(b"-XX0001-listenlisten")}
IDS: Final = {"ut_metadata": 1, "ut_pex": 2, "upload_only": 3, "lt_donthave": 4, "ut_holepunch": 5}
METADATA: Final = bytes(100)
SOMEBODY: Final = Address("192.0.2.1", 6881)
HASHES: Final = HashRange(bytes(32), 0, 0, 2, 0)
FULL: Final = Bitfield(b"\xc0")

Saying = Callable[[PeerConnection], Sequence[bytes] | None]
"""Does it, and gives the bytes that go out, as they may arrive apart; `None` when it is not legal now."""


@frozen
class Move:
    """Something that one end may do."""

    side: Side
    words: str
    uses: str
    """The budget that pays for it; empty if it is free."""
    act: Saying
    message: Message | None = None
    """What it says, if that is one message."""


def say(side: Side, message: Message, uses: str = "") -> Move:
    """The end says this, when it is legal; blocks and requests for them the short way, as a client does.

    It answers what it was asked for, and takes back what it asked: other answers are not even tried.
    """

    def act(end: PeerConnection) -> Sequence[bytes] | None:
        match message:
            case Piece(block) | Reject(block) if block not in end.requested:
                return None
            case Cancel(block) if block not in end.outstanding:
                return None
        if end.may_send(message) is not None:
            return None
        match message:
            case Request(block):
                return (end.send_requests([block]),)
            case Piece(block):
                room = bytearray(PIECE_HEADER_LENGTH + block.length)
                if end.put_piece_headers([block], memoryview(room)):
                    return (bytes(room),)
                return (end.piece_header(block) + bytes(block.length),)
            case _:
                return (end.send(message),)

    return Move(side, in_short(message), uses, act, message)


def opens(side: Side) -> Move:
    """The end says its handshake, of which 48 bytes may arrive before the rest."""

    def act(end: PeerConnection) -> Sequence[bytes] | None:
        if end.ours.handshake is not None or end.info_hash is None:
            return None
        data = end.initiate()
        return data[:48], data[48:]

    return Move(side, "handshake", "opening", act)


def learns(side: Side) -> Move:
    """The end comes to know the torrent's size, from whomever."""

    def act(end: PeerConnection) -> Sequence[bytes] | None:
        if end.geometry is not None or end.info_hash is None:
            return None
        end.learn_geometry(GEOMETRY)
        return ()

    return Move(side, "learns the torrent's size", "learning", act)


@frozen(kw_only=True)
class Scope:
    """What is explored."""

    name: str
    fast: bool
    moves: tuple[Move, ...]
    budgets: Mapping[str, int]
    """What each kind of move may happen, in all."""
    before: tuple[Move, ...] = ()
    """What has been said and heard before, in this order."""
    unsized: frozenset[Side] = frozenset()
    """Ends that do not know the torrent's size."""
    unnamed: bool = False
    """Whether the listener runs several torrents, so that it hears from the dialler which it is."""
    queue: int = QUEUE
    """Requests that either end takes at once."""
    short: bool = True
    """Whether blocks and requests take the short way, as they do unless somebody listens to every message."""
    depth: int = 12
    """Messages on their way in one direction; when there are as many, nothing more is written."""

    def __str__(self) -> str:
        return f"{self.name}, {'fast' if self.fast else 'not fast'}"

    def connection(self, side: Side) -> PeerConnection:
        """One end before anything was said."""
        end = PeerConnection(
            side=side,
            peer_id=PEER_IDS[side],
            info_hash=None if self.unnamed and side is SEED else INFO_HASH,
            geometry=None if side in self.unsized else GEOMETRY,
            reserved=Reserved.of(fast=self.fast, extended=True, dht=True, v2=True),
            profile=Profile.STRICT,
            request_queue=self.queue,
            extensions=IDS,
        )
        if not self.short:
            end.recent.on_message = lambda side, offset, message, findings: None
        return end


def greets(side: Side, uses: str = "", *, size: int | None = len(METADATA), **ids: int) -> Move:
    """The extended handshake; again with other `ids`, 0 disabling one."""

    def act(end: PeerConnection) -> Sequence[bytes] | None:
        message = evolve(end.extended_handshake(metadata_size=size), extensions={**IDS, **ids})
        return None if end.may_send(message) is not None else (end.send(message),)

    words = ", ".join(["extended_handshake", *(f"{name} is {number}" for name, number in ids.items())])
    return Move(side, words, uses, act)


def available(fast: bool, *, back: bool = False) -> Iterator[Move]:
    """The seed has everything, the leech nothing, unless something is wanted `back`."""
    yield say(SEED, HaveAll() if fast else FULL)
    if back:
        yield say(LEECH, FULL)
    elif fast:
        yield say(LEECH, HaveNone())


def opening(fast: bool, *, back: bool = False) -> tuple[Move, ...]:
    """Up to where a leech may be unchoked; and a seed as well, if `back`."""
    moves = [opens(LEECH), opens(SEED), greets(LEECH), greets(SEED), *available(fast, back=back)]
    moves.append(say(LEECH, Interested()))
    if back:
        moves += [say(SEED, Interested()), say(LEECH, Unchoke()), say(SEED, Unchoke())]
    return tuple(moves)


def asking(side: Side, blocks: Sequence[Block] = BLOCKS, *, uses: str = "requests") -> Iterator[Move]:
    """`side` asks for blocks, takes that back, and is answered."""
    for block in blocks:
        yield say(side, Request(block), uses)
        yield say(side, Cancel(block), "cancels")
        yield say(side.other, Piece(block, b""))
        yield say(side.other, Reject(block))


def choking(side: Side, uses: str = "chokes") -> Iterator[Move]:
    """`side` chokes and unchokes."""
    yield say(side, Choke(), uses)
    yield say(side, Unchoke(), uses)


def interest(side: Side) -> Iterator[Move]:
    """`side` changes its mind."""
    yield say(side, Interested(), "interest")
    yield say(side, NotInterested(), "interest")


def pieces(side: Side, *indices: int) -> Iterator[Move]:
    """`side` loses pieces, and gets them again."""
    for index in indices:
        yield say(side, DontHave(index), "withdrawals")
        yield say(side, Have(index), "withdrawals")


def metadata(asker: Side) -> Iterator[Move]:
    """`asker` asks for the metadata."""
    yield say(asker, MetadataRequest(0), "metadata")
    yield say(asker.other, MetadataPiece(0, len(METADATA), METADATA))
    yield say(asker.other, MetadataReject(0))


def hashes(asker: Side) -> Iterator[Move]:
    """`asker` asks for hashes."""
    yield say(asker, HashRequest(HASHES), "hashes")
    yield say(asker.other, Hashes(HASHES, bytes(64)))
    yield say(asker.other, HashReject(HASHES))


def meeting(asker: Side) -> Iterator[Move]:
    """`asker` wants to be brought together with somebody."""
    yield say(asker, Holepunch(HolepunchKind.RENDEZVOUS, SOMEBODY), "holepunch")
    yield say(asker.other, Holepunch(HolepunchKind.ERROR, SOMEBODY, 1))


def chatter(side: Side) -> Iterator[Move]:
    """What asks for nothing."""
    yield say(side, KeepAlive(), "chatter")
    yield say(side, UploadOnly(upload_only=True), "chatter")
    yield say(side, PeerExchange(added=(SOMEBODY,), flags=b"\0"), "chatter")
    yield say(side, PeerExchange(dropped=(SOMEBODY,)), "chatter")
    yield say(side, Port(6881), "chatter")


def advice(side: Side, *indices: int) -> Iterator[Move]:
    """What is served though choked, and what is recommended."""
    for index in indices:
        yield say(side, AllowedFast(index), "advice")
        yield say(side, Suggest(index), "advice")
