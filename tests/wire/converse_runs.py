"""The honest conversations that are changed."""

from typing import Final

from tests.wire.converse import DIALER, LISTENER, Run, Said
from torrent_peer.core.addresses import Address
from torrent_peer.core.block import Block
from torrent_peer.core.geometry import Geometry
from torrent_peer.core.ids import PeerId
from torrent_peer.wire.catalogue.exchange import GEOMETRY, IDS, PEER_IDS, PIECES_ROOT, A, B, C
from torrent_peer.wire.messages import (
    AllowedFast,
    Bitfield,
    Cancel,
    Choke,
    DontHave,
    ExtendedHandshake,
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
    PeerExchange,
    Piece,
    Port,
    Reject,
    Request,
    Suggest,
    Unchoke,
    UploadOnly,
)
from torrent_peer.wire.reserved import Reserved

LAST: Final = 9
"""The short last piece, of two blocks."""
FULL: Final = Bitfield(b"\xff\xc0")
METADATA_SIZE: Final = 20_000
HASHES: Final = HashRange(PIECES_ROOT, 0, 0, 4, 3)
NODES: Final = Reserved.of(fast=True, extended=True, dht=True)
XUNLEI: Final = {**PEER_IDS, DIALER: PeerId(b"-SD0100-dialdialdial")}


def peers(count: int, *, network: int = 0) -> tuple[Address, ...]:
    """That many peers."""
    return tuple(Address(f"198.{18 + network}.0.{number}", 6881) for number in range(1, count + 1))


def dialer(*messages: Message) -> tuple[Said, ...]:
    """The dialler says this."""
    return tuple((DIALER, message) for message in messages)


def listener(*messages: Message) -> tuple[Said, ...]:
    """The listener says this."""
    return tuple((LISTENER, message) for message in messages)


def data(block: Block) -> bytes:
    """The data of a block."""
    return bytes(block.length)


GREETING: Final = ExtendedHandshake(IDS, listen_port=6881, request_queue=3, metadata_size=METADATA_SIZE)
OPENING: Final = (*dialer(GREETING, HaveNone()), *listener(GREETING, HaveAll()), *dialer(Interested()))

DOWNLOAD: Final = Run(
    (
        *OPENING,
        *listener(AllowedFast(LAST), Suggest(0), Unchoke()),
        *dialer(Request(A), Request(B)),
        *listener(Piece(A, data(A))),
        *dialer(Cancel(B)),
        *listener(Reject(B)),
        *dialer(Have(0), KeepAlive(), Request(C)),
        *listener(Piece(C, data(C)), Choke()),
        *dialer(Request(B._replace(piece=LAST, begin=0))),
    )
)
"""With the Fast Extension."""
PLAIN: Final = Run(
    (
        *dialer(GREETING),
        *listener(GREETING, FULL),
        *dialer(Interested(), KeepAlive()),
        *listener(Unchoke()),
        *dialer(Request(A), Request(B), Request(C)),
        *listener(Piece(A, data(A)), Choke()),
    ),
    Reserved.of(extended=True),
)
"""Without it."""
FULL_QUEUE: Final = Run(
    (*OPENING, *listener(Unchoke()), *dialer(Request(A), Request(B), Request(C))),
    geometry=Geometry(300 * GEOMETRY.piece_length, GEOMETRY.piece_length),
)
"""As many requests unanswered as are taken."""
PARTIAL: Final = Run(
    (
        *dialer(HaveNone(), Interested()),
        *listener(Bitfield(b"\x80\x00"), Unchoke()),
        *dialer(Request(A)),
    )
)
"""With a seed that has the first piece only."""
NOTHING: Final = Run((*dialer(HaveNone(), Interested()), *listener(HaveNone(), Unchoke()), *dialer(KeepAlive())))
"""With a peer that has nothing."""
SPARED: Final = Run(
    (
        *OPENING,
        *listener(AllowedFast(LAST)),
        *(
            said
            for _ in range(6)
            for said in (
                *dialer(Request(A._replace(piece=LAST))),
                *listener(Reject(A._replace(piece=LAST))),
            )
        ),
        *dialer(KeepAlive()),
    )
)
"""A piece that is allowed fast, asked for in vain."""
NODE: Final = Run((*dialer(HaveNone(), Port(6881), KeepAlive()), *listener(HaveAll(), Port(6881))), NODES)
"""Between nodes of the DHT."""
NAMED: Final = Run(OPENING, options={LISTENER: {"expected_id": PEER_IDS[DIALER]}})
"""With a peer whose id is known from a tracker."""
MAGNET: Final = Run(
    (
        *dialer(GREETING, HaveNone()),
        *listener(GREETING, HaveNone(), Have(3), AllowedFast(4), Suggest(5), Unchoke()),
    ),
    unsized=frozenset({DIALER}),
)
"""Where the dialler does not know the torrent's size."""
CROWDED: Final = Run(
    (*dialer(HaveNone()), *listener(HaveNone(), *(Have(piece) for piece in range(4095)), KeepAlive())),
    geometry=Geometry(5000 * 16384, 16384),
    unsized=frozenset({DIALER}),
)
"""Where the dialler hears as much before it knows the torrent's size as it keeps."""
METADATA: Final = Run(
    (
        *listener(GREETING, HaveAll()),
        *dialer(GREETING, MetadataRequest(0), MetadataRequest(1)),
        *listener(MetadataPiece(0, METADATA_SIZE, bytes(16384)), MetadataReject(1)),
        *dialer(HaveNone(), UploadOnly(upload_only=False)),
    )
)
"""About the torrent's metadata."""
SIZELESS: Final = Run(
    (*listener(ExtendedHandshake(IDS), HaveNone()), *dialer(ExtendedHandshake(IDS), HaveNone(), KeepAlive()))
)
"""With a peer that has no metadata."""
UNEXTENDED: Final = Run((*dialer(HaveNone(), KeepAlive()), *listener(HaveAll())), Reserved.of(fast=True))
"""Without the extension protocol."""
OWN_IDS: Final = Run(
    (
        *dialer(ExtendedHandshake({"ut_pex": 7}), HaveNone()),
        *listener(GREETING, HaveAll()),
        *dialer(PeerExchange(added=peers(1), flags=b"\0")),
    ),
    peer_ids=XUNLEI,
)
"""With one of Xunlei's clients."""
EXCHANGE: Final = Run(
    (
        *OPENING,
        *dialer(PeerExchange(added=peers(3), flags=bytes(3))),
        *dialer(PeerExchange(added=peers(2, network=1), flags=bytes(2), dropped=peers(1))),
    )
)
"""About peers."""
HYBRID: Final = Run(
    (
        *OPENING,
        *dialer(HashRequest(HASHES)),
        *listener(Hashes(HASHES, bytes(6 * 32))),
        *dialer(HashRequest(HASHES)),
        *listener(HashReject(HASHES)),
    ),
    Reserved.of(fast=True, extended=True, v2=True),
)
"""About a torrent of version 2."""
LOSS: Final = Run((*OPENING, *listener(DontHave(2), KeepAlive())))
"""With a seed that loses a piece."""
MEETING: Final = Run(
    (
        *OPENING,
        *dialer(Holepunch(HolepunchKind.RENDEZVOUS, peers(1)[0])),
        *listener(Holepunch(HolepunchKind.ERROR, peers(1)[0], 2)),
    )
)
"""About bringing two peers together."""
RUNS: Final = {name: run for name, run in dict(globals()).items() if isinstance(run, Run)}
"""By name."""
